// What the user gave on the command line, by option or operand name.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace halley::cli {

class Arguments {
 public:
  void add(std::string_view name, std::string value) { values_[std::string(name)].push_back(std::move(value)); }

  bool has(std::string_view name) const { return values_.contains(std::string(name)); }
  // The value given, or nothing. An option without a value has "".
  std::optional<std::string> find(std::string_view name) const;
  std::vector<std::string> all(std::string_view name) const;

  // find(), refusing the command line as invalid_argument when it is missing.
  Result<std::string> required(std::string_view name) const;
  // A whole number within [lowest, highest], or `otherwise` when it is not given.
  Result<std::int64_t> integer(std::string_view name, std::int64_t otherwise, std::int64_t lowest,
                               std::int64_t highest) const;

 private:
  std::map<std::string, std::vector<std::string>> values_;
};

}  // namespace halley::cli
