// The gateway: routes requests, checks who asks, and adds what every reply has.
#include <algorithm>

#include "base/check.h"
#include "codec/base64.h"
#include "cosmos/signing.h"
#include "runtime/guid.h"
#include "server/access_log.h"
#include "server/account_record.h"
#include "server/authorization.h"
#include "server/document_routes.h"
#include "server/emulator.h"
#include "server/engine.h"
#include "server/journal.h"
#include "server/refusal.h"
#include "server/resource_routes.h"
#include "server/test_door.h"

namespace halley::server {
namespace {

constexpr std::string_view kServiceVersion = "version=2.14.0.0";
constexpr std::string_view kThrottled = "Request rate is large.";
constexpr Milliseconds kThrottlePause{10};

bool is_document_path(const std::vector<std::string>& path) {
  return path.size() >= 5 && path[0] == "dbs" && path[2] == "colls" &&
         (path[4] == "docs" || path[4] == "pkranges" || path[4] == "operations");
}

Reply fault_reply(const Fault& fault) {
  const bool throttle = fault.kind == Fault::Kind::throttle;
  Error error = throttle ? refuse(429, std::string(kThrottled), cosmos::kBudgetSpent).value()
                         : refuse(fault.status, "A fault that was asked for.", fault.sub_status).value();
  error.retry_after = fault.retry_after;
  if (throttle && !error.retry_after) error.retry_after = kThrottlePause;
  return error_reply(error);
}

std::size_t body_size(const Reply& reply) { return reply.shared_body ? reply.shared_body->size() : reply.body.size(); }

}  // namespace

struct Account::State {
  State(Runtime& r, AccountOptions o, std::string k)
      : runtime(r),
        options(std::move(o)),
        decoded_key(std::move(k)),
        engine(r, EngineOptions{options.partitions, options.throughput, options.journal, options.history}),
        topology(options.regions, options.multiple_write_regions),
        door(engine, faults, topology) {}

  Result<Reply> route(const Call& call);
  std::string record(std::string_view host) { return account_record(options, all_versions_feed, topology, host); }
  Result<Reply> answer(const http::ServerRequest& request, const Topology::Region* region, std::uint64_t behind);
  // The reply to a request, with nothing wrong; with what a region or a fault makes of it.
  Reply reply_to(const http::ServerRequest& request, const Topology::Region* region = nullptr,
                 std::uint64_t behind = 0);
  Reply disturbed_reply_to(const http::ServerRequest& request);
  Reply any_reply_to(const http::ServerRequest& request);
  Reply durable_reply_to(const http::ServerRequest& request);
  void finish(const http::ServerRequest& request, Reply& reply);
  Reply finished_reply_to(const http::ServerRequest& request);
  Reply logged_reply_to(const http::ServerRequest& request);
  std::vector<std::string> by_names(const std::vector<std::string>& path);

