#include "server/document_routes.h"

#include <fmt/format.h>

#include "http/message.h"
#include "server/refusal.h"

namespace halley::server {
namespace {

using Kind = ItemOperation::Kind;

bool wants_no_body(const Call& call) { return http::equal_ignoring_case(call.header("prefer"), "return=minimal"); }

// Refuses what the container's request units don't allow now.
Status check_budget(Container& container) {
  const auto wait = container.budget().wait();
  if (!wait) return {};
  Error error =
      refuse(429, "Request rate is large. The request units of this second are spent.", cosmos::kBudgetSpent).value();
  error.retry_after = *wait;
  return fail(std::move(error));
}

Status check_intended_container(const Call& call, const Container& container) {
  const std::string_view intended = call.header("x-ms-cosmos-intended-collection-rid");
  if (intended.empty() || intended == container.rid()) return {};
  return refuse(400, "The container is not the one intended: it was created again.", cosmos::kContainerChanged);
}

// A client that knows the container by its rid puts that before the range: "RID,0".
Status check_range_container(const Call& call, const Container& container) {
  const std::string_view range = call.header("x-ms-documentdb-partitionkeyrangeid");
  const std::size_t comma = range.rfind(',');
  if (comma == std::string_view::npos || range.substr(0, comma) == container.rid()) return {};
  return refuse(410, "The container of the partition key range was created again.", cosmos::kNameCacheStale);
}

// A write that counts on a trigger must not pass without it.
Status check_triggers(const Call& call) {
  for (const std::string_view name : {"x-ms-documentdb-pre-trigger-include", "x-ms-documentdb-post-trigger-include"}) {
    if (!call.header(name).empty()) return refuse(400, "This server runs no triggers.");
  }
  return {};
}

// An account with session consistency gives that or less.
Status check_consistency(const Call& call) {
  const std::string_view level = call.header("x-ms-consistency-level");
  if (level.empty()) return {};
  if (!call.header("x-ms-cosmos-read-consistency-strategy").empty()) {
    return refuse(400, "x-ms-consistency-level and x-ms-cosmos-read-consistency-strategy exclude each other.");
  }
  for (const std::string_view offered : {"Session", "ConsistentPrefix", "Eventual"}) {
    if (http::equal_ignoring_case(level, offered)) return {};
  }
  return refuse(400, fmt::format("ConsistencyLevel {} specified in the request is invalid when service is configured "
                                 "with consistency level Session.",
                                 level));
}

Reply item_reply(const Call& call, const Container::Done& done) {
  const ItemResult& result = done.result;
  const bool minimal = call.method() != "GET" && wants_no_body(call);
  Reply reply = json_reply(result.status, {});
  if (result.document != nullptr) {
    reply.headers.add("etag", result.document->etag);
    if (!minimal) {
      reply.headers.add("content-type", "application/json");
      // The document lives as long as the reply that shares its text.
      reply.shared_body = std::shared_ptr<const std::string>(result.document, &result.document->text);
    }
  }
  set_charge(reply, result.charge);
  set_position(reply, done.position);
  if (done.item_lsn) reply.headers.add("x-ms-item-lsn", std::to_string(*done.item_lsn));
  return reply;
}

Result<Reply> serve_item(const Call& call, Container& container, ItemOperation operation) {
  ASSIGN(operation.key, key_header(call));
  operation.if_match = call.header("if-match");
  operation.if_none_match = call.header("if-none-match");
  if (operation.kind == Kind::read) {
    ASSIGN(operation.replica, replica_view(call));
  }
  ASSIGN(const auto done, container.run(operation));
  return item_reply(call, done);
}

Result<Reply> serve_create(const Call& call, Container& container) {
  ItemOperation operation;
  operation.kind = call.is_true("x-ms-documentdb-is-upsert") ? Kind::upsert : Kind::create;
  operation.body = call.request.body;
  return serve_item(call, container, std::move(operation));
}

Result<Reply> serve_one(const Call& call, Container& container) {
  ItemOperation operation;
  if (call.method() == "GET") {
    operation.kind = Kind::read;
  } else if (call.method() == "PUT") {
    operation.kind = Kind::replace;
  } else if (call.method() == "DELETE") {
    operation.kind = Kind::remove;
  } else if (call.method() == "PATCH") {
    operation.kind = Kind::patch;
  } else {
    return refuse(405, fmt::format("{} is not offered for a document.", call.method()));
  }
  operation.id = call.path[5];
  // Below a container addressed by rid, so is the document.
  if (call.path[3] == container.rid()) {
    if (const auto name = container.name_of(operation.id)) operation.id = name->first;
  }
  operation.body = call.request.body;
  return serve_item(call, container, std::move(operation));
}

Result<Reply> serve_docs(const Call& call, Container& container, const DocumentRouteOptions& options) {
  if (call.path.size() > 6) return refuse(400, "Attachments are not offered.");
  if (call.path.size() == 6) return serve_one(call, container);
  if (call.method() == "GET") return serve_feed(call, container, options);
  if (call.method() != "POST") return refuse(405, fmt::format("{} is not offered for a feed.", call.method()));
  if (is_query_plan(call)) return serve_query_plan(call, container);
  if (is_query(call)) return serve_query(call, container);
  if (call.is_true("x-ms-cosmos-is-batch-request")) return serve_batch(call, container);
  return serve_create(call, container);
}

Result<Reply> serve_operation(const Call& call, Container& container) {
  if (call.method() != "POST" || call.path.size() != 6 || call.path[5] != "partitionkeydelete") {
    return refuse(400, "The operation is not known.");
  }
  ASSIGN(const auto key, key_header(call));
  if (!key) return refuse(400, "PartitionKey value must be supplied for this operation.");
  ASSIGN(const Position position, container.remove_key(*key));
  Reply reply = json_reply(200, {});
  set_charge(reply, 5);
  set_position(reply, position);
  return reply;
}

}  // namespace

Result<Reply> serve_documents(const Call& call, const ResourceView& view, const DocumentRouteOptions& options) {
  Container& container = *view.container;
  TRY(check_intended_container(call, container));
  TRY(check_range_container(call, container));
  TRY(check_consistency(call));
  TRY(check_triggers(call));
  const std::string& keyword = call.path[4];
  if (keyword == "pkranges") return serve_ranges(call, container);
  TRY(check_budget(container));
  auto reply = keyword == "docs" ? serve_docs(call, container, options) : serve_operation(call, container);
  if (!reply) return reply;
  set_owner(*reply, view.names, view.rid);
  if (is_bulk(call)) return reply;  // its operations are counted one by one
  double charge = 1;
  const std::string_view charged = reply->headers.get("x-ms-request-charge");
  if (!charged.empty()) charge = std::stod(std::string(charged));
  container.budget().spend(charge);
  return reply;
}

}  // namespace halley::server
