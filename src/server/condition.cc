#include "server/condition.h"

#include "query/run.h"
#include "server/query_request.h"

namespace halley::server {
namespace {

constexpr std::uint64_t kMostSteps = 1'000'000;
constexpr std::size_t kMostMemory = 16UL * 1024 * 1024;

}  // namespace

// A condition is the end of a query, whose beginning it leaves out.
Result<Condition> Condition::parse(std::string_view text) {
  auto query = query::Query::parse("SELECT VALUE 1 " + std::string(text));
  if (!query) return fail(as_refusal(std::move(query).error()));
  return Condition(std::move(*query));
}

Result<bool> Condition::holds(std::string_view document, Second now) const {
  query::RunOptions options;
  options.now_ms = now.value * 1000;
  options.max_steps = kMostSteps;
  options.max_memory = kMostMemory;
  const auto judge = [&]() -> Result<bool> {
    ASSIGN(query::Run run, query::Run::start(query_, options, {}));
    if (query_.reads_documents()) TRY(run.add(1, document));
    ASSIGN(const query::Page page, run.finish());
    return page.count > 0;
  };
  Result<bool> holds = judge();
  if (!holds) return fail(as_refusal(std::move(holds).error()));
  return holds;
}

}  // namespace halley::server
