// Requests about the documents of one container: single operations, batches, feeds, queries, partition key ranges.
#pragma once

#include "server/exchange.h"

namespace halley::server {

struct DocumentRouteOptions {
  bool all_versions_feed = true;
};

// `call.path` is dbs/D/colls/C/{docs,pkranges,operations}…; `container` the container it names.
Result<Reply> serve_documents(const Call& call, const ResourceView& container, const DocumentRouteOptions& options);

// The parts of it. feed_routes.cc: GET on docs, pkranges.
Result<Reply> serve_feed(const Call& call, Container& container, const DocumentRouteOptions& options);
Result<Reply> serve_ranges(const Call& call, Container& container);
// query_routes.cc: queries on docs, and plans for clients that ask the partitions themselves.
Result<Reply> serve_query(const Call& call, Container& container);
Result<Reply> serve_query_plan(const Call& call, Container& container);
// batch_routes.cc: transactional batches and bulk requests.
Result<Reply> serve_batch(const Call& call, Container& container);

}  // namespace halley::server
