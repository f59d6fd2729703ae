// Queries as requests have them: the text and parameters of a body, and the page of rows that answers them.
#pragma once

#include <string>
#include <string_view>

#include "query/query.h"
#include "query/run.h"
#include "server/exchange.h"

namespace halley::server {

// The query of a body {"query":"…","parameters":[…]}. Refuses with 400 what is none, naming line and column.
Result<query::Query> read_query(std::string_view body);

// How a page of a query is made, by the headers of its request.
Result<query::RunOptions> run_options(const Call& call, Second now);

// A failure of the query module as a refusal with 400.
Error as_refusal(Error error);

// {"_rid":…,"<envelope>":[rows],"_count":N}, with the headers that go with a page.
Reply rows_reply(const Call& call, std::string_view parent_rid, std::string_view envelope, const query::Page& page);

}  // namespace halley::server
