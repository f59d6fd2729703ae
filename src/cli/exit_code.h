// What the process says when it ends: restic's numbers, where it has one.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"

namespace halley::cli {

enum class ExitCode : int {
  success = 0,
  failed = 1,
  usage = 2,              // usage or configuration
  incomplete = 3,         // some of it could not be read
  damage = 4,             // verification found damage or difference
  no_repository = 10,     // no repository there
  locked = 11,            // another process holds it
  wrong_password = 12,    // the password does not open the repository
  outside_coverage = 20,  // the moment cannot be restored
  interrupted = 130,
  nobody_reads = 141,  // whoever read standard output went away: the number that shells have for it
};

ExitCode exit_code_of(const Error& error);

// The same of a pass that went on without some of its work, for these reasons: locked when others who wrote at the
// same time were all that was in the way.
ExitCode exit_code_of(const std::vector<Error>& left_out);

// What the user can do about it: the error's own hint, else the general one of its code; may be empty.
std::string hint_of(const Error& error);

}  // namespace halley::cli