  Runtime& runtime;
  const AccountOptions options;
  std::atomic<bool> all_versions_feed{options.all_versions_feed};
  const std::string decoded_key;
  Engine engine;
  Faults faults;
  Topology topology;
  TestDoor door;
  std::stop_source interrupted;    // ends delays
  std::atomic<bool> stuck{false};  // the journal could not be written when it last was
};

Result<Reply> Account::State::route(const Call& call) {
  if (call.path.empty()) {
    if (call.method() != "GET") return refuse(405, "The account can only be read.");
    return json_reply(200, record(call.header("host")));
  }
  if (is_document_path(call.path)) {
    auto container = engine.find(call.path_to(4));
    if (!container && container.error().status == 404)
      return refuse(404, "Owner resource does not exist", cosmos::kOwnerGone);
    if (!container) return fail(std::move(container).error());
    return serve_documents(call, *container, {all_versions_feed});
  }
  return serve_resources(call, engine, decoded_key);
}

Result<Reply> Account::State::answer(const http::ServerRequest& request, const Topology::Region* region,
                                     std::uint64_t behind) {
  ASSIGN(auto path, split_target(request.target));
  const Call call{request, std::move(path), behind};
  if (options.test_door && !call.path.empty() && call.path[0] == "_emulator") return door.serve(call);
  TRY(authorize(call, decoded_key, runtime.wall_second(), engine));
  if (region != nullptr) {
    if (auto refusal = topology.refusal(*region, call)) return fail(std::move(*refusal));
  }
  return route(call);
}

Reply Account::State::reply_to(const http::ServerRequest& request, const Topology::Region* region,
                               std::uint64_t behind) {
  auto answered = answer(request, region, behind);
  return answered ? std::move(*answered) : error_reply(answered.error());
}

Reply Account::State::disturbed_reply_to(const http::ServerRequest& request) {
  using Kind = Fault::Kind;
  if (request.target.starts_with("/_emulator/")) return reply_to(request);
  Reply none;
  none.drop_connection = true;
  const Topology::Region region = topology.region_of(request.headers.get("host"));
  if (region.state == Topology::State::down) return none;
  const std::optional<Fault> fault = faults.next(request, region.name);
  if (!fault) return reply_to(request, &region, region.behind);
  if (fault->kind == Kind::drop) return none;
  if (fault->kind == Kind::throttle || (fault->kind == Kind::status && !fault->processed)) return fault_reply(*fault);
  if (fault->kind == Kind::delay) (void)runtime.sleep(fault->delay, interrupted.get_token());
  Reply reply = reply_to(request, &region, fault->kind == Kind::stale ? fault->behind : region.behind);
  if (fault->kind == Kind::status) reply = fault_reply(*fault);
  if (fault->kind == Kind::lose_reply) reply.drop_connection = true;
  if (fault->kind == Kind::truncate) {
    const auto size = static_cast<std::int64_t>(body_size(reply));
    reply.truncate_after = fault->bytes < 0 ? size / 2 : std::min(size, fault->bytes);
  }
  return reply;
}

Reply Account::State::any_reply_to(const http::ServerRequest& request) {
  return faults.armed() || topology.special() ? disturbed_reply_to(request) : reply_to(request);
}

// Reads wait like writes: what they saw may be another's write that is not durable yet.
Reply Account::State::durable_reply_to(const http::ServerRequest& request) {
  if (options.journal == nullptr) return any_reply_to(request);
  const auto settle = [this]() -> Status {
    auto settled = options.journal->settle();
    stuck = !settled;
    if (settled) return settled;
    return refuse(503, "The emulator's data can't be written, and nothing is answered that is not durable: " +
                           settled.error().message);
  };
  // Before anything else is done that may not last.
  if (stuck) {
    if (auto settled = settle(); !settled) return error_reply(settled.error());
  }
  Reply reply = any_reply_to(request);
  if (auto settled = settle(); !settled) return error_reply(settled.error());
  return reply;
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

Reply Account::State::finished_reply_to(const http::ServerRequest& request) {
  Reply reply = durable_reply_to(request);
  finish(request, reply);
  return reply;
}

Reply Account::State::logged_reply_to(const http::ServerRequest& request) {
  const auto began = runtime.wall_now();
  const SteadyTime from = runtime.steady_now();
  // Looked up now: what is asked to go can't be named afterwards.
  const auto path = split_target(request.target);
  const std::string operation = path ? operation_name(request, *path) : "unknown";
  const std::string names = path ? shown_path(by_names(*path)) : "?";
  Reply reply = finished_reply_to(request);
  options.access_log(access_line({request, reply, names, operation, began, runtime.steady_now() - from}));
  return reply;
}

// A path by rid with the names in place of the rids, as far as they are known.
std::vector<std::string> Account::State::by_names(const std::vector<std::string>& path) {
  std::vector<std::string> names = path;
  std::size_t parent_length = 0;
  for (std::size_t i = 1; i < path.size(); i += 2) {
    const auto view = engine.find({path.begin(), path.begin() + static_cast<std::ptrdiff_t>(i + 1)});
    if (!view) break;
    names[i] = view->names.substr(parent_length + path[i - 1].size() + 1);
    parent_length = view->names.size() + 1;
    if (view->container && path.size() == 6 && path[4] == "docs" && path[3] == view->rid) {
      if (auto document = view->container->name_of(path[5])) names[5] = std::move(document->first);
    }
  }
  return names;
}

Account::Account(Runtime& runtime, AccountOptions options) {
  CHECK(options.account_id != "localhost");
  if (options.key.empty()) options.key = cosmos::kEmulatorKey;
  auto key = codec::base64_decode(options.key);
  CHECK(key.has_value());  // whoever takes keys from people checks them first
  state_ = std::make_unique<State>(runtime, std::move(options), std::move(*key));
}

Account::~Account() = default;

Status Account::recover() { return state_->engine.recover(); }

http::ServerResponse Account::handle(const http::ServerRequest& request) {
  return state_->options.access_log ? state_->logged_reply_to(request) : state_->finished_reply_to(request);
}

std::string Account::record(std::string_view host) { return state_->record(host); }
void Account::interrupt() { state_->interrupted.request_stop(); }
Faults& Account::faults() { return state_->faults; }
Topology& Account::topology() { return state_->topology; }
VirtualClock& Account::clock() { return state_->engine.stamps().clock(); }
bool Account::all_versions_feed() const { return state_->all_versions_feed; }
void Account::set_all_versions_feed(bool on) { state_->all_versions_feed = on; }
Engine& Account::engine() { return state_->engine; }
const std::string& Account::key() const { return state_->options.key; }

}  // namespace halley::server
