// The texts of --help, made from the tables of commands and options.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace halley::cli {

std::string program_help(const std::vector<Command>& commands);
// Of the commands whose names begin with this word.
std::string group_help(const std::vector<Command>& commands, const std::string& group);
std::string command_help(const Command& command);

}  // namespace halley::cli
