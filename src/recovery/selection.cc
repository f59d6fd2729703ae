#include "recovery/selection.h"

#include <algorithm>

namespace halley::recovery {
namespace {

// "db" means "db/*".
std::string whole_pattern(std::string_view pattern) {
  std::string whole(pattern);
  if (whole.find('/') == std::string::npos) whole += "/*";
  return whole;
}

bool any_matches(const std::vector<std::string>& patterns, std::string_view name) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return matches_pattern(whole_pattern(pattern), name); });
}

// Whether one of the patterns names all containers of the database.
bool any_covers(const std::vector<std::string>& patterns, std::string_view database) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
    const std::string whole = whole_pattern(pattern);
    const std::size_t slash = whole.find('/');
    return std::string_view(whole).substr(slash) == "/*" &&
           matches_pattern(std::string_view(whole).substr(0, slash), database);
  });
}

}  // namespace

bool matches_pattern(std::string_view pattern, std::string_view text) {
  // The usual walk with one place to fall back to: the newest star, which then takes one more character.
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t taken = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken = t;
    } else if (p < pattern.size() && (pattern[p] == text[t] || (pattern[p] == '?' && text[t] != '/'))) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos && text[taken] != '/') {
      p = star + 1;
      t = ++taken;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool Selection::selects_container(std::string_view database, std::string_view container) const {
  const std::string name = std::string(database) + "/" + std::string(container);
  return (include.empty() || any_matches(include, name)) && !any_matches(exclude, name);
}

bool Selection::selects_database(std::string_view database) const {
  return (include.empty() || any_covers(include, database)) && !any_covers(exclude, database);
}

bool Selection::selects_document(std::string_view key, std::string_view id) const {
  if (partition_key && key != *partition_key) {
    // A prefix of a hierarchical key: the same components, then more.
    const std::string_view prefix = std::string_view(*partition_key).substr(0, partition_key->size() - 1);
    if (!key.starts_with(prefix) || key.size() <= prefix.size() || key[prefix.size()] != ',') return false;
  }
  return ids.empty() || std::find(ids.begin(), ids.end(), id) != ids.end();
}

Result<cosmos::HashRange> range_of_key(const cosmos::PartitionKeyDefinition& definition, std::string_view key) {
  ASSIGN(std::string epk, cosmos::effective_partition_key(definition, key));
  std::string end = epk + '\xFF';
  return cosmos::HashRange{std::move(epk), std::move(end)};
}

}  // namespace halley::recovery
