#include "cli/command_line.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <map>

#include "base/check.h"
#include "cli/nearest_name.h"

namespace halley::cli {
namespace {

using Slots = std::map<std::string, CLI::Option*>;

Slots declare(CLI::App& app, const Command& command) {
  Slots slots;
  for (const std::string_view name : command.options + general_options()) {
    const Option* option = find_option(name);
    CHECK(option != nullptr);
    std::string key(name);
    CLI::Option* slot = option->taking == Taking::nothing ? app.add_flag(key) : app.add_option(key);
    if (option->taking == Taking::values) slot->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    if (option->taking == Taking::optional_value) slot->expected(0, 1);
    slot->allow_extra_args(false);
    slots.emplace(std::move(key), slot);
  }
  for (const Operand& operand : command.operands)
    slots.emplace(operand.name, app.add_option(std::string(operand.name)));
  return slots;
}

tl::unexpected<Error> refuse(const Command* command, std::string message, std::string hint) {
  if (hint.empty()) {
    const std::string name = command == nullptr ? "" : " " + std::string(command->name);
    hint = "'halley" + name + " --help' shows what there is";
  }
  return fail(Code::invalid_argument, std::move(message), std::move(hint));
}

// Says what the words that nothing took are, without repeating a value behind an unknown option.
Status refuse_extras(const Command& command, const std::vector<std::string>& extras) {
  if (extras.empty()) return {};
  const auto option =
      std::find_if(extras.begin(), extras.end(), [](const auto& word) { return word.starts_with('-'); });
  if (option == extras.end()) return refuse(&command, "unexpected argument '" + extras.front() + "'", "");
  const std::string name = option->substr(0, option->find('='));
  std::vector<std::string> known;
  for (const std::string_view each : command.options + general_options()) known.emplace_back(each);
  return refuse(&command, "unknown option " + name, nearest_hint(name, known));
}

const Command* find_command(const std::vector<Command>& commands, const std::string& name) {
  const auto found =
      std::find_if(commands.begin(), commands.end(), [&](const auto& each) { return each.name == name; });
  return found == commands.end() ? nullptr : &*found;
}

Status collect(const Command& command, const Slots& slots, Arguments& arguments) {
  for (const auto& [name, slot] : slots) {
    if (slot->count() == 0) continue;
    const Option* option = find_option(name);
    if (option != nullptr && option->taking == Taking::nothing) {
      arguments.add(name, "");
      continue;
    }
    if (slot->count() > 1 && (option == nullptr || option->taking != Taking::values)) {
      return refuse(&command, name + " is given more than once", "");
    }
    for (const std::string& value : slot->results()) arguments.add(name, value);
  }
  return {};
}

}  // namespace

Result<CommandLine> parse_command_line(const std::vector<Command>& commands, const std::vector<std::string>& words) {
  CommandLine line;
  if (words.empty()) return line;
  const std::string& first = words.front();
  line.version = first == "--version";
  line.help = first == "--help" || first == "-h" || first == "help";
  if (line.version || (line.help && words.size() == 1)) return line;
  const bool asked = first == "help";
  const std::string& name = asked ? words[1] : first;
  line.command = find_command(commands, name);
  if (line.command == nullptr) {
    std::vector<std::string> known;
    known.reserve(commands.size());
    for (const Command& each : commands) known.emplace_back(each.name);
    const bool option = name.starts_with('-');
    const std::string shown = name.substr(0, name.find('='));
    return refuse(nullptr, (option ? "a command comes first, not " : "unknown command ") + shown,
                  nearest_hint(name, known));
  }
  if (asked) return line;

  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  const Slots slots = declare(app, *line.command);
  line.help = std::find(words.begin(), words.end(), "-h") != words.end();
  // CLI11 takes the words from the back.
  std::vector<std::string> rest(words.rbegin(), words.rend() - 1);
  std::erase(rest, "-h");
  try {
    app.parse(rest);
  } catch (const CLI::ParseError& error) {
    return refuse(line.command, error.what(), "");
  }
  line.help = line.help || slots.at("--help")->count() > 0;
  if (line.help) return line;
  TRY(refuse_extras(*line.command, app.remaining()));
  TRY(collect(*line.command, slots, line.arguments));
  for (const Operand& operand : line.command->operands) {
    if (operand.required && !line.arguments.has(operand.name)) {
      return refuse(line.command, std::string(operand.name) + " is missing", "");
    }
  }
  return line;
}

}  // namespace halley::cli
