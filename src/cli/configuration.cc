#include "cli/configuration.h"

#include <fmt/core.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>

#include "cli/configuration_keys.h"
#include "cli/nearest_name.h"

namespace halley::cli {
namespace {

// Collects what is wrong, so that everything is said at once.
class Complaints {
 public:
  explicit Complaints(const std::string& path) : path_(path) {}
  void add(const toml::source_region& where, const std::string& what, const std::string& hint = {}) {
    if (!text_.empty()) text_ += "; ";
    text_ += fmt::format("{}:{}: {}", path_, where.begin.line, what);
    if (hint_.empty()) hint_ = hint;
  }
  Status finish() const {
    if (text_.empty()) return {};
    return fail(Code::invalid_argument, text_, hint_);
  }

 private:
  const std::string path_;
  std::string text_;
  std::string hint_;
};

void read_into(const toml::node& node, const std::string& name, const ConfigurationKey& key, std::string* into,
               Complaints& complaints) {
  const auto text = node.value_exact<std::string>();
  if (!text) return complaints.add(node.source(), name + " must be a string");
  if (key.check != nullptr) {
    const Status checked = key.check(*text);
    if (!checked) return complaints.add(node.source(), name + ": " + checked.error().message, checked.error().hint);
  }
  *into = *text;
}

void read_into(const toml::node& node, const std::string& name, const ConfigurationKey& key,
               std::vector<std::string>* into, Complaints& complaints) {
  const toml::array* list = node.as_array();
  const bool strings = list != nullptr && std::all_of(list->begin(), list->end(), [](const toml::node& item) {
                         return item.value_exact<std::string>().has_value();
                       });
  if (!strings) return complaints.add(node.source(), name + " must be a list of strings");
  for (const toml::node& item : *list) read_into(item, name, key, &into->emplace_back(), complaints);
}

void read_into(const toml::node& node, const std::string& name, const ConfigurationKey& /*key*/, bool* into,
               Complaints& complaints) {
  const auto flag = node.value_exact<bool>();
  if (!flag) return complaints.add(node.source(), name + " must be true or false");
  *into = *flag;
}

void read_into(const toml::node& node, const std::string& name, const ConfigurationKey& /*key*/, double* into,
               Complaints& complaints) {
  const auto number = node.is_number() ? node.value<double>() : std::nullopt;
  if (!number || !std::isfinite(*number) || *number < 0) {
    return complaints.add(node.source(), name + " must be a number, and not negative");
  }
  *into = *number;
}

void read_section(const std::string& section, const toml::table& table, const std::vector<ConfigurationKey>& keys,
                  Complaints& complaints) {
  std::vector<std::string> known;
  for (const ConfigurationKey& key : keys) {
    if (key.section == section) known.emplace_back(key.name);
  }
  for (const auto& [name, node] : table) {
    const std::string text(name.str());
    const std::string full_name = section + "." + text;
    const auto key = std::find_if(keys.begin(), keys.end(), [&](const ConfigurationKey& each) {
      return each.section == section && each.name == text;
    });
    if (key != keys.end()) {
      std::visit([&, &value = node](auto* into) { read_into(value, full_name, *key, into, complaints); }, key->into);
    } else if (text == "key" || text == "password") {
      complaints.add(name.source(), full_name + ": secrets are not kept in the configuration",
                     fmt::format("use {0}_env, {0}_file or {0}_command", text));
    } else {
      complaints.add(name.source(), "unknown key '" + full_name + "'", nearest_hint(text, known));
    }
  }
}

Status check_secret(const SecretSource& source, const std::string& name, const std::string& path) {
  const int given = !source.env.empty() + !source.file.empty() + !source.command.empty();
  if (given <= 1) return {};
  return fail(Code::invalid_argument,
              fmt::format("{}: give only one of {}_env, {}_file and {}_command", path, name, name, name));
}

// Printable ASCII, and what white space TOML has.
bool is_plain(char c) { return (c >= ' ' && c < '\x7F') || c == '\t' || c == '\n' || c == '\r'; }

// Whether what stands behind the bracket that begins a line can be a table's name, or is the bracket that closes it.
bool begins_name(std::string_view text) {
  if (text.starts_with('[')) text.remove_prefix(1);
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return text.empty() || std::isalnum(static_cast<unsigned char>(text.front())) != 0 ||
         std::string_view("_-\"']").find(text.front()) != std::string_view::npos;
}

// The line with a character outside quotes and comments where TOML has no place for it; 0 = none. The library must not
// see such: it is undefined what it does with some of them.
std::size_t misplaced_character(std::string_view text) {
  std::size_t line = 1;
  char inside = '\0';  // the quote or # that began what this is in
  bool at_begin = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') ++line;
    if (inside == '\0') {
      if (!is_plain(c) || (at_begin && c == '[' && !begins_name(text.substr(i + 1)))) return line;
      at_begin = c == '\n' || (at_begin && (c == ' ' || c == '\t' || c == '\r'));
      if (c == '"' || c == '\'' || c == '#') inside = c;
    } else if (inside == '"' && c == '\\') {
      ++i;
    } else if (c == (inside == '#' ? '\n' : inside)) {
      inside = '\0';
      at_begin = c == '\n';
    }
  }
  return 0;
}

Result<toml::table> parse_toml(std::string_view text, const std::string& path) {
  if (const std::size_t line = misplaced_character(text); line != 0) {
    return fail(Code::invalid_argument, fmt::format("{}:{}: a character that may stand in quotes only", path, line));
  }
  try {
    return toml::parse(text, path);
  } catch (const toml::parse_error& error) {
    return fail(Code::invalid_argument, fmt::format("{}:{}: {}", path, error.source().begin.line, error.description()));
  }
}

std::optional<std::string> configuration_path(const Context& context) {
  if (auto given = context.arguments.find("--config")) return given;
  std::vector<std::string> places = {"halley.toml"};
  if (const auto xdg = context.variables("XDG_CONFIG_HOME")) {
    places.push_back(*xdg + "/halley/halley.toml");
  } else if (const auto home = context.variables("HOME")) {
    places.push_back(*home + "/.config/halley/halley.toml");
  }
  places.emplace_back("/etc/halley/halley.toml");
  for (const std::string& place : places) {
    // A link that leads nowhere is there, and told as such.
    std::error_code ignored;
    if (std::filesystem::exists(std::filesystem::symlink_status(place, ignored))) return place;
  }
  return std::nullopt;
}

Result<std::string> read_text(const std::string& path) {
  constexpr std::size_t kMaxBytes = 1 << 20;
  const auto refused = [&](const std::string& why) {
    return fail(Code::invalid_argument, "cannot read the configuration '" + path + "': " + why);
  };
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return refused("it is a folder, not a file");
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return refused(std::strerror(errno));
  std::string text(kMaxBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return refused(std::strerror(errno));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kMaxBytes) return refused("it is larger than 1 MiB");
  return text;
}

// Relative paths begin where the file is, wherever the program was started.
void take_paths_from(const std::filesystem::path& folder, Configuration& configuration) {
  const auto take = [&](std::string& path) {
    if (!path.empty()) path = (folder / path).string();
  };
  take(configuration.ca);
  take(configuration.azure_ca);
  if (configuration.repository_url.find("://") == std::string::npos) take(configuration.repository_url);
  configuration.key.folder = folder.string();
  configuration.password.folder = folder.string();
}

}  // namespace

