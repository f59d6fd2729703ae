#include "cosmos/request_sender.h"

#include <charconv>
#include <cmath>

namespace halley::cosmos {
namespace {

constexpr std::string_view kVersion = "2020-07-15";  // The first that knows hierarchical partition keys.
constexpr std::string_view kPartitionMerge = "1";    // Capabilities: partitions may merge under this client.

std::uint64_t milli_units(std::string_view charge) {
  double units = 0;
  const auto [end, error] = std::from_chars(charge.data(), charge.data() + charge.size(), units);
  const bool valid = error == std::errc() && end == charge.data() + charge.size() && units >= 0 && units < 1e9;
  return valid ? static_cast<std::uint64_t>(std::llround(units * 1000)) : 0;
}

// After a lost answer, "certainly not done" can be said of the last attempt only.
void admit_ambiguity(Error& error) {
  if (error.code == Code::unavailable || error.code == Code::throttled || error.code == Code::timeout) {
    error.code = Code::ambiguous;
  }
}

}  // namespace

RequestSender::RequestSender(Runtime& runtime, http::Transport& transport, std::string base, std::string key,
                             const ClientOptions& options)
    : runtime_(runtime),
      transport_(transport),
      base_(std::move(base)),
      key_(std::move(key)),
      attempt_timeout_(options.attempt_timeout),
      limits_{options.max_attempts, options.throttle_patience} {}

http::Request RequestSender::signed_request(const Call& call) {
  http::Request request;
  request.method = call.method;
  request.url = base_ + call.path.encoded;
  request.headers = call.headers;
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
  if (const auto date = parse_http_date(response.headers.get("Date"))) {
    std::int64_t newest = newest_server_time_;
    while (date->value > newest && !newest_server_time_.compare_exchange_weak(newest, date->value)) {
    }
  }
}

Result<http::Response> RequestSender::attempt(const Call& call, const std::stop_token& stop) {
  ++counters(call.operation).requests;
  ASSIGN(http::Response response,
         transport_.send(signed_request(call), Deadline::after(runtime_, attempt_timeout_), stop));
  endpoint_known_ = true;
  account(call.operation, response);
  if (!is_answer(response.status)) return fail(status_error(response, call.effect, runtime_.wall_second()));
  return response;
}

Outcome RequestSender::send(const Call& call, const std::stop_token& stop) {
  Retry retry(runtime_, limits_, endpoint_known_);
  while (true) {
    auto response = attempt(call, stop);
    if (response) return {std::move(response), retry.may_have_worked()};
    Error error = std::move(response).error();
    const auto wait = retry.next(error);
    if (!wait) {
      if (call.effect == Effect::write && retry.may_have_worked()) admit_ambiguity(error);
      return {fail(std::move(error).in(call.what)), retry.may_have_worked()};
    }
    if (!runtime_.sleep(*wait, stop)) {
      return {fail(Error(Code::cancelled, "stopped while waiting to repeat: " + error.message).in(call.what)),
              retry.may_have_worked()};
    }
    ++counters(call.operation).retries;
  }
}

Charges RequestSender::charges() const {
  Charges charges;
  for (std::size_t i = 0; i < kOperations; ++i) {
    const Counters& count = counters_[i];
    charges.by_operation[i] = {count.requests, count.retries, count.milli_units, count.bytes_received};
  }
  return charges;
}

}  // namespace halley::cosmos
