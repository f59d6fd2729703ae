// Writes what an emulator's account holds to an account tree.
#pragma once

#include <cstdint>
#include <string>

#include "server/emulator.h"

namespace halley::cli {

struct DumpReport {
  std::uint64_t databases = 0;
  std::uint64_t containers = 0;
  std::uint64_t documents = 0;
};

// Refuses with invalid_argument a directory that has something in it.
Status check_dump_directory(const std::string& path);

// The layout of `halley restore --to dir:`, which load_tree() reads. The emulator must have stopped serving.
Result<DumpReport> dump_tree(server::Emulator& emulator, const std::string& path);

}  // namespace halley::cli
