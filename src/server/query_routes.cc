// Queries over the documents of a container, and their plans.
#include <fmt/format.h>

#include "json/writer.h"
#include "query/plan.h"
#include "server/document_routes.h"
#include "server/document_scan.h"
#include "server/query_request.h"
#include "server/refusal.h"

namespace halley::server {
namespace {

// The key that every row must have, by equality in the query: of its leading paths as many as are given.
Result<std::string> pinned_key(const query::Query& query, const cosmos::PartitionKeyDefinition& definition) {
  std::vector<std::string> values;
  for (const auto& path : definition.paths) {
    auto value = query.pinned(path);
    if (!value) break;
    values.push_back(std::move(*value));
  }
  if (values.empty()) return std::string();
  auto key = cosmos::canonical_key(fmt::format("[{}]", fmt::join(values, ",")));
  if (!key) return refuse(400, key.error().message);
  return key;
}

// What the headers of the request and the conditions of the query say about where its documents are.
Result<Selection> selection_of(const Call& call, const query::Query& query, const Container& container) {
  ASSIGN(Selection selection, selection_headers(call));
  // The JavaScript SDK asks a range that is gone again and again, and never what became of it.
  selection.follow_moves = true;
  if (selection.key.empty()) {
    ASSIGN(selection.key, pinned_key(query, container.key()));
  }
  if (const auto id = query.pinned({"id"}); id && id->starts_with('"')) {
    const auto text = json::parse(*id);
    if (text) selection.id = text->text();
  }
  return selection;
}

bool names_range(const Selection& selection) { return !selection.range_id.empty() || selection.epks; }

// Tells the client that it must ask the partitions itself, and how.
Result<Reply> plan_needed(const query::Query& query, std::string_view ranges) {
  auto info = query::query_info(query);
  if (!info) return fail(as_refusal(std::move(info).error()));
  std::string body;
  json::Writer writer(body);
  writer.begin_object().member("code", "BadRequest");
  writer.member("message",
                "Cross partition query only supports 'VALUE <AggregateFunc>' for aggregates: the query must be "
                "executed by its plan.");
  writer.member(
      "additionalErrorInfo",
      fmt::format(R"({{"partitionedQueryExecutionInfoVersion":2,"queryInfo":{},"queryRanges":{}}})", *info, ranges));
  writer.end_object();
  Reply reply = json_reply(400, std::move(body));
  reply.headers.add("x-ms-substatus", std::to_string(cosmos::kNeedsPlan));
  return reply;
}

// The hash ranges that a plan names: of one key, of a key's beginning, or all.
Result<std::string> plan_ranges(const cosmos::PartitionKeyDefinition& definition, const std::string& key) {
  std::string min;
  std::string max = "FF";
  bool one_key = false;
  if (!key.empty()) {
    auto epk = cosmos::effective_partition_key(definition, key);
    if (!epk) return refuse(400, epk.error().message);
    min = cosmos::epk_to_hex(*epk);
    const auto values = json::parse(key);
    one_key = values && values->items().size() == definition.paths.size();
    max = one_key ? min : min + "FF";
  }
  std::string out;
  json::Writer writer(out);
  writer.begin_array().begin_object().member("min", min).member("max", max);
  writer.member_boolean("isMinInclusive", true).member_boolean("isMaxInclusive", one_key).end_object().end_array();
  return out;
}

// Where the partitions stood that were asked.
void set_positions(Reply& reply, const std::vector<Position>& positions) {
  if (positions.empty()) return;
  set_position(reply, positions.front());
  std::string tokens;
  for (const Position& position : positions) {
    tokens += fmt::format("{}{}:1#{}", tokens.empty() ? "" : ",", position.range_id, position.lsn);
  }
  reply.headers.set("x-ms-session-token", tokens);
}

Result<Reply> run_query(const Call& call, Container& container, const query::Query& query, const Selection& selection) {
  ASSIGN(query::RunOptions options, run_options(call, container.now()));
  options.parts = names_range(selection);
  auto run = query::Run::start(query, options, call.header("x-ms-continuation"));
  if (!run) return fail(as_refusal(std::move(run).error()));
  DocumentScan scan(container, selection, run->after());
  while (query.reads_documents()) {
    ASSIGN(const DocumentPtr document, scan.next());
    if (document == nullptr) break;
    const auto more = run->add(document->number, document->text);
    if (!more) return fail(as_refusal(more.error()));
    if (!*more) break;
  }
  auto page = run->finish();
  if (!page) return fail(as_refusal(std::move(page).error()));
  Reply reply = rows_reply(call, container.rid(), "Documents", *page);
  // Rows with equal keys come in the order of their documents, whichever way they are sorted.
  if (query.ordered()) {
    reply.headers.add("x-ms-cosmos-query-execution-info", R"({"reverseRidEnabled":false,"reverseIndexScan":false})");
  }
  set_positions(reply, scan.positions());
  return reply;
}

}  // namespace

Result<Reply> serve_query(const Call& call, Container& container) {
  ASSIGN(const query::Query query, read_query(call.request.body));
  ASSIGN(const Selection selection, selection_of(call, query, container));
  // What has begun in one partition goes on, though it was divided meanwhile. A continuation that a client made itself
  // is for its own use when it has the plan.
  const std::string_view continuation = call.header("x-ms-continuation");
  const bool goes_on = !continuation.empty() && query::Run::start(query, {}, continuation);
  if (!goes_on && !names_range(selection) && query.reads_documents() && query::needs_merging(query)) {
    ASSIGN(const std::size_t partitions, container.partition_count(selection));
    if (partitions > 1) {
      ASSIGN(const std::string ranges, plan_ranges(container.key(), selection.key));
      return plan_needed(query, ranges);
    }
  }
  return run_query(call, container, query, selection);
}

Result<Reply> serve_query_plan(const Call& call, Container& container) {
  ASSIGN(const query::Query query, read_query(call.request.body));
  ASSIGN(const Selection selection, selection_of(call, query, container));
  auto info = query::query_info(query);
  if (!info) {
    // What one partition answers alone needs no merging.
    ASSIGN(const std::size_t partitions, container.partition_count(selection));
    if (partitions > 1) return fail(as_refusal(std::move(info).error()));
    ASSIGN(const query::Query plain, query::Query::parse("SELECT * FROM c"));
    ASSIGN(info, query::query_info(plain));
  }
  ASSIGN(const std::string ranges, plan_ranges(container.key(), selection.key));
  Reply reply = json_reply(
      200,
      fmt::format(R"({{"partitionedQueryExecutionInfoVersion":2,"queryInfo":{},"queryRanges":{}}})", *info, ranges));
  set_charge(reply, 0);
  return reply;
}

}  // namespace halley::server
