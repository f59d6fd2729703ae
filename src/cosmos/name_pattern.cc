#include "cosmos/name_pattern.h"

#include <algorithm>

namespace halley::cosmos {
namespace {

struct Parts {
  std::string_view database;
  std::string_view container;
};

Parts parts_of(std::string_view pattern) {
  const std::size_t slash = pattern.find('/');
  if (slash == std::string_view::npos) return {pattern, "*"};
  return {pattern.substr(0, slash), pattern.substr(slash + 1)};
}

// The usual walk with one place to fall back to: the newest star, which then takes one more character.
bool matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t taken = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken = t;
    } else if (p < pattern.size() && (pattern[p] == text[t] || pattern[p] == '?')) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++taken;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

}  // namespace

bool matches_container(std::string_view pattern, std::string_view database, std::string_view container) {
  const Parts parts = parts_of(pattern);
  return matches(parts.database, database) && matches(parts.container, container);
}

bool selects_container(const std::vector<std::string>& include, const std::vector<std::string>& exclude,
                       std::string_view database, std::string_view container) {
  const auto matches_it = [&](const std::string& pattern) { return matches_container(pattern, database, container); };
  return (include.empty() || std::any_of(include.begin(), include.end(), matches_it)) &&
         std::none_of(exclude.begin(), exclude.end(), matches_it);
}

bool matches_whole_database(std::string_view pattern, std::string_view database) {
  const Parts parts = parts_of(pattern);
  return parts.container == "*" && matches(parts.database, database);
}

bool any_matches_whole_database(const std::vector<std::string>& patterns, std::string_view database) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return matches_whole_database(pattern, database); });
}

}  // namespace halley::cosmos
