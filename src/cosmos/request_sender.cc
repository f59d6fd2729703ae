#include "cosmos/request_sender.h"

#include <fmt/core.h>

#include <charconv>
#include <cmath>
#include <optional>

#include "codec/base64.h"
#include "cosmos/sub_status.h"

namespace halley::cosmos {
namespace {

constexpr std::string_view kVersion = "2020-07-15";  // The first that knows hierarchical partition keys.
constexpr std::string_view kPartitionMerge = "1";    // Capabilities: partitions may merge under this client.
constexpr Milliseconds kAccountReadPause{1000};

std::uint64_t milli_units(std::string_view charge) {
  double units = 0;
  const auto [end, error] = std::from_chars(charge.data(), charge.data() + charge.size(), units);
  const bool valid = error == std::errc() && end == charge.data() + charge.size() && units >= 0 && units < 1e9;
  return valid ? static_cast<std::uint64_t>(std::llround(units * 1000)) : 0;
}

// After a lost answer, "certainly not done" can be said of the last attempt only.
void admit_ambiguity(Error& error) {
  switch (error.code) {
    case Code::unavailable:
    case Code::throttled:
    case Code::timeout:
    case Code::gone:
    case Code::forbidden:
    case Code::unauthorized:
      error.code = Code::ambiguous;
      break;
    default:
      break;
  }
}

// The container under this name is another one now: what was seen of it says nothing any more. Ranges that were split
// or merged do not end a session: what was seen of the parents binds the children. Nor does 410/1000, by which the
// container may be the same: the _rid of its next answer tells.
bool ends_session(const Error& error) {
  return (error.status == 404 && error.sub_status == kOwnerGone) ||
         (error.status == 400 && error.sub_status == kContainerChanged);
}

// A proxy that refuses in the service's place dates that by a clock of its own, and knows no activity.
bool is_of_the_service(const http::Response& response) {
  return is_answer(response.status) || response.headers.find("x-ms-activity-id") != nullptr;
}

// Answers, and refusals for what is there or is not: their token tells how far that was.
bool looked_at_the_data(const http::Response& response) {
  const int status = response.status;
  return is_answer(status) || status == 409 || status == 412 ||
         (status == 404 && response.headers.get("x-ms-substatus") != std::to_string(kSessionAhead));
}

// What a replica that lags answers to a token, said of one that did not heed it.
Error session_ahead(Effect effect) {
  Error error(code_of(404, kSessionAhead, effect), "an answer from a replica that is behind what was seen");
  error.status = 404;
  error.sub_status = kSessionAhead;
  return error;
}

// Which endpoints may be asked.
Effect reach_of(const Call& call) { return call.write_regions_only ? Effect::write : call.effect; }

bool is_account_read(const Call& call) { return call.path.encoded == "/"; }

}  // namespace

RequestSender::RequestSender(Runtime& runtime, http::Transport& transport, std::string base, std::string key,
                             const ClientOptions& options)
    : runtime_(runtime),
      transport_(transport),
      key_(std::move(key)),
      attempt_timeout_(options.attempt_timeout),
      limits_{options.max_attempts, options.throttle_patience},
      debug_log_(options.debug_log),
      regions_(std::move(base), options.preferred_regions) {}

std::string RequestSender::shown_words(std::string said) const {
  return cosmos::shown_words(std::move(said), codec::base64_encode(key_));
}

http::Request RequestSender::signed_request(const Call& call, const Route& route) {
  http::Request request;
  request.method = call.method;
  request.url = route.place.base + call.path.encoded;
  request.headers = call.headers;
  if (!call.range_id.empty()) request.headers.add("x-ms-documentdb-partitionkeyrangeid", call.range_id);
  if (call.effect == Effect::read && !call.container.empty() && route.with_session) {
    std::string token = sessions_.for_read(call.container, call.range_id);
    if (!token.empty()) request.headers.add("x-ms-session-token", std::move(token));
  }
  const std::string date = format_http_date(runtime_.wall_second());
  const SignedResource& resource = call.path.signed_as;
  request.headers.add("x-ms-version", std::string(kVersion));
  request.headers.add("x-ms-date", date);
  request.headers.add("Authorization", master_key_token(key_, call.method, resource.type, resource.link, date));
  request.headers.add("Accept", "application/json");
  request.headers.add("Cache-Control", "no-cache");
  request.headers.add("x-ms-cosmos-sdk-supportedcapabilities", std::string(kPartitionMerge));
  if (call.effect == Effect::write) {
    request.headers.add("x-ms-cosmos-allow-tentative-writes", "true");
    if (!call.body.empty()) request.headers.add("Content-Type", "application/json");
  }
  request.body = call.body;
  return request;
}

void RequestSender::account(Operation operation, const http::Response& response) {
  Counters& count = counters(operation);
  count.milli_units += milli_units(response.headers.get("x-ms-request-charge"));
  count.bytes_received += response.body.size();
  const auto date = parse_http_date(response.headers.get("Date"));
  if (date && is_of_the_service(response)) {
    std::int64_t newest = newest_server_time_;
    while (date->value > newest && !newest_server_time_.compare_exchange_weak(newest, date->value)) {
    }
  }
}

void RequestSender::note_session(const Call& call, const http::Response& response) {
  if (call.container.empty() || !looked_at_the_data(response)) return;
  sessions_.learn(call.container, response.headers.get("x-ms-content-path"),
                  response.headers.get("x-ms-session-token"));
}

Result<http::Response> RequestSender::attempt(const Call& call, const Route& route, const std::stop_token& stop) {
  ++counters(call.operation).requests;
  SessionTokens::Session seen;
  if (call.keeps_session) seen = sessions_.seen(call.container, call.range_id);
  ASSIGN(http::Response response,
         transport_.send(signed_request(call, route), Deadline::after(runtime_, attempt_timeout_), stop));
  endpoint_known_ = true;
  account(call.operation, response);
  note_session(call, response);
  std::optional<Error> refusal;
  if (!is_answer(response.status)) {
    refusal = status_error(response, call.effect, runtime_.wall_second(), codec::base64_encode(key_));
    if (ends_session(*refusal)) {
      sessions_.forget(call.container);
      return fail(std::move(*refusal));
    }
  }
  // Above all that something is absent is not believed of a replica that lags.
  const bool behind =
      call.keeps_session && looked_at_the_data(response) &&
      seen.is_ahead_of(response.headers.get("x-ms-content-path"), response.headers.get("x-ms-session-token"));
  if (behind) return fail(session_ahead(call.effect));
  if (refusal) return fail(std::move(*refusal));
  return response;
}

// The record as any endpoint that answers has it: one attempt at each, no more, for the call that needs it repeats.
// Calls that fail together ask once.
void RequestSender::read_account_again(const std::stop_token& stop) {
  const SteadyTime now = runtime_.steady_now();
  SteadyTime last = account_read_again_;
  if (last != SteadyTime::min() && now - last < kAccountReadPause) return;
  if (!account_read_again_.compare_exchange_strong(last, now)) return;
  Call call;
  call.method = "GET";
  call.path = resource_path({});
  Route route;
  for (std::size_t left = regions_.count(Effect::read); left > 0 && !stop.stop_requested(); --left) {
    route.place = regions_.choose(Effect::read, route.tried, runtime_.steady_now());
    route.tried.push_back(route.place.base);
    const auto response = attempt(call, route, stop);
    const auto record = response ? json::parse(response->body) : Result<json::Value>(fail(response.error()));
    if (!record) continue;
    regions_.learn(*record);
    return;
  }
}

void RequestSender::note_repeat(Operation operation, RetryReason reason, Milliseconds wait, std::string_view what,
                                std::string_view why) {
  ++counters(operation).retries;
  ++retries_by_reason_[static_cast<std::size_t>(reason)];
  if (!debug_log_) return;
  debug_log_(fmt::format("repeating in {} ms ({}) {}: {}", wait.count(), retry_reason_name(reason), what, why));
}

bool RequestSender::prepare(const Call& call, const Repeat& repeat, const Error& error, Route& route,
                            const std::stop_token& stop) {
  const SteadyTime now = runtime_.steady_now();
  if (repeat.endpoint_down && repeat.reason == RetryReason::write_region_moved) {
    regions_.mark_read_only(route.place.base, now);
  } else if (repeat.endpoint_down) {
    regions_.mark_down(route.place.base, now);
  }
  // A lone endpoint that cannot be reached has nobody to ask about others.
  const bool unreachable = repeat.reason == RetryReason::not_connected && regions_.count(Effect::read) == 1;
  if (repeat.where == Repeat::Where::after_account_read && !is_account_read(call) && !unreachable) {
    read_account_again(stop);
  }
  if (repeat.where != Repeat::Where::here) {
    route.tried.push_back(route.place.base);
    const std::size_t places = regions_.count(reach_of(call));
    if (route.tried.size() >= places) route.tried.assign(1, route.place.base);
    if (places == 1) route.tried.clear();
    route.place = regions_.choose(reach_of(call), route.tried, runtime_.steady_now(), call.ask_last);
  }
  if (repeat.without_session) {
    sessions_.forget(call.container);
    route.with_session = false;
    route.place = regions_.choose(Effect::write, {}, now);
  }
  const std::string_view without = repeat.without_session ? " without a session token" : "";
  note_repeat(call.operation, repeat.reason, repeat.wait,
              fmt::format("{} at {}{}", call.what, route.place.base, without), error.message);
  return runtime_.sleep(repeat.wait, stop);
}

Outcome RequestSender::send(const Call& call, const std::stop_token& stop) {
  Retry retry(runtime_, limits_, {call.effect, !call.range_id.empty(), endpoint_known_, call.keeps_session});
  Route route;
  route.place = regions_.choose(reach_of(call), {}, runtime_.steady_now(), call.ask_last);
  while (true) {
    auto response = attempt(call, route, stop);
    if (response) return {std::move(response), retry.may_have_worked(), route.place.takes_writes, route.place.base};
    Error error = std::move(response).error();
    const auto repeat = retry.next(error, {regions_.count(reach_of(call)), regions_.count(Effect::read)});
    if (!repeat) {
      if (call.effect == Effect::write && retry.may_have_worked()) admit_ambiguity(error);
      // Nothing was to be changed, so nothing is unclear.
      if (call.effect == Effect::read && error.code == Code::ambiguous) error.code = Code::unavailable;
      return {fail(std::move(error).in(call.what)), retry.may_have_worked(), route.place.takes_writes,
              route.place.base};
    }
    if (!prepare(call, *repeat, error, route, stop)) {
      return {fail(Error(Code::cancelled, "stopped while waiting to repeat: " + error.message).in(call.what)),
              retry.may_have_worked(), route.place.takes_writes, route.place.base};
    }
  }
}

Charges RequestSender::charges() const {
  Charges charges;
  for (std::size_t i = 0; i < kOperations; ++i) {
    const Counters& count = counters_[i];
    charges.by_operation[i] = {count.requests, count.retries, count.milli_units, count.bytes_received};
  }
  for (std::size_t i = 0; i < kRetryReasons; ++i) charges.retries_by_reason[i] = retries_by_reason_[i];
  return charges;
}

}  // namespace halley::cosmos
