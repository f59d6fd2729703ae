#include "server/faults.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "json/writer.h"
#include "server/exchange.h"
#include "server/refusal.h"

namespace halley::server {
namespace {

using Kind = Fault::Kind;

constexpr std::array<std::pair<std::string_view, Kind>, 7> kKinds = {{{"throttle", Kind::throttle},
                                                                      {"status", Kind::status},
                                                                      {"drop", Kind::drop},
                                                                      {"lose_reply", Kind::lose_reply},
                                                                      {"truncate", Kind::truncate},
                                                                      {"delay", Kind::delay},
                                                                      {"stale", Kind::stale}}};
constexpr std::array<std::string_view, 16> kOperations = {
    "account", "metadata", "ranges",  "change_feed", "read_feed", "point_read", "query", "query_plan",
    "create",  "upsert",   "replace", "patch",       "delete",    "batch",      "bulk",  "partition_key_delete"};

constexpr std::int64_t kLongestDelay = 60'000;

// Takes the members of a description, each with its bounds; what is left over is not known.
class Description {
 public:
  explicit Description(const json::Value& value) : value_(value) {}

  Status text(std::string_view name, std::string& into) {
    const json::Value* member = take(name);
    if (member == nullptr) return {};
    if (!member->is_string()) return refuse(400, fmt::format("'{}' must be a text.", name));
    into = member->text();
    return {};
  }
  template <typename Number>
  Status whole(std::string_view name, std::int64_t lowest, std::int64_t highest, Number& into) {
    const json::Value* member = take(name);
    if (member == nullptr) return {};
    const auto number = member->as_integer();
    if (!number || *number < lowest || *number > highest) {
      return refuse(400, fmt::format("'{}' must be a whole number from {} to {}.", name, lowest, highest));
    }
    into = static_cast<Number>(*number);
    return {};
  }
  Status probability(double& into) {
    const json::Value* member = take("probability");
    if (member == nullptr) return {};
    const double number = member->kind() == json::Kind::number ? member->as_double().value_or(-1) : -1;
    if (number < 0 || number > 1) return refuse(400, "'probability' must be a number from 0 to 1.");
    into = number;
    return {};
  }
  Status flag(std::string_view name, bool& into) {
    const json::Value* member = take(name);
    if (member == nullptr) return {};
    const auto value = member->as_bool();
    if (!value) return refuse(400, fmt::format("'{}' must be true or false.", name));
    into = *value;
    return {};
  }
  bool has(std::string_view name) const { return value_.find(name) != nullptr; }
  Status nothing_else() const {
    for (const auto& [name, value] : value_.members()) {
      if (std::find(taken_.begin(), taken_.end(), name) != taken_.end()) continue;
      return refuse(400, fmt::format("A fault has no '{}'.", name));
    }
    return {};
  }

 private:
  const json::Value* take(std::string_view name) {
    taken_.push_back(name);
    return value_.find(name);
  }

