// Single and bulk writes of documents: docs/wire-protocol.md, writing.
#include <algorithm>

#include "base/check.h"
#include "cosmos/account_client.h"
#include "json/document_scanner.h"
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

Result<std::vector<BulkResult>> bulk_results(std::string_view body, std::size_t expected, const RequestSender& sender) {
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
    result.message = sender.shown_words(item.string_at("message"));
    results.push_back(std::move(result));
  }
  return results;
}

// 404: the document is absent; 1003 would be its container.
bool is_absent(const Error& error) { return error.code == Code::not_found && error.sub_status == 0; }

// A write of documents; its body and headers are still to come.
Call write_call(std::string_view method, const ContainerName& name, std::optional<std::string_view> id,
                std::string_view what) {
  Call call;
  call.method = method;
  call.path = id ? resource_path({"dbs", name.database, "colls", name.container, "docs", *id})
                 : resource_path({"dbs", name.database, "colls", name.container, "docs"});
  call.operation = Operation::write;
  call.effect = Effect::write;
  call.container = name.text();
  call.what = std::string(what) + " " + name.text();
  return call;
}

void drop_system_properties(json::Value& document) {
  if (!document.is_object()) return;
  std::erase_if(document.members(), [](const json::Value::Member& member) {
    return std::find(json::kSystemPropertyNames.begin(), json::kSystemPropertyNames.end(), member.first) !=
           json::kSystemPropertyNames.end();
  });
}

}  // namespace

bool is_same_document(std::string_view sent, std::string_view held) {
  auto one = json::parse(sent);
  auto other = json::parse(held);
  if (!one || !other) return false;
  drop_system_properties(*one);
  drop_system_properties(*other);
  return says_the_same(*one, *other) && says_the_same(*other, *one);
}

Result<bool> AccountClient::holds(const ContainerName& name, std::string_view partition_key, std::string_view body,
                                  const std::stop_token& stop) {
  ASSIGN(const json::Value document, json::parse(body));
  auto held = read_document(name, document.string_at("id"), partition_key, stop);
  if (held) return is_same_document(body, held->text);
  if (is_absent(held.error())) return false;
  return fail(std::move(held).error());
}

Result<bool> AccountClient::lacks(const ContainerName& name, std::string_view id, std::string_view partition_key,
                                  const std::stop_token& stop) {
  auto held = read_document(name, id, partition_key, stop);
  if (held) return false;
  if (is_absent(held.error())) return true;
  return fail(std::move(held).error());
}

Status AccountClient::upsert_document(const ContainerName& name, std::string_view partition_key, std::string_view body,
                                      std::stop_token stop) {
  return write_document(name, partition_key, body, true, stop);
}

Status AccountClient::create_document(const ContainerName& name, std::string_view partition_key, std::string_view body,
                                      std::stop_token stop) {
  return write_document(name, partition_key, body, false, stop);
}

Status AccountClient::write_document(const ContainerName& name, std::string_view partition_key, std::string_view body,
                                     bool replaces, const std::stop_token& stop) {
  Call call = write_call("POST", name, std::nullopt, "writing a document to");
  if (replaces) call.headers.add("x-ms-documentdb-is-upsert", "true");
  call.headers.add("x-ms-documentdb-partitionkey", header_text(partition_key));
  call.headers.add("Prefer", "return=minimal");
  call.body = body;
  Outcome outcome = sender_.send(call, stop);
  if (outcome.response) return {};
  Error error = std::move(outcome.response).error();
  if (error.code == Code::ambiguous && holds(name, partition_key, body, stop).value_or(false)) return {};
  if (!replaces && error.code == Code::already_exists && outcome.after_lost_answer) {
    auto own = holds(name, partition_key, body, stop);
    if (own && *own) return {};
    if (!own) {
      error = std::move(own).error();
      if (is_retryable(error)) error.code = Code::ambiguous;
    }
  }
  return fail(std::move(error));
}

Status AccountClient::delete_document(const ContainerName& name, std::string_view id, std::string_view partition_key,
                                      std::stop_token stop) {
  Call call = write_call("DELETE", name, id, "deleting a document of");
  call.headers.add("x-ms-documentdb-partitionkey", header_text(partition_key));
  Outcome outcome = sender_.send(call, stop);
  if (outcome.response || is_absent(outcome.response.error())) return {};
  if (outcome.response.error().code == Code::ambiguous && lacks(name, id, partition_key, stop).value_or(false)) {
    return {};
  }
  return fail(std::move(outcome.response).error());
}

Result<bool> AccountClient::is_done(const ContainerName& name, const BulkOperation& operation,
                                    const std::stop_token& stop) {
  return operation.kind == BulkOperation::Kind::remove ? lacks(name, operation.id, operation.partition_key, stop)
                                                       : holds(name, operation.partition_key, operation.body, stop);
}

Status AccountClient::recognise_own_work(const ContainerName& name, const std::vector<BulkOperation>& operations,
                                         std::vector<BulkResult>& results, const std::stop_token& stop) {
  for (std::size_t i = 0; i < operations.size(); ++i) {
    const BulkOperation& operation = operations[i];
    BulkResult& result = results[i];
    result.after_lost_answer = true;
    if (operation.kind == BulkOperation::Kind::remove && result.status == 404 && result.sub_status == 0) {
      result = {204, 0, {}, {}, true};
    } else if (operation.kind == BulkOperation::Kind::create && result.status == 409) {
      const auto own = holds(name, operation.partition_key, operation.body, stop);
      if (!own && !is_retryable(own.error())) return fail(own.error());
      if (own && *own) result = {201, 0, {}, {}, true};
    }
  }
  return {};
}

// Every answer was lost: the documents tell whether all of it was done.
Result<std::vector<BulkResult>> AccountClient::look_for_results(const ContainerName& name,
                                                                const std::vector<BulkOperation>& operations,
                                                                Error error, const std::stop_token& stop) {
  std::vector<BulkResult> results;
  for (const BulkOperation& operation : operations) {
    if (!is_done(name, operation, stop).value_or(false)) return fail(std::move(error));
    results.push_back({operation.kind == BulkOperation::Kind::remove ? 204 : 200, 0, {}, {}, true});
  }
  return results;
}

Result<std::vector<BulkResult>> AccountClient::bulk(const ContainerName& name, std::string_view range_id,
                                                    const std::vector<BulkOperation>& operations,
                                                    std::stop_token stop) {
  CHECK(!operations.empty() && operations.size() <= kMaxBulkOperations);
  Call call = write_call("POST", name, std::nullopt, "writing documents to");
  call.headers.add("x-ms-cosmos-is-batch-request", "true");
  call.headers.add("x-ms-cosmos-batch-atomic", "false");
  call.headers.add("x-ms-cosmos-batch-ordered", "false");
  call.headers.add("x-ms-cosmos-batch-continue-on-error", "true");
  call.headers.add("Prefer", "return=minimal");
  call.range_id = range_id;
  call.body = bulk_body(operations);
  Outcome outcome = sender_.send(call, stop);
  if (!outcome.response) {
    Error error = std::move(outcome.response).error();
    if (error.code == Code::ambiguous) return look_for_results(name, operations, std::move(error), stop);
    return fail(std::move(error));
  }
  auto results = bulk_results(outcome.response->body, operations.size(), sender_);
  if (!results) return fail(std::move(results.error()).in(call.what));
  if (outcome.after_lost_answer) TRY(recognise_own_work(name, operations, *results, stop));
  return results;
}

}  // namespace halley::cosmos
