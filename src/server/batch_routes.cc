// Several operations in one request, as JSON or binary: transactional batches and bulk (docs/wire-protocol.md, batch
// and bulk).
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "http/message.h"
#include "json/value.h"
#include "json/writer.h"
#include "server/binary_batch.h"
#include "server/document_routes.h"
#include "server/refusal.h"

namespace halley::server {
namespace {

using Kind = ItemOperation::Kind;

constexpr std::size_t kMaxOperations = 100;
constexpr std::size_t kMaxRequestBytes = 2'202'010;  // what clients cut their batches at
constexpr std::size_t kMaxReplyBytes = 4'000'000;

struct BatchOperation {
  ItemOperation item;
  bool minimal = false;  // no body in the result
};

Result<Kind> parse_kind(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, Kind>, 6> kNames = {{{"Create", Kind::create},
                                                                        {"Upsert", Kind::upsert},
                                                                        {"Read", Kind::read},
                                                                        {"Replace", Kind::replace},
                                                                        {"Patch", Kind::patch},
                                                                        {"Delete", Kind::remove}}};
  const auto found = std::find_if(kNames.begin(), kNames.end(), [&](const auto& entry) { return entry.first == name; });
  if (found != kNames.end()) return found->second;
  return refuse(400, fmt::format("The operationType '{}' is not known.", name));
}

Result<WrittenOperation> parse_operation(std::string_view text) {
  WrittenOperation operation;
  // The body stays as it was written; the rest is small.
  ASSIGN(const std::string_view body, json::member_slice(text, "resourceBody"));
  operation.body = body;
  ASSIGN(const std::string rest, json::without_members(text, {"resourceBody"}));
  ASSIGN(const json::Value members, json::parse(rest));
  operation.type = members.string_at("operationType");
  operation.id = members.string_at("id");
  operation.if_match = members.string_at("ifMatch");
  operation.if_none_match = members.string_at("ifNoneMatch");
  if (const json::Value* minimal = members.find("minimalReturnPreference")) {
    operation.minimal = minimal->as_bool().value_or(false);
  }
  const json::Value* key = members.find("partitionKey");
  if (key != nullptr && !key->is_null()) operation.key = key->is_string() ? key->text() : key->to_text();
  return operation;
}

Result<std::vector<WrittenOperation>> parse_json_batch(std::string_view body) {
  const std::string wrapped = fmt::format(R"({{"operations":{}}})", body);
  const auto slices = json::array_member_slices(wrapped, "operations");
  if (!slices) return refuse(400, "The body of a batch must be a JSON array of operations.");
  std::vector<WrittenOperation> operations;
  for (const std::string_view slice : *slices) {
    auto operation = parse_operation(slice);
    if (!operation) return refuse(400, operation.error().message);
    operations.push_back(std::move(*operation));
  }
  return operations;
}

Result<BatchOperation> understand(WrittenOperation written) {
  BatchOperation operation;
  ASSIGN(operation.item.kind, parse_kind(written.type));
  operation.item.id = std::move(written.id);
  operation.item.body = std::move(written.body);
  operation.item.if_match = std::move(written.if_match);
  operation.item.if_none_match = std::move(written.if_none_match);
  operation.minimal = written.minimal;
  if (written.key.empty()) return operation;
  auto canonical = cosmos::canonical_key(written.key);
  if (!canonical) return refuse(400, canonical.error().message);
  operation.item.key = std::move(*canonical);
  return operation;
}

Result<std::vector<BatchOperation>> parse_operations(std::string_view body, bool binary) {
  ASSIGN(auto written, binary ? parse_binary_batch(body) : parse_json_batch(body));
  if (written.empty() || written.size() > kMaxOperations) {
    return refuse(400, fmt::format("A batch must have 1 to {} operations.", kMaxOperations));
  }
  std::vector<BatchOperation> operations;
  for (WrittenOperation& each : written) {
    ASSIGN(BatchOperation operation, understand(std::move(each)));
    operations.push_back(std::move(operation));
  }
  return operations;
}

void append_result(json::Writer& writer, const ItemResult& result, bool minimal) {
  writer.begin_object().member_integer("statusCode", result.status);
  if (result.sub_status != 0) writer.member_integer("subStatusCode", result.sub_status);
  if (result.retry_after) writer.member_integer("retryAfterMilliseconds", result.retry_after->count());
  writer.key("requestCharge").real(result.charge);
  if (result.document != nullptr) {
    writer.member("eTag", result.document->etag);
    if (!minimal) writer.key("resourceBody").raw(result.document->text);
  }
  if (!result.message.empty()) writer.member("message", result.message);
  writer.end_object();
}

// Writes the results in the order of the request, in the form it came in.
class ResultWriter {
 public:
  explicit ResultWriter(bool binary) : binary_(binary) {
    binary_ ? begin_binary_results(body_) : static_cast<void>(json_.begin_array());
  }
  std::size_t size() const { return body_.size(); }
  void append(const ItemResult& result, bool minimal) {
    binary_ ? append_binary_result(body_, result, minimal) : append_result(json_, result, minimal);
  }
  std::string finish() && {
    if (!binary_) json_.end_array();
    return std::move(body_);
  }

