#include "server/condition.h"

#include "query/run.h"
#include "server/query_request.h"

namespace halley::server {

// A condition is the end of a query, whose beginning it leaves out.
Result<bool> fulfils(std::string_view document, std::string_view condition, Second now) {
  query::RunOptions options;
  options.now_ms = now.value * 1000;
  const auto judge = [&]() -> Result<bool> {
    ASSIGN(const query::Query query, query::Query::parse("SELECT VALUE 1 " + std::string(condition)));
    ASSIGN(query::Run run, query::Run::start(query, options, {}));
    if (query.reads_documents()) TRY(run.add(1, document));
    ASSIGN(const query::Page page, run.finish());
    return page.count > 0;
  };
  Result<bool> holds = judge();
  if (!holds) return fail(as_refusal(std::move(holds).error()));
  return holds;
}

}  // namespace halley::server
