#include "cli/help.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/check.h"

namespace halley::cli {
namespace {

std::string left_side(const Option& option) {
  std::string name(option.name);
  switch (option.taking) {
    case Taking::nothing:
      return name;
    case Taking::optional_value:
      return name + "[=" + std::string(option.value_name) + "]";
    default:
      return name + " " + std::string(option.value_name);
  }
}

void append_options(std::string& text, const Command& command, const OptionNames& names) {
  for (const std::string_view name : names) {
    const Option* option = find_option(name);
    CHECK(option != nullptr);
    const auto own = std::find_if(command.own_help.begin(), command.own_help.end(),
                                  [&](const OwnHelp& each) { return each.option == name; });
    text += fmt::format("  {:<26} {}\n", left_side(*option), own == command.own_help.end() ? option->help : own->help);
  }
}

bool is_one_of(const OptionNames& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The names of `all` that are, or are not, among `some`.
OptionNames those(const OptionNames& all, const OptionNames& some, bool among) {
  OptionNames chosen;
  for (const std::string_view name : all) {
    if (is_one_of(some, name) == among) chosen.push_back(name);
  }
  return chosen;
}

void append_group(std::string& text, const Command& command, std::string_view title, const OptionNames& names) {
  if (names.empty()) return;
  text += fmt::format("\n{}:\n", title);
  append_options(text, command, names);
}

bool is_of_a_group(const Command& command) { return command.name.find(' ') != std::string_view::npos; }

void append_commands(std::string& text, const std::vector<Command>& commands, std::string_view prefix,
                     std::size_t width) {
  for (const Command& command : commands) {
    if (prefix.empty() ? is_of_a_group(command) : !command.name.starts_with(prefix)) continue;
    text += fmt::format("  {:<{}} {}\n", command.name, width, command.summary);
  }
}

constexpr std::size_t kNameWidth = 10;
constexpr std::size_t kGroupedNameWidth = 26;

}  // namespace

std::string group_help(const std::vector<Command>& commands, const std::string& group) {
  std::string text = fmt::format("usage: halley {} COMMAND [OPTION...]\n\ncommands:\n", group);
  append_commands(text, commands, group + " ", kGroupedNameWidth);
  return text + fmt::format("\n  halley {} COMMAND --help   options and examples of a command\n", group);
}

std::string program_help(const std::vector<Command>& commands) {
  std::string text =
      "Halley: backup and disaster recovery for Azure Cosmos DB (API for NoSQL).\n"
      "\n"
      "usage: halley COMMAND [OPTION...]\n"
      "\n"
      "commands:\n";
  append_commands(text, commands, "", kNameWidth);
  text += "\nAzure's own continuous backup:\n";
  append_commands(text, commands, "native ", kGroupedNameWidth);
  text +=
      "\n"
      "  halley COMMAND --help   options and examples of a command\n"
      "  halley --version        the version\n"
      "\n"
      "examples:\n"
      "  export COSMOS_ENDPOINT=https://shop.documents.azure.com:443/ COSMOS_KEY=...\n"
      "  export HALLEY_REPOSITORY=/backup/shop HALLEY_PASSWORD_FILE=/etc/halley/password\n"
      "  halley init\n"
      "  halley backup\n"
      "  halley timeline\n"
      "  halley restore --at 2026-01-17T10:00:00Z --to dir:/tmp/shop\n"
      "\n"
      "exit codes:\n"
      "  0 success, 1 failed, 2 usage or configuration, 3 incomplete, 4 damage or difference found,\n"
      "  10 no repository, 11 locked, 12 wrong password, 20 moment outside coverage, 130 interrupted,\n"
      "  141 whoever read its output went away (halley ls | head)\n"
      "\n"
      "signals:\n"
      "  Ctrl-C (or SIGTERM) stops in good order; once more, half a second later or more, at once\n";
  return text;
}

std::string command_help(const Command& command) {
  std::string text = fmt::format("usage: halley {}", command.name);
  for (const Operand& operand : command.operands) {
    text += operand.required ? fmt::format(" {}", operand.name) : fmt::format(" [{}]", operand.name);
  }
  text += fmt::format(" [OPTION...]\n\n{}\n", command.details);
  if (!command.operands.empty()) {
    text += "\narguments:\n";
    for (const Operand& operand : command.operands) text += fmt::format("  {:<26} {}\n", operand.name, operand.help);
    text += fmt::format("  {:<26} {}\n", "--", "what follows is an argument, also where it begins with -");
  }
  const OptionNames places = account_options() + azure_options() + repository_options();
  append_group(text, command, "options", those(command.options, places, false));
  append_group(text, command, "account", those(command.options, account_options(), true));
  append_group(text, command, "Azure", those(command.options, azure_options(), true));
  append_group(text, command, "repository", those(command.options, repository_options(), true));
  append_group(text, command, "general", general_options());
  if (!command.examples.empty()) text += fmt::format("\nexamples:\n{}\n", command.examples);
  return text;
}

}  // namespace halley::cli
