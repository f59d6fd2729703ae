// Single and bulk writes of documents: docs/wire-protocol.md, writing.
#include "base/check.h"
#include "cosmos/account_client.h"
#include "json/writer.h"

namespace halley::cosmos {
namespace {

constexpr std::size_t kMaxBulkOperations = 100;

std::string_view bulk_name(BulkOperation::Kind kind) {
  switch (kind) {
    case BulkOperation::Kind::create:
      return "Create";
    case BulkOperation::Kind::upsert:
      return "Upsert";
    case BulkOperation::Kind::replace:
      return "Replace";
    case BulkOperation::Kind::remove:
      return "Delete";
  }
  CHECK(false);
}

std::string bulk_body(const std::vector<BulkOperation>& operations) {
  std::size_t size = 2;
  for (const BulkOperation& operation : operations) {
    size += operation.body.size() + operation.id.size() + operation.partition_key.size() + 128;
  }
  std::string body;
  body.reserve(size);
  json::Writer writer(body);
  writer.begin_array();
  for (const BulkOperation& operation : operations) {
    writer.begin_object().member("operationType", bulk_name(operation.kind));
    writer.member("partitionKey", header_text(operation.partition_key));
    if (operation.kind == BulkOperation::Kind::replace || operation.kind == BulkOperation::Kind::remove) {
      writer.member("id", operation.id);
    }
    if (operation.kind != BulkOperation::Kind::remove) writer.key("resourceBody").raw(operation.body);
    writer.end_object();
  }
  writer.end_array();
  return body;
}

int integer_at(const json::Value& value, std::string_view name) {
  const json::Value* member = value.find(name);
  const std::int64_t number = member == nullptr ? 0 : member->as_integer().value_or(0);
  return number > 0 && number <= 1'000'000'000 ? static_cast<int>(number) : 0;
}

Result<std::vector<BulkResult>> bulk_results(std::string_view body, std::size_t expected) {
  ASSIGN(const json::Value answer, json::parse(body));
  if (!answer.is_array() || answer.items().size() != expected) {
    return fail(Code::corrupt, "the answer does not have one result for each operation");
  }
  std::vector<BulkResult> results;
  results.reserve(expected);
  for (const json::Value& item : answer.items()) {
    BulkResult result;
    result.status = integer_at(item, "statusCode");
    if (result.status == 0) return fail(Code::corrupt, "the answer has a result without a status");
    result.sub_status = integer_at(item, "subStatusCode");
    result.retry_after = Milliseconds(integer_at(item, "retryAfterMilliseconds"));
    result.message = item.string_at("message").substr(0, 400);
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace

Status AccountClient::upsert_document(const ContainerName& name, std::string_view partition_key, std::string_view body,
                                      std::stop_token stop) {
  Call call;
  call.method = "POST";
  call.path = resource_path({"dbs", name.database, "colls", name.container, "docs"});
  call.operation = Operation::write;
  call.effect = Effect::write;
  call.headers.add("x-ms-documentdb-is-upsert", "true");
  call.headers.add("x-ms-documentdb-partitionkey", header_text(partition_key));
  call.headers.add("Prefer", "return=minimal");
  call.body = body;
  call.what = "writing a document to " + name.text();
  TRY(sender_.send(call, stop).response);
  return {};
}

Status AccountClient::delete_document(const ContainerName& name, std::string_view id, std::string_view partition_key,
                                      std::stop_token stop) {
  Call call;
  call.method = "DELETE";
  call.path = resource_path({"dbs", name.database, "colls", name.container, "docs", id});
  call.operation = Operation::write;
  call.effect = Effect::write;
  call.headers.add("x-ms-documentdb-partitionkey", header_text(partition_key));
  call.what = "deleting a document of " + name.text();
  Outcome outcome = sender_.send(call, stop);
  if (outcome.response) return {};
  const Error& error = outcome.response.error();
  if (error.code == Code::not_found && error.sub_status == 0) return {};  // Gone already; 1003 would be its container.
  return fail(std::move(outcome.response.error()));
}

Result<std::vector<BulkResult>> AccountClient::bulk(const ContainerName& name, std::string_view range_id,
                                                    const std::vector<BulkOperation>& operations,
                                                    std::stop_token stop) {
  CHECK(!operations.empty() && operations.size() <= kMaxBulkOperations);
  Call call;
  call.method = "POST";
  call.path = resource_path({"dbs", name.database, "colls", name.container, "docs"});
  call.operation = Operation::write;
  call.effect = Effect::write;
  call.headers.add("x-ms-cosmos-is-batch-request", "true");
  call.headers.add("x-ms-cosmos-batch-atomic", "false");
  call.headers.add("x-ms-cosmos-batch-ordered", "false");
  call.headers.add("x-ms-cosmos-batch-continue-on-error", "true");
  call.headers.add("x-ms-documentdb-partitionkeyrangeid", std::string(range_id));
  call.headers.add("Prefer", "return=minimal");
  call.body = bulk_body(operations);
  call.what = "writing documents to " + name.text();
  ASSIGN(const http::Response response, sender_.send(call, stop).response);
  auto results = bulk_results(response.body, operations.size());
  if (!results) return fail(std::move(results.error()).in(call.what));
  return results;
}

}  // namespace halley::cosmos
