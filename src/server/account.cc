// The gateway: routes requests, checks who asks, and adds what every reply has.
#include <fmt/format.h>

#include "base/bytes.h"
#include "base/check.h"
#include "codec/base64.h"
#include "cosmos/signing.h"
#include "server/account_record.h"
#include "server/authorization.h"
#include "server/document_routes.h"
#include "server/emulator.h"
#include "server/engine.h"
#include "server/refusal.h"
#include "server/resource_routes.h"
#include "server/test_door.h"

namespace halley::server {
namespace {

constexpr std::string_view kServiceVersion = "version=2.14.0.0";
constexpr std::string_view kThrottled = "Request rate is large.";

bool is_document_path(const std::vector<std::string>& path) {
  return path.size() >= 5 && path[0] == "dbs" && path[2] == "colls" &&
         (path[4] == "docs" || path[4] == "pkranges" || path[4] == "operations");
}

std::string new_guid(Runtime& runtime) {
  const std::string hex = to_hex(runtime.random_bytes(16));
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4), hex.substr(16, 4),
                     hex.substr(20));
}

Reply fault_reply(const Fault& fault) {
  Reply reply;
  if (fault.kind == Fault::Kind::throttle) {
    reply = error_reply(refuse(429, std::string(kThrottled), kBudgetSpent).value());
    reply.headers.add("x-ms-retry-after-ms", "10");
  } else if (fault.kind == Fault::Kind::status) {
    reply = error_reply(refuse(fault.status, "A fault that was asked for.", fault.sub_status).value());
  } else {
    reply.drop_connection = true;
  }
  return reply;
}

std::size_t body_size(const Reply& reply) { return reply.shared_body ? reply.shared_body->size() : reply.body.size(); }

}  // namespace

struct Account::State {
  State(Runtime& r, AccountOptions o, std::string k)
      : runtime(r),
        options(std::move(o)),
        decoded_key(std::move(k)),
        engine(r, EngineOptions{options.partitions, options.request_units_per_second}),
        door(engine) {}

  Result<Reply> route(const Call& call);
  Result<Reply> answer(const http::ServerRequest& request);
  void finish(const http::ServerRequest& request, Reply& reply);

  Runtime& runtime;
  const AccountOptions options;
  const std::string decoded_key;
  Engine engine;
  TestDoor door;
};

Result<Reply> Account::State::route(const Call& call) {
  if (call.path.empty()) {
    if (call.method() != "GET") return refuse(405, "The account can only be read.");
    return json_reply(200, account_record(options, call.header("host")));
  }
  if (is_document_path(call.path)) {
    auto container = engine.find(call.path_to(4));
    if (!container && container.error().status == 404) return refuse(404, "Owner resource does not exist", kOwnerGone);
    if (!container) return fail(std::move(container).error());
    return serve_documents(call, *container, {options.all_versions_feed});
  }
  return serve_resources(call, engine);
}

Result<Reply> Account::State::answer(const http::ServerRequest& request) {
  ASSIGN(auto path, split_target(request.target));
  const Call call{request, std::move(path)};
  if (options.test_door && !call.path.empty() && call.path[0] == "_emulator") return door.serve(call);
  TRY(authorize(call, decoded_key, runtime.wall_second()));
  return route(call);
}

void Account::State::finish(const http::ServerRequest& request, Reply& reply) {
  http::Headers& headers = reply.headers;
  const std::string_view activity = request.headers.get("x-ms-activity-id");
  headers.set("x-ms-activity-id", activity.empty() ? new_guid(runtime) : std::string(activity));
  if (headers.find("x-ms-request-charge") == nullptr) headers.add("x-ms-request-charge", "1.00");
  headers.set("x-ms-serviceversion", std::string(kServiceVersion));
  headers.set("x-ms-gatewayversion", std::string(kServiceVersion));
  headers.set("date", format_http_date(engine.stamps().now()));
}

Account::Account(Runtime& runtime, AccountOptions options) {
  CHECK(options.account_id != "localhost");
  if (options.key.empty()) options.key = cosmos::kEmulatorKey;
  auto key = codec::base64_decode(options.key);
  CHECK(key.has_value());  // whoever takes keys from people checks them first
  state_ = std::make_unique<State>(runtime, std::move(options), std::move(*key));
}

Account::~Account() = default;

http::ServerResponse Account::handle(const http::ServerRequest& request) {
  const bool at_door = request.target.starts_with("/_emulator/");
  const std::optional<Fault> fault = at_door ? std::nullopt : state_->door.next_fault(request);
  const bool done = !fault || fault->kind == Fault::Kind::truncate || fault->kind == Fault::Kind::lose_reply;
  Reply reply;
  if (done) {
    auto answered = state_->answer(request);
    reply = answered ? std::move(*answered) : error_reply(answered.error());
  } else {
    reply = fault_reply(*fault);
  }
  if (fault && fault->kind == Fault::Kind::truncate)
    reply.truncate_after = static_cast<std::int64_t>(body_size(reply) / 2);
  if (fault && fault->kind == Fault::Kind::lose_reply) reply.drop_connection = true;
  state_->finish(request, reply);
  return reply;
}

VirtualClock& Account::clock() { return state_->engine.stamps().clock(); }
Engine& Account::engine() { return state_->engine; }
const std::string& Account::key() const { return state_->options.key; }

}  // namespace halley::server
