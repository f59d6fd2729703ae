#include "cli/nearest_name.h"

#include <algorithm>
#include <numeric>

namespace halley::cli {
namespace {

// Levenshtein's distance: insertions, removals and replacements of single bytes.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::optional<std::string> nearest_name(std::string_view mistyped, const std::vector<std::string>& known) {
  const std::string* best = nullptr;
  std::size_t best_distance = 0;
  for (const std::string& name : known) {
    const bool beginning = mistyped.size() >= 3 && name.starts_with(mistyped);
    const std::size_t far = beginning ? 1 : distance(mistyped, name);
    if (far > std::max<std::size_t>(1, std::max(mistyped.size(), name.size()) / 3)) continue;
    if (best == nullptr || far < best_distance) {
      best = &name;
      best_distance = far;
    }
  }
  if (best == nullptr) return std::nullopt;
  return *best;
}

std::string nearest_hint(std::string_view mistyped, const std::vector<std::string>& known) {
  const auto name = nearest_name(mistyped, known);
  return name ? "did you mean '" + *name + "'?" : std::string();
}

}  // namespace halley::cli
