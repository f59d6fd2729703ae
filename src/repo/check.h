// Verification of a repository: is every object there, whole, and what its commits say it is?
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "repo/repository.h"

namespace halley::repo {

struct Damage {
  std::string object;  // store name
  std::string why;
  std::vector<std::string> affects;  // "db/container", or "account definitions"
};

struct CheckOptions {
  double read_data = 0;  // fraction of segments whose bytes are read and decoded, 0 to 1
  std::function<void(std::uint64_t objects, std::uint64_t bytes)> progress;
  std::stop_token stop;
};

struct CheckReport {
  std::uint64_t objects = 0;
  std::uint64_t bytes_read = 0;
  std::uint64_t unreferenced = 0;  // objects that no commit names: harmless leftovers of interrupted backups
  std::vector<Damage> damaged;
};

// Reads every commit and rollup, follows the hash chain, checks that each named segment is there with its size, and
// reads the fraction asked for; objects that nothing names are counted, not read. A lane that is missing, or that lacks
// commits which the account lane knows of, is damage. Damage is reported, not an error; the call fails only when the
// store can't be read at all.
Result<CheckReport> check(Repository& repository, const CheckOptions& options);

}  // namespace halley::repo
