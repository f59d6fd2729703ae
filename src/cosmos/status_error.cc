#include "cosmos/status_error.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "base/time.h"
#include "cosmos/sub_status.h"
#include "http/message.h"
#include "json/value.h"

namespace halley::cosmos {
namespace {

constexpr std::size_t kMaxMessage = 400;
constexpr std::size_t kMaxErrorBody = 256 * 1024;
constexpr std::int64_t kSuspiciousSkew = 5 * 60;  // The service itself allows 15 minutes.

// The whole number a header's value begins with; 0 when it is absent or anything else.
int header_number(const http::Headers& headers, std::string_view name) {
  const std::string_view text = headers.get(name);
  int number = 0;
  const bool valid = std::from_chars(text.data(), text.data() + text.size(), number).ec == std::errc();
  return valid && number > 0 ? number : 0;
}

// What the service wraps into messages: {"Errors":["…"]}.
std::string joined_errors(const json::Value& wrapped) {
  std::string joined;
  if (const json::Value* errors = wrapped.find("Errors"); errors != nullptr) {
    for (const json::Value& error : errors->items()) joined += (joined.empty() ? "" : "; ") + error.text();
  }
  return joined;
}

bool holds(std::string_view text, std::string_view key) {
  if (key.empty()) return false;
  return text.find(key) != std::string_view::npos || text.find(http::percent_encode(key)) != std::string_view::npos ||
         http::percent_decode(text).value_or("").find(key) != std::string::npos;
}

// One line of what the service said, cut before its activity ids and before anything that looks like a
// signature.
std::string tidy(std::string text) {
  for (const std::string_view mark : {"\r\nActivityId", "\nActivityId", ", Windows/", "sig=", "sig%3"}) {
    text.resize(std::min(text.find(mark), text.size()));
  }
  if (text.starts_with("Message: ")) text.erase(0, 9);
  if (const auto inner = json::parse(text)) text = joined_errors(*inner);
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

std::string service_message(const http::Response& response, std::string_view key) {
  if (response.body.size() > kMaxErrorBody) return {};
  const auto body = json::parse(response.body);
  return body ? shown_words(body->string_at("message"), key) : std::string();
}

Code unclear(Effect effect) { return effect == Effect::read ? Code::unavailable : Code::ambiguous; }

Code not_found_code(int sub_status) {
  // No replica is as new as the session yet, or the container is still being created.
  return sub_status == kSessionAhead || sub_status == kContainerNotReady ? Code::unavailable : Code::not_found;
}

std::string unauthorized_hint(const http::Response& response, Second now) {
  const auto date = parse_http_date(response.headers.get("Date"));
  const std::int64_t skew = date ? now - *date : 0;
  if (skew > kSuspiciousSkew || skew < -kSuspiciousSkew) {
    return "this machine's clock is " + std::to_string(skew < 0 ? -skew : skew) + " s " +
           (skew < 0 ? "behind" : "ahead of") + " the service's: set it right";
  }
  return "check that the key belongs to this account, and that this machine's clock is right";
}

std::string hint_of(const http::Response& response, int sub_status, Second now) {
  switch (response.status) {
    case 401:
      return unauthorized_hint(response, now);
    case 403:
      if (sub_status == kNoWritesHere) return "this region takes no writes: use the account's global endpoint";
      if (sub_status == kNotInRegion) return "the account is not in this region: use the account's global endpoint";
      if (sub_status == kKeysDisabled) return "keys are disabled for this account";
      if (sub_status == kPartitionFull) return "a logical partition is full (20 GB)";
      return sub_status == 0 ? unauthorized_hint(response, now) : std::string();
    case 413:
      return "the request is too large: send fewer or smaller documents at once";
    case 429:
      return "give the container or the account more throughput, or ask for less at a time";
    default:
      return {};
  }
}

}  // namespace

Code code_of(int status, int sub_status, Effect effect) {
  switch (status) {
    case 401:
      return Code::unauthorized;
    case 403:
      return Code::forbidden;
    case 404:
      return not_found_code(sub_status);
    case 405:
    case 501:
      return Code::unsupported;
    case 408:
      return Code::timeout;
    case 409:
      return Code::already_exists;
    case 410:
      return sub_status == kLeaseLost ? Code::unavailable : Code::gone;
    case 412:
      return Code::precondition;
    case 429:
      return Code::throttled;
    case 449:
    case 503:
      return Code::unavailable;  // Both promise that nothing was done.
    default:
      break;
  }
  if (status >= 500) return unclear(effect);
  return status >= 400 ? Code::invalid_argument : Code::corrupt;
}

std::string shown_words(std::string said, std::string_view key) {
  said = tidy(std::move(said));
  if (holds(said, key)) return "(its words hold the account's key, and are not shown)";
  return said.size() <= kMaxMessage ? said : fmt::format("{}…", std::string_view(said).substr(0, kMaxMessage));
}

bool is_answer(int status) { return (status >= 200 && status < 300) || status == 304; }

Error status_error(const http::Response& response, Effect effect, Second now, std::string_view key) {
  const int sub_status = header_number(response.headers, "x-ms-substatus");
  std::string message = "the service answered " + std::to_string(response.status);
  if (sub_status != 0) message += "/" + std::to_string(sub_status);
  if (const std::string said = service_message(response, key); !said.empty()) message += ": " + said;
  Error error(code_of(response.status, sub_status, effect), std::move(message), hint_of(response, sub_status, now));
  error.status = response.status;
  error.sub_status = sub_status;
  if (response.headers.find("x-ms-retry-after-ms") != nullptr) {
    error.retry_after = Milliseconds(header_number(response.headers, "x-ms-retry-after-ms"));
  }
  return error;
}

}  // namespace halley::cosmos
