// From a query text to its tree.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "query/arena.h"
#include "query/syntax.h"

namespace halley::query {

inline constexpr std::size_t kMaxQueryBytes = 512 * 1024;
// What bounds the recursion over a query: how many expressions and subqueries may stand one inside the other in
// brackets, and how deep its tree may be.
inline constexpr int kMaxNesting = 100;
inline constexpr int kMaxDepth = 1000;
inline constexpr std::size_t kMaxJoins = 10;
inline constexpr std::size_t kMaxKeys = 100;  // of GROUP BY or ORDER BY

using Parameters = std::map<std::string, Value, std::less<>>;  // by name, with the @

// Parses a whole query, as docs/sql.md has the grammar. Names are not resolved yet. What literals hold is put in
// `arena`. Fails with invalid_argument, naming line, column and what was expected.
Result<Select> parse_select(std::string_view query, const Parameters& parameters, Arena& arena);

}  // namespace halley::query