  const json::Value& value_;
  std::vector<std::string_view> taken_;
};

bool fits(const Fault& fault, const http::ServerRequest& request, std::string_view region) {
  if (!fault.method.empty() && fault.method != request.method) return false;
  if (!fault.region.empty() && fault.region != region) return false;
  if (!fault.operation.empty() && fault.operation != operation_name_of(request)) return false;
  return fault.match.empty() ||
         fmt::format("{} {}", request.method, request.target).find(fault.match) != std::string::npos;
}

std::string_view document_operation(const Call& call) {
  const std::string_view method = call.method();
  if (call.path.size() > 5) {
    if (method == "GET") return "point_read";
    if (method == "PUT") return "replace";
    return method == "PATCH" ? "patch" : "delete";
  }
  if (method == "GET") return call.header("a-im").empty() ? "read_feed" : "change_feed";
  if (is_query_plan(call)) return "query_plan";
  if (is_query(call)) return "query";
  if (call.is_true("x-ms-cosmos-is-batch-request")) return call.is_true("x-ms-cosmos-batch-atomic") ? "batch" : "bulk";
  return call.is_true("x-ms-documentdb-is-upsert") ? "upsert" : "create";
}

}  // namespace

std::string_view fault_kind_name(Fault::Kind kind) {
  return std::find_if(kKinds.begin(), kKinds.end(), [&](const auto& entry) { return entry.second == kind; })->first;
}

std::string_view operation_name_of(const http::ServerRequest& request) {
  auto path = split_target(request.target);
  if (!path) return "metadata";
  const Call call{request, std::move(*path)};
  if (call.path.empty()) return "account";
  if (call.path.size() < 5 || call.path[0] != "dbs" || call.path[2] != "colls") return "metadata";
  if (call.path[4] == "docs") return document_operation(call);
  if (call.path[4] == "pkranges") return "ranges";
  return call.path[4] == "operations" ? "partition_key_delete" : "metadata";
}

Result<Fault> parse_fault(const json::Value& description) {
  Description members(description);
  Fault fault;
  std::string kind;
  TRY(members.text("kind", kind));
  const auto known = std::find_if(kKinds.begin(), kKinds.end(), [&](const auto& entry) { return entry.first == kind; });
  if (known == kKinds.end()) return refuse(400, fmt::format("The kind of fault '{}' is not known.", kind));
  fault.kind = known->second;
  TRY(members.text("match", fault.match));
  TRY(members.text("method", fault.method));
  TRY(members.text("region", fault.region));
  TRY(members.text("operation", fault.operation));
  if (!fault.operation.empty() &&
      std::find(kOperations.begin(), kOperations.end(), fault.operation) == kOperations.end()) {
    return refuse(400, fmt::format("The operation '{}' is not known.", fault.operation));
  }
  TRY(members.probability(fault.probability));
  fault.count = members.has("probability") ? 0 : 1;
  TRY(members.whole("count", 0, 1'000'000'000, fault.count));
  TRY(members.whole("seed", 0, INT64_MAX, fault.seed));
  TRY(members.whole("status", 100, 599, fault.status));
  TRY(members.whole("sub_status", 0, 99'999, fault.sub_status));
  TRY(members.flag("processed", fault.processed));
  TRY(members.whole("bytes", 0, INT64_MAX, fault.bytes));
  TRY(members.whole("behind", 1, INT64_MAX, fault.behind));
  std::int64_t milliseconds = -1;
  TRY(members.whole("retry_after_ms", 0, 3'600'000, milliseconds));
  if (milliseconds >= 0) fault.retry_after = Milliseconds(milliseconds);
  milliseconds = 0;
  TRY(members.whole("delay_ms", 0, kLongestDelay, milliseconds));
  fault.delay = Milliseconds(milliseconds);
  TRY(members.nothing_else());
  return fault;
}

void Faults::arm(Fault fault) {
  const std::lock_guard lock(mutex_);
  const int left = fault.count;
  std::mt19937_64 random(fault.seed);
  faults_.push_back({std::move(fault), left, 0, random});
  armed_ = true;
}

void Faults::clear() {
  const std::lock_guard lock(mutex_);
  faults_.clear();
  armed_ = false;
}

std::optional<Fault> Faults::next(const http::ServerRequest& request, std::string_view region) {
  const std::lock_guard lock(mutex_);
  for (auto armed = faults_.begin(); armed != faults_.end(); ++armed) {
    if (!fits(armed->fault, request, region)) continue;
    const double drawn = static_cast<double>(armed->random() >> 11) / static_cast<double>(1ULL << 53);
    if (drawn >= armed->fault.probability) continue;
    ++armed->struck;
    ++struck_;
    Fault suffered = armed->fault;
    if (armed->left > 0 && --armed->left == 0) faults_.erase(armed);
    armed_ = !faults_.empty();
    return suffered;
  }
  return std::nullopt;
}

std::string Faults::describe() {
  const std::lock_guard lock(mutex_);
  std::string text;
  json::Writer writer(text);
  writer.begin_object().key("struck").unsigned_integer(struck_).key("faults").begin_array();
  for (const Armed& armed : faults_) {
    writer.begin_object().member("kind", fault_kind_name(armed.fault.kind));
    writer.member_integer("left", armed.left).key("struck").unsigned_integer(armed.struck).end_object();
  }
  writer.end_array().end_object();
  return text;
}

}  // namespace halley::server
