// How a client asks several partitions and puts their rows together: the query plan of the protocol.
#pragma once

#include <string>

#include "base/result.h"
#include "query/query.h"

namespace halley::query {

// Whether rows of several partitions are more than the rows of each, one partition after the other.
bool needs_merging(const Query& query);

// The member `queryInfo` of a plan: a JSON object with what the client merges, sorts, sums and cuts, and the query it
// asks each partition. Fails with unsupported for a query that only one partition can answer.
Result<std::string> query_info(const Query& query);

}  // namespace halley::query
