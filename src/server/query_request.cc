#include "server/query_request.h"

#include <fmt/format.h>

#include "json/value.h"
#include "server/refusal.h"

namespace halley::server {
namespace {

// What the service tells of its work where it is asked to. The times are not measured.
std::string query_metrics(const query::Page& page) {
  return fmt::format(
      "totalExecutionTimeInMs=0.00;queryCompileTimeInMs=0.00;queryLogicalPlanBuildTimeInMs=0.00;"
      "queryPhysicalPlanBuildTimeInMs=0.00;queryOptimizationTimeInMs=0.00;VMExecutionTimeInMs=0.00;"
      "indexLookupTimeInMs=0.00;documentLoadTimeInMs=0.00;systemFunctionExecuteTimeInMs=0.00;"
      "userFunctionExecuteTimeInMs=0.00;retrievedDocumentCount={};retrievedDocumentSize={};outputDocumentCount={};"
      "outputDocumentSize={};writeOutputTimeInMs=0.00;indexUtilizationRatio=0.00",
      page.scanned, page.scanned_bytes, page.count, page.rows.size());
}

}  // namespace

Error as_refusal(Error error) { return refuse(400, std::move(error.message)).value(); }

Result<query::Query> read_query(std::string_view body) {
  const auto request = json::parse(body);
  if (!request || !request->is_object()) return refuse(400, "The body of a query must be a JSON object.");
  const json::Value* text = request->find("query");
  if (text == nullptr || !text->is_string()) return refuse(400, "A query must have a member 'query', a string.");
  query::Query::ParameterList parameters;
  if (const json::Value* list = request->find("parameters"); list != nullptr && !list->is_null()) {
    if (!list->is_array()) return refuse(400, "The 'parameters' of a query must be an array.");
    for (const json::Value& parameter : list->items()) {
      const json::Value* value = parameter.find("value");
      if (value != nullptr) parameters.emplace_back(parameter.string_at("name"), value->to_text());
    }
  }
  auto query = query::Query::parse(text->text(), parameters);
  if (!query) return fail(as_refusal(std::move(query).error()));
  return query;
}

Result<query::RunOptions> run_options(const Call& call, Second now) {
  constexpr std::int64_t kMillisecondsPerSecond = 1000;
  ASSIGN(const PageLimits limits, page_limits(call));
  query::RunOptions options;
  options.max_rows = limits.items;
  options.max_bytes = limits.bytes;
  options.now_ms = now.value * kMillisecondsPerSecond;
  options.random = static_cast<std::uint64_t>(now.value) * 2 + 1;
  return options;
}

Reply rows_reply(const Call& call, std::string_view parent_rid, std::string_view envelope, const query::Page& page) {
  constexpr double kBytesPerUnit = 102'400;
  Reply reply = json_reply(
      200, fmt::format(R"({{"_rid":"{}","{}":[{}],"_count":{}}})", parent_rid, envelope, page.rows, page.count));
  if (!page.continuation.empty()) reply.headers.add("x-ms-continuation", page.continuation);
  reply.headers.add("x-ms-item-count", std::to_string(page.count));
  set_charge(reply, 1.0 + static_cast<double>(page.rows.size()) * 10 / kBytesPerUnit +
                        static_cast<double>(page.scanned_bytes) / kBytesPerUnit);
  if (call.is_true("x-ms-documentdb-populatequerymetrics")) {
    reply.headers.add("x-ms-documentdb-query-metrics", query_metrics(page));
  }
  return reply;
}

}  // namespace halley::server
