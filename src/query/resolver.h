// Gives the names in a query their meaning: aliases become places, property paths of the document become slots,
// aggregates and grouping expressions are collected.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "query/paths.h"
#include "query/syntax.h"

namespace halley::query {

// Completes `select` in place and gives the number of values that the aliases of FROM stand for. Fails with
// invalid_argument, naming line and column.
Result<std::size_t> resolve(std::string_view query, Select& select, PathTree& paths);

// Whether two resolved expressions are the same.
bool same_expression(const Expression& a, const Expression& b);

}  // namespace halley::query
