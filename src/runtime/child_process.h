// Programs that this one runs: without a shell between, bounded in output and time.
#pragma once

#include <cstddef>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/runtime.h"

namespace halley {

struct ChildCommand {
  std::vector<std::string> words;      // the program, looked for in PATH unless it has a slash, and its arguments
  std::size_t max_output = 64 * 1024;  // of each stream
  // It is killed, with what it started, when this has passed. Without it the child keeps the terminal, can be
  // interrupted there, and may take its time; on stop it is asked to end (SIGTERM) before it is killed. What it
  // started in turn goes on: a shell had better `exec` its last program.
  std::optional<Milliseconds> patience;
  // Standard error is collected rather than shown.
  bool collect_errors = false;
};

struct ChildOutput {
  int exit_code = 0;  // negative: the signal that ended it
  std::string output;
  std::string errors;
};

// Runs it and waits for its end. Failures: `not_found` when there is no such program, `timeout`, `cancelled` on stop,
// `corrupt` for more output than allowed, `io`. Messages name the program only: arguments and
// output may be secrets.
Result<ChildOutput> run_child(Runtime& runtime, const ChildCommand& command, std::stop_token stop);

}  // namespace halley
