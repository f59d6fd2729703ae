#include "cli/configuration.h"

#include <fmt/core.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include "cli/nearest_name.h"

namespace halley::cli {
namespace {

struct Key {
  std::string_view section;
  std::string_view name;
  std::string* text = nullptr;               // where a string goes
  std::vector<std::string>* list = nullptr;  // or an array of strings
  bool* flag = nullptr;                      // or true or false
  double* number = nullptr;                  // or a number that is not negative
};

Key flag_key(std::string_view name, bool& into) {
  Key key{"native", name};
  key.flag = &into;
  return key;
}

Key price_key(std::string_view name, double& into) {
  Key key{"prices", name};
  key.number = &into;
  return key;
}

std::vector<Key> known_keys(Configuration& into) {
  return {
      {"account", "endpoint", &into.endpoint},
      {"account", "key_env", &into.key.env},
      {"account", "key_file", &into.key.file},
      {"account", "key_command", &into.key.command},
      {"account", "ca", &into.ca},
      {"account", "include", nullptr, &into.include},
      {"account", "exclude", nullptr, &into.exclude},
      {"repository", "url", &into.repository_url},
      {"repository", "password_env", &into.password.env},
      {"repository", "password_file", &into.password.file},
      {"repository", "password_command", &into.password.command},
      {"capture", "mode", &into.mode},
      {"native", "subscription", &into.subscription},
      {"native", "resource_group", &into.resource_group},
      {"native", "account", &into.account},
      {"native", "tier", &into.tier},
      {"native", "cloud", &into.cloud},
      {"native", "ca", &into.azure_ca},
      {"native", "longest_lag", &into.longest_lag},
      {"native", "redundancy", &into.redundancy},
      flag_key("zone_redundant", into.zone_redundant),
      flag_key("all_versions", into.all_versions),
      {"prices", "currency", &into.prices.currency},
      price_key("native_restore_gb", into.prices.native_restore_gb),
      price_key("native_restore_minutes", into.prices.native_restore_minutes),
      price_key("native_restore_gb_hour", into.prices.native_restore_gb_hour),
      price_key("request_units_hour", into.prices.request_units_hour),
      price_key("repository_gb", into.prices.repository_gb),
  };
}

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

void read_value(const Key& key, const std::string& full_name, const toml::node& node, Complaints& complaints) {
  if (key.text != nullptr) {
    if (const auto text = node.value_exact<std::string>()) {
      *key.text = *text;
    } else {
      complaints.add(node.source(), full_name + " must be a string");
    }
    return;
  }
  if (key.flag != nullptr) {
    const auto flag = node.value_exact<bool>();
    if (!flag) return complaints.add(node.source(), full_name + " must be true or false");
    *key.flag = *flag;
    return;
  }
  if (key.number != nullptr) {
    const auto number = node.is_number() ? node.value<double>() : std::nullopt;
    if (!number || !std::isfinite(*number) || *number < 0) {
      return complaints.add(node.source(), full_name + " must be a number, and not negative");
    }
    *key.number = *number;
    return;
  }
  const toml::array* list = node.as_array();
  if (list == nullptr) return complaints.add(node.source(), full_name + " must be a list of strings");
  for (const toml::node& item : *list) {
    const auto text = item.value_exact<std::string>();
    if (!text) return complaints.add(item.source(), full_name + " must be a list of strings");
    key.list->push_back(*text);
  }
}

void read_section(const std::string& section, const toml::table& table, const std::vector<Key>& keys,
                  Complaints& complaints) {
  std::vector<std::string> known;
  for (const Key& key : keys) {
    if (key.section == section) known.emplace_back(key.name);
  }
  for (const auto& [name, node] : table) {
    const std::string text(name.str());
    const std::string full_name = section + "." + text;
    const auto key = std::find_if(keys.begin(), keys.end(),
                                  [&](const Key& each) { return each.section == section && each.name == text; });
    if (key != keys.end()) {
      read_value(*key, full_name, node, complaints);
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
    std::error_code ignored;
    if (std::filesystem::exists(place, ignored)) return place;
  }
  return std::nullopt;
}

}  // namespace

Result<Configuration> parse_configuration(std::string_view text, const std::string& path) {
  ASSIGN(const toml::table root, parse_toml(text, path));
  Configuration configuration;
  const std::vector<Key> keys = known_keys(configuration);
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
  return configuration;
}

Result<Configuration> load_configuration(const Context& context) {
  const auto path = configuration_path(context);
  if (!path) return Configuration();
  std::ifstream file(*path, std::ios::binary);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  if (!file) return fail(Code::invalid_argument, "cannot read the configuration " + *path);
  return parse_configuration(text.str(), *path);
}

}  // namespace halley::cli
