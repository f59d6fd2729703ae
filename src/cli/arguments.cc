#include "cli/arguments.h"

#include <fmt/core.h>

#include <charconv>

namespace halley::cli {

std::optional<std::string> Arguments::find(std::string_view name) const {
  const auto found = values_.find(std::string(name));
  if (found == values_.end()) return std::nullopt;
  return found->second.back();
}

std::vector<std::string> Arguments::all(std::string_view name) const {
  const auto found = values_.find(std::string(name));
  return found == values_.end() ? std::vector<std::string>() : found->second;
}

Result<std::string> Arguments::required(std::string_view name) const {
  auto value = find(name);
  if (value && !value->empty()) return *std::move(value);
  return fail(Code::invalid_argument, fmt::format("{} is missing", name), "see --help for what the command needs");
}

Result<std::int64_t> Arguments::integer(std::string_view name, std::int64_t otherwise, std::int64_t lowest,
                                        std::int64_t highest) const {
  const auto text = find(name);
  if (!text) return otherwise;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size() || value < lowest || value > highest) {
    return fail(Code::invalid_argument,
                fmt::format("{} takes a whole number from {} to {}, not '{}'", name, lowest, highest, *text));
  }
  return value;
}

}  // namespace halley::cli
