#include "cli/command_line.h"

#include <algorithm>
#include <optional>
#include <span>

#include "cli/nearest_name.h"

namespace halley::cli {
namespace {

// Whether the value of an option that takes a path begins with ~: behind = and `dir:` the shell leaves that as it is.
bool names_home(const Option& option, std::string_view value) {
  const auto takes = [&](std::string_view name) { return option.value_name == name; };
  if (!takes("FILE") && !takes("DIR") && !takes("TREE") && !takes("URL") && !takes("TARGET")) return false;
  if (takes("TARGET") && value.starts_with("dir:")) value.remove_prefix(4);
  return value == "~" || value.starts_with("~/");
}

tl::unexpected<Error> refuse(const Command* command, std::string message, std::string hint) {
  if (hint.empty()) {
    const std::string name = command == nullptr ? "" : " " + std::string(command->name);
    hint = "'halley" + name + " --help' shows what there is";
  }
  return fail(Code::invalid_argument, std::move(message), std::move(hint));
}

// The words behind a command's name, one by one: options with their values, and operands.
class WordReader {
 public:
  WordReader(const Command& command, std::span<const std::string> words, CommandLine& line)
      : command_(command), words_(words), line_(line) {}

  // Fails with what is wrong first; a wish for help goes before all that is wrong.
  Status read() {
    Status status;
    bool options_ended = false;
    for (; at_ < words_.size(); ++at_) {
      const std::string& word = words_[at_];
      Status taken;
      if (options_ended || is_operand(word)) {
        taken = take_operand(word);
      } else if (word == "--") {
        options_ended = true;
      } else if (word == "-h") {
        line_.help = true;
      } else {
        taken = take_option(word);
      }
      if (status && !taken) status = std::move(taken);
    }
    line_.help = line_.help || line_.arguments.has("--help");
    return line_.help ? Status() : status;
  }

 private:
  static bool is_operand(const std::string& word) { return word == "-" || !word.starts_with('-'); }

  Status take_operand(const std::string& word) {
    if (operands_ < command_.operands.size()) {
      line_.arguments.add(command_.operands[operands_++].name, word);
      return {};
    }
    return refuse(&command_, "unexpected argument '" + word + "'", "");
  }

  Status take_option(const std::string& word) {
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const OptionNames known = command_.options + general_options();
    if (std::find(known.begin(), known.end(), name) == known.end()) return refuse_unknown(name, known);
    const Option& option = *find_option(name);
    const Taking taking = option.taking;
    std::optional<std::string> value;
    if (equals != std::string::npos) value = word.substr(equals + 1);
    if (value && taking == Taking::nothing) return refuse(&command_, name + " takes no value", "");
    if (!value && (taking == Taking::value || taking == Taking::values)) {
      if (at_ + 1 == words_.size()) return refuse(&command_, name + " needs a value", "");
      value = words_[++at_];  // also where it begins with -, as ages and some names do
    }
    const bool more = at_ + 1 < words_.size() && is_operand(words_[at_ + 1]);
    if (!value && taking == Taking::optional_value && more) value = words_[++at_];
    const bool once = taking == Taking::value || taking == Taking::optional_value;
    if (once && line_.arguments.has(name)) return refuse(&command_, name + " is given more than once", "");
    if (value && names_home(option, *value)) {
      return refuse(&command_, name + ": ~ is not expanded there", "write the whole path, or ./~ for what is named so");
    }
    line_.arguments.add(name, value.value_or(""));
    return {};
  }

  // Without a value behind the name, for it may be a secret.
  Status refuse_unknown(const std::string& name, const OptionNames& options) const {
    std::vector<std::string> known;
    for (const std::string_view each : options) known.emplace_back(each);
    std::string hint = nearest_hint(name, known);
    if (hint.empty() && !name.starts_with("--") && !command_.operands.empty()) {
      hint = "an argument that begins with - stands behind --: halley " + std::string(command_.name) + " -- " +
             std::string(command_.operands.front().name);
    }
    return refuse(&command_, "unknown option " + name, std::move(hint));
  }

  const Command& command_;
  const std::span<const std::string> words_;
  CommandLine& line_;
  std::size_t at_ = 0;
  std::size_t operands_ = 0;
};

const Command* find_command(const std::vector<Command>& commands, const std::string& name) {
  const auto found =
      std::find_if(commands.begin(), commands.end(), [&](const auto& each) { return each.name == name; });
  return found == commands.end() ? nullptr : &*found;
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
  if (word.starts_with('-')) {
    if (hint.empty() && (word == "--" || find_option(shown) != nullptr)) {
      hint = "it stands behind the command: halley COMMAND " + shown;
    }
    return refuse(nullptr, "a command comes first, not " + shown, hint);
  }
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
  const bool about_all = words.size() == 1 || (first == "help" && asks_for_help(words[1]));
  if (line.version || (line.help && about_all)) return line;
  const bool asked = first == "help";
  if (line.help && !asked) return refuse_command(commands, "", first);
  const std::vector<std::string> naming(words.begin() + (asked ? 1 : 0), words.end());
  ASSIGN(const Named named, find_named(commands, naming));
  line.command = named.command;
  if (line.command == nullptr) {
    line.group = named.group;
    line.help = true;
  }
  if (asked && naming.size() > named.words) {
    return refuse(line.command, "unexpected argument '" + naming[named.words] + "'", "");
  }
  if (asked || line.command == nullptr) return line;

  TRY(WordReader(*line.command, std::span(words).subspan(named.words), line).read());
  if (line.help) return line;
  for (const Operand& operand : line.command->operands) {
    if (operand.required && !line.arguments.has(operand.name)) {
      return refuse(line.command, std::string(operand.name) + " is missing", "");
    }
  }
  return line;
}

}  // namespace halley::cli
