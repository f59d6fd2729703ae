// Every key of halley.toml: where its value goes, and what it may be. docs/configuration.md tells users of each.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "cli/configuration.h"

namespace halley::cli {

struct ConfigurationKey {
  std::string_view section;
  std::string_view name;
  // A text, a list of texts, true or false, or a number that is not negative.
  std::variant<std::string*, std::vector<std::string>*, bool*, double*> into;
  Status (*check)(const std::string& text) = nullptr;  // what a text, or each of a list, must be besides
};

std::vector<ConfigurationKey> configuration_keys(Configuration& into);

}  // namespace halley::cli
