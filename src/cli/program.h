// The whole program but for the process around it, so that tests can run it.
#pragma once

#include <ostream>
#include <stop_token>
#include <string>
#include <vector>

#include "cli/exit_code.h"
#include "cli/variables.h"
#include "runtime/runtime.h"

namespace halley::cli {

struct Surroundings {
  Runtime& runtime;
  Variables variables;
  std::ostream& out;
  std::ostream& err;
  bool terminal = false;  // `err` is one
  std::stop_token stop;
  std::string version;
};

// Runs the command that `words` (without the program's name) ask for.
ExitCode run_program(const Surroundings& surroundings, const std::vector<std::string>& words);

}  // namespace halley::cli
