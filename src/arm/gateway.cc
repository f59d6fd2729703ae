#include "arm/gateway.h"

#include <fmt/format.h>

#include <algorithm>

#include "arm/routes.h"
#include "json/writer.h"
#include "runtime/guid.h"

namespace halley::arm {
namespace {

constexpr std::string_view kDoor = "_emulator";
constexpr std::int64_t kTokenSeconds = 3600;
constexpr std::int64_t kMostSeconds = 100LL * 366 * 86400;
constexpr Second kLastSecond{253402300799};  // of years with four digits

tl::unexpected<Error> unauthenticated(std::string_view code, std::string message) {
  return refuse(401, code, std::move(message));
}

Status check_token(const http::ServerRequest& request) {
  const std::string_view authorization = request.headers.get("authorization");
  if (authorization.empty()) {
    return unauthenticated("AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.");
  }
  if (authorization.size() > 7 && http::equal_ignoring_case(authorization.substr(0, 7), "Bearer ")) return {};
  return unauthenticated("InvalidAuthenticationToken", "The access token is invalid.");
}

bool is_token_path(const Call& call) {
  return call.matches(0, {"*", "oauth2", "v2.0", "token"}) && call.method == "POST";
}

// The members of a form, by Call's reading of queries.
Result<Call> read_form(const http::ServerRequest& request) {
  const std::string target = "/?" + std::string(request.body);
  return read_call({request.method, target, request.headers, {}});
}

Reply sign_in_refused(int status, std::string_view error, std::string_view description) {
  std::string json;
  json::Writer(json).begin_object().member("error", error).member("error_description", description).end_object();
  return json_reply(status, json);
}

// Any secret will do; one must be there.
Result<Reply> sign_in(const http::ServerRequest& request) {
  ASSIGN(const Call form, read_form(request));
  if (form.query_of("grant_type") != "client_credentials") {
    return sign_in_refused(400, "unsupported_grant_type", "AADSTS70003: The app requested an unsupported grant type.");
  }
  if (form.query_of("client_id").empty() ||
      (form.query_of("client_secret").empty() && form.query_of("client_assertion").empty())) {
    return sign_in_refused(401, "invalid_client",
                           "AADSTS7000218: The request body must contain: 'client_assertion' or 'client_secret'.");
  }
  std::string json;
  json::Writer writer(json);
  writer.begin_object().member("token_type", "Bearer").member_integer("expires_in", kTokenSeconds);
  writer.member("access_token", "emulator-" + form.query_of("client_id")).end_object();
  return json_reply(200, json);
}

// "Microsoft.DocumentDB/databaseAccounts/read": what a role must allow for a request.
std::string action_of(const Call& call) {
  const auto provider = std::find_if(call.path.begin(), call.path.end(),
                                     [](const auto& part) { return http::equal_ignoring_case(part, kProvider); });
  std::string action(kProvider);
  // Kinds and names take turns behind it.
  for (auto at = static_cast<std::size_t>(provider - call.path.begin()) + 1; at < call.path.size(); at += 2) {
    action += "/" + call.path[at];
  }
  if (call.method == "POST") return action + "/action";
  return action + (call.method == "GET" || call.method == "HEAD" ? "/read"
                   : call.method == "DELETE"                     ? "/delete"
                                                                 : "/write");
}

std::pair<std::string, std::string> words_of_fault(int status, const Call& call) {
  switch (status) {
    case 401:
      return {"ExpiredAuthenticationToken",
              "The access token expiry UTC time is earlier than current UTC time: the access token expired."};
    case 403:
      return {"AuthorizationFailed",
              fmt::format("The client 'emulator' with object id '00000000-0000-4000-8000-000000000002' does not have "
                          "authorization to perform action '{}' over scope '{}' or the scope is invalid. If access was "
                          "recently granted, please refresh your credentials.",
                          action_of(call), path_text(call.path))};
    case 412:
      return {"PreconditionFailed",
              "There is already an operation in progress which requires exclusive lock on this account. Please retry "
              "the operation after sometime."};
    case 429:
      return {"SubscriptionRequestsThrottled",
              fmt::format("Number of requests for subscription '{}' exceeded the limit for time interval '01:00:00'. "
                          "Please try again later.",
                          call.path.size() > 1 ? call.path[1] : "")};
    case 503:
      return {"ServiceUnavailable", "The service is unavailable. A fault that was asked for."};
    default:
      return {status >= 500 ? "InternalServerError" : "BadRequest", "A fault that was asked for."};
  }
}

Result<std::int64_t> number_at(const json::Value& body, std::string_view name, std::int64_t otherwise,
                               std::int64_t lowest, std::int64_t highest) {
  const json::Value* value = body.find(name);
  if (value == nullptr) return otherwise;
  const auto number = value->as_integer();
  if (number && *number >= lowest && *number <= highest) return *number;
  return bad_request(fmt::format("'{}' must be a whole number from {} to {}.", name, lowest, highest));
}

}  // namespace

Reply Gateway::fault_reply(const server::Fault& fault, const http::ServerRequest& request) {
  const int status = fault.kind == server::Fault::Kind::throttle ? 429 : fault.status;
  const Call call = read_call({request.method, request.target, request.headers, {}}).value_or(Call());
  if (is_token_path(call)) return sign_in_refused(status, "invalid_client", "AADSTS7000222: The secret is expired.");
  const auto [code, message] = words_of_fault(status, call);
  Reply reply = error_reply(refuse(status, code, message).value());
  if (status == 429) reply.headers.set("x-ms-ratelimit-remaining-subscription-reads", "0");
  if (status == 401) reply.headers.set("WWW-Authenticate", "Bearer error=\"invalid_token\"");
  if (status == 429 || fault.retry_after) {
    const std::int64_t pause = fault.retry_after.value_or(Milliseconds(1000)).count();
    reply.headers.set("Retry-After", std::to_string((pause + 999) / 1000));
  }
  return reply;
}

http::ServerResponse Gateway::handle(const http::ServerRequest& request) {
  using Kind = server::Fault::Kind;
  const bool at_door = request.target.starts_with("/_emulator/");
  const auto fault = faults_.armed() && !at_door ? faults_.next(request, "") : std::nullopt;
  if (!fault) return reply_to(request);
  Reply none;
  none.drop_connection = true;
  if (fault->kind == Kind::drop) return none;
  if (fault->kind == Kind::throttle || (fault->kind == Kind::status && !fault->processed)) {
    return fault_reply(*fault, request);
  }
  if (fault->kind == Kind::delay) (void)subscription_.runtime().sleep(fault->delay, interrupted_.get_token());
  Reply reply = reply_to(request);
  if (fault->kind == Kind::status) return fault_reply(*fault, request);
  if (fault->kind == Kind::lose_reply) return none;
  if (fault->kind == Kind::truncate) {
    const auto size = static_cast<std::int64_t>(reply.body.size());
    reply.truncate_after = fault->bytes < 0 ? size / 2 : std::min(size, fault->bytes);
  }
  return reply;
}

Reply Gateway::reply_to(const http::ServerRequest& request) {
  auto answered = answer(request);
  Reply reply = answered ? *std::move(answered) : error_reply(answered.error());
  const std::string id = new_guid(subscription_.runtime());
  reply.headers.set("x-ms-request-id", id);
  reply.headers.set("x-ms-correlation-request-id", id);
  reply.headers.set("Date", format_http_date(subscription_.runtime().wall_second()));
  return reply;
}

Result<Reply> Gateway::answer(const http::ServerRequest& request) {
  if (request.method == "POST" && request.target.find("/oauth2/v2.0/token") != std::string_view::npos) {
    return sign_in(request);
  }
  ASSIGN(const Call call, read_call(request));
  const std::lock_guard lock(mutex_);
  subscription_.forget_what_expired();
  if (test_door_ && !call.path.empty() && call.path[0] == kDoor) return serve_door(call);
  TRY(check_token(request));
  if (call.api_version().empty()) {
    return refuse(400, "MissingApiVersionParameter",
                  "The api-version query parameter (?api-version=) is required for all requests.");
  }
  return route(call);
}

Result<Reply> Gateway::route(const Call& call) {
  const auto& path = call.path;
  const auto is = [&](std::size_t at, std::string_view word) {
    return at < path.size() && http::equal_ignoring_case(path[at], word);
  };
  if (!is(0, "subscriptions") || path.size() < 2) return no_such_route(call);
  const SubscriptionOptions& options = subscription_.options();
  if (!is(1, options.id)) {
    return refuse(404, "SubscriptionNotFound", fmt::format("The subscription '{}' could not be found.", path[1]));
  }
  const bool in_group = is(2, "resourceGroups");
  if (in_group && !is(3, options.resource_group)) {
    return refuse(404, "ResourceGroupNotFound",
                  fmt::format("Resource group '{}' could not be found.", path.size() > 3 ? path[3] : ""));
  }
  const std::size_t at = in_group ? 4 : 2;
  if (!is(at, "providers") || !is(at + 1, kProvider)) return no_such_route(call);
  if (path.size() > 2 && (is(path.size() - 2, "operationsStatus") || is(path.size() - 2, "operationResults"))) {
    return serve_operation(call);
  }
  if (path.size() == at + 3 && is(at + 2, "databaseAccounts") && call.method == "GET") {
    std::vector<std::string> list;
    for (const auto& account : subscription_.live()) list.push_back(account_json(*account, call));
    return list_reply(call, list, options.page);
  }
  if (!in_group) return serve_restorable(call, subscription_);
  if (path.size() <= kAccountAt || !is(kAccountAt - 1, "databaseAccounts")) return no_such_route(call);
  const bool roles = is(kAccountAt + 1, "sqlRoleDefinitions") || is(kAccountAt + 1, "sqlRoleAssignments");
  if (roles) return serve_roles(call, subscription_);
  return is(kAccountAt + 1, "sqlDatabases") ? serve_databases(call, subscription_)
                                            : serve_accounts(call, subscription_);
}

Result<Reply> Gateway::serve_operation(const Call& call) {
  Operation* const operation = subscription_.operations().find(call.path.back());
  if (operation == nullptr || call.method != "GET") {
    return refuse(404, "NotFound", "The operation is not known, or was forgotten.");
  }
  // One that only reads has plain URLs.
  if (!operation->account.empty() && !Operations::is_signed(call, *operation)) {
    return refuse(403, "InvalidSignature", "The signature of the operation's URL is not valid.");
  }
  subscription_.operations().look(*operation);
  const bool status = http::equal_ignoring_case(call.path[call.path.size() - 2], "operationsStatus");
  return status ? subscription_.operations().status_reply(*operation)
                : subscription_.operations().result_reply(call, *operation);
}

Result<Reply> Gateway::serve_door(const Call& call) {
  const std::string door = call.path.size() == 2 ? call.path[1] : "";
  if (door == "fault" && call.method == "GET") return json_reply(200, faults_.describe());
  if (call.method != "POST" || !call.body.is_object()) return bad_request("The body must be a JSON object.");
  if (door == "clock") {
    ASSIGN(const auto seconds, number_at(call.body, "advance", 0, -kMostSeconds, kMostSeconds));
    const Second then = subscription_.now() + seconds;
    if (then < Second{0} || then > kLastSecond) return bad_request("The clock goes from 1970 to 9999.");
    subscription_.advance(seconds);
    return json_reply(200, fmt::format(R"({{"now":"{}"}})", format_rfc3339(subscription_.now())));
  }
  if (door == "operations") return set_operations(call.body);
  if (door == "backup") {
    ASSIGN(const auto not_yet, number_at(call.body, "not_yet", 0, 0, 1'000'000));
    ASSIGN(const auto lag, number_at(call.body, "lag", 0, 0, kMostSeconds));
    subscription_.backup() = {static_cast<int>(not_yet), lag};
    return json_reply(200, "{}");
  }
  if (door != "fault") return refuse(404, "NotFound", "There is no such test door.");
  if (call.body.find("clear") != nullptr) {
    faults_.clear();
    return json_reply(200, "{}");
  }
  auto fault = server::parse_fault(call.body);
  if (!fault) return bad_request(fault.error().message);
  faults_.arm(*std::move(fault));
  return json_reply(200, "{}");
}

Result<Reply> Gateway::set_operations(const json::Value& body) {
  Operations& operations = subscription_.operations();
  if (const std::string code = body.string_at("fail"); !code.empty()) {
    ASSIGN(const auto count, number_at(body, "count", 1, 0, 1'000'000));
    operations.fail_next({code, body.string_at("message", "A failure that was asked for.")}, static_cast<int>(count));
    return json_reply(200, "{}");
  }
  ASSIGN(const auto looks, number_at(body, "looks", 2, 0, 1'000'000));
  ASSIGN(const auto retry_after, number_at(body, "retry_after", 0, 0, 3600));
  operations.set_pace(static_cast<int>(looks), retry_after);
  return json_reply(200, "{}");
}

}  // namespace halley::arm