Result<Configuration> parse_configuration(std::string_view text, const std::string& path) {
  ASSIGN(const toml::table root, parse_toml(text, path));
  Configuration configuration;
  const std::vector<ConfigurationKey> keys = configuration_keys(configuration);
  const std::vector<std::string> sections = {"account", "repository", "capture", "native", "prices"};
  Complaints complaints(path);
  for (const auto& [name, node] : root) {
    const std::string section(name.str());
    if (std::find(sections.begin(), sections.end(), section) == sections.end()) {
      complaints.add(name.source(),
                     (node.is_table() ? "unknown section [" + section + "]" : "unknown key '" + section + "'"),
                     nearest_hint(section, sections));
    } else if (const toml::table* table = node.as_table()) {
      read_section(section, *table, keys, complaints);
    } else {
      complaints.add(node.source(), section + " must be a section: [" + section + "]");
    }
  }
  TRY(complaints.finish());
  TRY(check_secret(configuration.key, "account.key", path));
  TRY(check_secret(configuration.password, "repository.password", path));
  take_paths_from(std::filesystem::path(path).parent_path(), configuration);
  return configuration;
}

Result<Configuration> load_configuration(const Context& context) {
  const auto path = configuration_path(context);
  if (!path) return Configuration();
  ASSIGN(const std::string text, read_text(*path));
  return parse_configuration(text, *path);
}

}  // namespace halley::cli
