// Loads a folder in the layout of `halley restore --to dir:` into an account.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "cosmos/client.h"
#include "runtime/runtime.h"

namespace halley::cli {

struct LoadedContainer {
  cosmos::ContainerName name;
  std::uint64_t documents = 0;
  std::uint64_t bytes = 0;  // of their lines
};

struct LoadReport {
  std::uint64_t databases = 0;
  std::uint64_t scripts = 0;
  std::uint64_t documents = 0;
  std::uint64_t bytes = 0;
  std::vector<LoadedContainer> containers;
};

// Streams: memory does not grow with the tree. Databases, containers, scripts and throughput are made as their files say; documents are
// written by the same target that restores use. Fails with not_found when `path` holds no tree, corrupt naming file and line for what is
// no document, already_exists where a container has documents.
Result<LoadReport> load_tree(Runtime& runtime, cosmos::Client& client, const std::string& path, std::stop_token stop);

}  // namespace halley::cli
