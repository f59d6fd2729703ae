// The command line, taken apart by the tables of commands and options.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/command.h"

namespace halley::cli {

struct CommandLine {
  const Command* command = nullptr;  // nothing: no command was given
  std::string group;                 // with help and without a command: the help of this group of commands is wanted
  bool help = false;
  bool version = false;
  Arguments arguments;
};

// `words` without the program's name. An option takes its value from behind = or from the next word, whatever that is;
// what follows -- are operands, also where they begin with -. Fails with invalid_argument, naming the nearest known
// command or option; what followed an unknown option is not repeated in the error, for it may be a secret.
Result<CommandLine> parse_command_line(const std::vector<Command>& commands, const std::vector<std::string>& words);

}  // namespace halley::cli
