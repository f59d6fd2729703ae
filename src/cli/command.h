// A command of the program: its words for the help, its options, and what it does.
#pragma once

#include <stop_token>
#include <string_view>
#include <vector>

#include "cli/arguments.h"
#include "cli/exit_code.h"
#include "cli/option_table.h"
#include "cli/output.h"
#include "cli/variables.h"
#include "runtime/runtime.h"

namespace halley::cli {

// All that a command may touch.
struct Context {
  Runtime& runtime;
  const Arguments& arguments;
  const Variables& variables;
  Output& output;
  std::stop_token stop;  // the user wants to stop, or the system
};

// An argument without a name of its own, such as db/c in `halley get db/c`.
struct Operand {
  std::string_view name;
  std::string_view help;
  bool required = true;
};

// What an option means to one command, where that is other than the table of options says.
struct OwnHelp {
  std::string_view option;
  std::string_view help;
};

struct Command {
  std::string_view name;     // two words for one of a group: "native status"
  std::string_view summary;  // one line, in the list of commands
  std::string_view details;  // paragraphs of `halley NAME --help`
  std::string_view examples;
  std::vector<Operand> operands;
  OptionNames options;  // the general ones not included
  // Prints its result. An error is printed by the caller; another code than success may follow a result that was
  // printed (3: incomplete, 4: damage found).
  Result<ExitCode> (*run)(Context& context) = nullptr;
  std::vector<OwnHelp> own_help = {};
};

}  // namespace halley::cli
