// The texts of --help, made from the tables of commands and options.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace halley::cli {

std::string program_help(const std::vector<Command>& commands);
std::string command_help(const Command& command);

}  // namespace halley::cli
