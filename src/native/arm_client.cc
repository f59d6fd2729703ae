#include "native/arm_client.h"

#include <algorithm>
#include <set>

#include "http/repeat.h"
#include "identity/cloud.h"
#include "native/arm_error.h"

namespace halley::native {
namespace {

constexpr int kMaxPages = 1000;
constexpr int kMaxFailedLooks = 10;
constexpr Milliseconds kShortestInterval{200};
constexpr Milliseconds kLongestInterval{300000};

bool is_success(int status) { return status >= 200 && status < 300; }

// The operation or its URL is forgotten, or the signature in it is not taken any more.
bool leads_nowhere(const Error& error) {
  return error.status == 400 || error.status == 403 || error.status == 404 || error.status == 410;
}

bool is_passing(const Error& error) {
  return error.code == Code::unavailable || error.code == Code::timeout || error.code == Code::throttled;
}

}  // namespace

ArmClient::ArmClient(Runtime& runtime, http::Transport& transport, identity::TokenSource& tokens, ArmOptions options)
    : runtime_(runtime),
      transport_(transport),
      tokens_(tokens),
      options_(std::move(options)),
      origin_(identity::origin_of(options_.base)) {}

Result<http::Response> ArmClient::answer(const http::Request& request, bool changes, const std::string& what,
                                         const std::stop_token& stop) {
  http::RepeatPolicy policy;
  policy.may_be_done_twice = !changes;
  policy.on_repeat = [&](const std::string& why, Milliseconds wait) {
    if (options_.debug_log) {
      options_.debug_log("repeating in " + std::to_string(wait.count()) + " ms " + what + ": " + why);
    }
  };
  for (int attempt = 1;; ++attempt) {
    auto token = tokens_.token(options_.scope, stop);
    if (!token) return fail(std::move(token).error().in(what));
    http::Request signed_request = request;
    signed_request.headers.add("Authorization", "Bearer " + *token);
    signed_request.headers.add("Accept", "application/json");
    if (!request.body.empty()) signed_request.headers.add("Content-Type", "application/json");
    auto response = http::send_repeating(runtime_, transport_, signed_request, policy, stop);
    if (!response) {
      Error error = std::move(response).error();
      const bool open = error.code == Code::timeout || error.code == Code::ambiguous;
      if (open) error.code = changes ? Code::ambiguous : Code::unavailable;
      if (open && changes) error.hint = "it may have been done: 'halley native status' shows how things stand";
      return fail(std::move(error).in(what));
    }
    if (is_success(response->status)) return response;
    if (response->status == 401 && attempt == 1) {
      tokens_.forget(options_.scope, *token);
      continue;
    }
    return fail(arm_error(*response, changes, runtime_.wall_second()).in(what));
  }
}

Result<http::Response> ArmClient::ask(const std::string& url, const std::string& what, const std::stop_token& stop) {
  return answer({"GET", url, {}, {}}, false, what, stop);
}

Result<json::Value> ArmClient::send(const Request& request, const std::string& what, std::stop_token stop) {
  ASSIGN(const http::Response response,
         answer({request.method, options_.base + request.target(), {}, request.body}, request.changes(), what, stop));
  if (response.body.empty()) return json::Value();
  auto body = json::parse(response.body);
  if (!body) return fail(std::move(body).error().in(what));
  return body;
}

Result<std::vector<json::Value>> ArmClient::list(const Request& request, const std::string& what,
                                                 std::stop_token stop) {
  std::vector<json::Value> all;
  std::set<std::string> seen;
  std::string url = options_.base + request.target();
  while (!url.empty()) {
    if (identity::origin_of(url) != origin_ || !seen.insert(url).second || seen.size() > kMaxPages) {
      return fail(Error(Code::corrupt, "the list goes on somewhere else, in a circle, or without end").in(what));
    }
    ASSIGN(const http::Response response, ask(url, what, stop));
    auto page = json::parse(response.body);
    const json::Value* value = page && page->is_object() ? page->find("value") : nullptr;
    if (value == nullptr || !value->is_array()) return fail(Error(Code::corrupt, "the answer is no list").in(what));
    all.insert(all.end(), value->items().begin(), value->items().end());
    url = page->string_at("nextLink");
  }
  return all;
}

Result<ArmClient::Accepted> ArmClient::accept(const Request& request, const std::string& what,
                                              const std::stop_token& stop) {
  Accepted accepted;
  ASSIGN(accepted.response,
         answer({request.method, options_.base + request.target(), {}, request.body}, request.changes(), what, stop));
  auto operation = accepted_operation(accepted.response, request.method, request.path, origin_);
  if (!operation) return fail(std::move(operation).error().in(what));
  accepted.operation = *std::move(operation);
  if (accepted.operation) {
    accepted.operation->what = what;
    accepted.operation->begun = runtime_.wall_second();
  }
  return accepted;
}

Result<std::optional<Operation>> ArmClient::begin(const Request& request, const std::string& what,
                                                  std::stop_token stop) {
  ASSIGN(Accepted accepted, accept(request, what, stop));
  return std::move(accepted.operation);
}

Result<OperationState> ArmClient::look_at_resource(const Operation& operation, const std::stop_token& stop) {
  ASSIGN(const http::Response response, ask(options_.base + get(operation.resource).target(), operation.what, stop));
  auto state = read_resource_answer(response);
  if (!state) return fail(std::move(state).error().in(operation.what));
  state->wait = http::retry_after(response, runtime_.wall_second());
  return state;
}

Result<OperationState> ArmClient::look(const Operation& operation, std::stop_token stop) {
  const bool by_status = !operation.status_url.empty();
  const std::string& url = by_status ? operation.status_url : operation.result_url;
  if (url.empty()) return look_at_resource(operation, stop);
  auto response = ask(url, operation.what, stop);
  if (!response && leads_nowhere(response.error()) && operation.outcome == Outcome::resource) {
    return look_at_resource(operation, stop);
  }
  if (!response) return fail(std::move(response).error());
  auto state = by_status ? read_status_answer(*response) : read_result_answer(*response);
  if (!state) return fail(std::move(state).error().in(operation.what));
  state->wait = http::retry_after(*response, runtime_.wall_second());
  return state;
}

Result<json::Value> ArmClient::finish(const Operation& operation, const OnProgress& progress, std::stop_token stop) {
  const auto deadline = Deadline::after(runtime_, options_.patience);
  OperationState state;
  for (int failed = 0; !state.done;) {
    auto looked = look(operation, stop);
    if (!looked && (!is_passing(looked.error()) || ++failed > kMaxFailedLooks)) return fail(std::move(looked).error());
    if (looked) {
      failed = 0;
      state = *std::move(looked);
      if (progress) progress(operation, state.status);
    }
    if (state.done) break;
    if (deadline.passed(runtime_)) {
      return fail(Error(Code::timeout, "it is not done yet, and goes on").in(operation.what));
    }
    const Milliseconds wait = std::clamp(state.wait.value_or(options_.interval), kShortestInterval, kLongestInterval);
    if (!runtime_.sleep(wait, stop)) {
      return fail(Error(Code::cancelled, "stopped while waiting; it goes on").in(operation.what));
    }
  }
  if (operation.outcome == Outcome::nothing) return json::Value();
  if (operation.outcome == Outcome::resource) return send(get(operation.resource), operation.what, stop);
  if (operation.status_url.empty()) return std::move(state.result);
  ASSIGN(const http::Response response, ask(operation.result_url, operation.what, stop));
  return json::parse(response.body).value_or(json::Value());
}

Result<json::Value> ArmClient::run(const Request& request, const std::string& what, std::stop_token stop) {
  ASSIGN(const Accepted accepted, accept(request, what, stop));
  if (accepted.operation) return finish(*accepted.operation, {}, stop);
  if (request.method == "DELETE") return json::Value();
  if (request.method != "POST") return send(get(request.path), what, stop);
  return json::parse(accepted.response.body).value_or(json::Value());
}

}  // namespace halley::native