 private:
  const bool binary_;
  std::string body_;
  json::Writer json_{body_};
};

ItemResult too_large() { return {413, cosmos::kReplyTooLarge, "The reply would be too large.", nullptr, 1.0}; }

}  // namespace

Result<Reply> serve_batch(const Call& call, Container& container) {
  if (call.request.body.size() > kMaxRequestBytes) return refuse(413, "Request size is too large");
  const bool binary = is_binary_batch(call.request.body);
  ASSIGN(std::vector<BatchOperation> operations, parse_operations(call.request.body, binary));
  ASSIGN(const Selection selection, selection_headers(call));
  const bool minimal_all = http::equal_ignoring_case(call.header("prefer"), "return=minimal");
  std::vector<ItemOperation> items;
  std::vector<bool> minimal;
  std::vector<bool> reads;
  for (BatchOperation& operation : operations) {
    minimal.push_back(minimal_all || operation.minimal);
    reads.push_back(operation.item.kind == Kind::read);
    if (reads.back()) operation.item.replica = selection.replica;
    items.push_back(std::move(operation.item));
  }
  const bool atomic = call.is_true("x-ms-cosmos-batch-atomic");
  if (atomic && selection.key.empty()) return refuse(400, "PartitionKey value must be supplied for this operation.");
  if (!atomic && selection.range_id.empty()) {
    return refuse(400, "A bulk request must name its range with x-ms-documentdb-partitionkeyrangeid.");
  }
  const bool any_read = std::find(reads.begin(), reads.end(), true) != reads.end();
  const std::vector<SeenPosition> seen = any_read ? selection.replica.seen : std::vector<SeenPosition>();
  ASSIGN(Container::BatchDone done, atomic ? container.run_batch(selection.key, std::move(items), seen)
                                           : container.run_bulk(selection.range_id, items));
  double charge = 0;
  bool all_done = true;
  ResultWriter writer(binary);
  for (std::size_t i = 0; i < done.results.size(); ++i) {
    ItemResult& result = done.results[i];
    // A reply that would grow beyond a page leaves out the bodies it has no room for; reads are to be asked for again.
    const bool full = result.document != nullptr && writer.size() + result.document->text.size() > kMaxReplyBytes;
    if (full && reads[i]) result = too_large();
    writer.append(result, minimal[i] || full);
    charge += result.charge;
    all_done = all_done && result.status < 400;
  }
  Reply reply = json_reply(all_done ? 200 : 207, std::move(writer).finish());
  if (binary) reply.headers.set("content-type", "application/octet-stream");
  set_charge(reply, charge);
  set_position(reply, done.position);
  return reply;
}

}  // namespace halley::server
