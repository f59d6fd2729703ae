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

// "native" of "native status".
bool is_group(const std::vector<Command>& commands, const std::string& word) {
  return std::any_of(commands.begin(), commands.end(),
                     [&](const auto& each) { return each.name.starts_with(word + " "); });
}

// What can follow the words of `group` (the empty group: the first words).
std::vector<std::string> known_words(const std::vector<Command>& commands, const std::string& group) {
  std::vector<std::string> known;
  const std::string prefix = group.empty() ? "" : group + " ";
  for (const Command& each : commands) {
    if (!each.name.starts_with(prefix)) continue;
    const std::string_view rest = each.name.substr(prefix.size());
    known.emplace_back(rest.substr(0, rest.find(' ')));
  }
  return known;
}

tl::unexpected<Error> refuse_command(const std::vector<Command>& commands, const std::string& group,
                                     const std::string& word) {
  const std::string shown = word.substr(0, word.find('='));
  const std::string prefix = group.empty() ? "" : group + " ";
  std::string hint = nearest_hint(word, known_words(commands, group));
  if (hint.empty() && !group.empty()) hint = "'halley " + group + " --help' shows what there is";
  if (word.starts_with('-')) return refuse(nullptr, "a command comes first, not " + shown, hint);
  return refuse(nullptr, "unknown command " + prefix + shown, hint);
}

bool asks_for_help(const std::string& word) { return word == "--help" || word == "-h" || word == "help"; }

// The command that the words begin with, and how many of them name it; a group alone asks for its help.
struct Named {
  const Command* command = nullptr;
  std::string group;
  std::size_t words = 1;
};
Result<Named> find_named(const std::vector<Command>& commands, const std::vector<std::string>& words) {
  Named named;
  if (!is_group(commands, words[0])) {
    named.command = find_command(commands, words[0]);
    if (named.command == nullptr) return refuse_command(commands, "", words[0]);
    return named;
  }
  named.group = words[0];
  if (words.size() == 1 || asks_for_help(words[1])) return named;
  named.command = find_command(commands, words[0] + " " + words[1]);
  if (named.command == nullptr) return refuse_command(commands, words[0], words[1]);
  named.words = 2;
  return named;
}

}  // namespace

Result<CommandLine> parse_command_line(const std::vector<Command>& commands, const std::vector<std::string>& words) {
  CommandLine line;
  if (words.empty()) return line;
  const std::string& first = words.front();
  line.version = first == "--version";
  line.help = asks_for_help(first);
  if (line.version || (line.help && words.size() == 1)) return line;
  const bool asked = first == "help";
  if (line.help && !asked) return refuse_command(commands, "", first);
  const std::vector<std::string> naming(words.begin() + (asked ? 1 : 0), words.end());
  ASSIGN(const Named named, find_named(commands, naming));
  line.command = named.command;
  if (line.command == nullptr) {
    line.group = named.group;
    line.help = true;
  }
  if (asked || line.command == nullptr) return line;

  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  const Slots slots = declare(app, *line.command);
  line.help = std::find(words.begin(), words.end(), "-h") != words.end();
  // CLI11 takes the words from the back.
  std::vector<std::string> rest(words.rbegin(), words.rend() - static_cast<std::ptrdiff_t>(named.words));
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
