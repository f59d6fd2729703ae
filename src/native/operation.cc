#include "native/operation.h"

#include <algorithm>

#include "identity/cloud.h"
#include "json/writer.h"
#include "native/arm_error.h"

namespace halley::native {
namespace {

bool is_one_of(const std::string& text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](auto word) { return http::equal_ignoring_case(text, word); });
}

// At the same place, or below its name ("westus.management.azure.com").
bool is_ours(const std::string& url, const std::string& origin) {
  const std::string at = identity::origin_of(url);
  if (http::equal_ignoring_case(at, origin)) return true;
  const std::size_t host = origin.find("://") + 3;
  return at.starts_with(origin.substr(0, host)) && at.ends_with("." + origin.substr(host));
}

// The last segment of the path.
std::string id_in(const std::string& url) {
  const std::string path = url.substr(0, url.find('?'));
  return path.substr(path.rfind('/') + 1);
}

Status check_url(const std::string& url, const std::string& origin) {
  if (url.empty() || is_ours(url, origin)) return {};
  const std::string place = identity::origin_of(url);
  return fail(Code::corrupt, "the operation is to be asked about at " + (place.empty() ? "no URL" : place) +
                                 ", which is not Resource Manager");
}

// The state that the word for it stands for; an error when it is a failure.
Result<OperationState> state_of(const std::string& status, const json::Value& body) {
  OperationState state;
  state.status = status;
  if (is_one_of(status, {"Failed", "Canceled", "Cancelled"})) {
    const json::Value* error = body.find("error");
    return fail(operation_error(status, error == nullptr ? body : *error));
  }
  state.done = is_one_of(status, {"Succeeded", "Completed"});
  return state;
}

std::string_view outcome_name(Outcome outcome) {
  if (outcome == Outcome::behind_location) return "behind_location";
  return outcome == Outcome::nothing ? "nothing" : "resource";
}

Outcome outcome_of(std::string_view name) {
  if (name == "behind_location") return Outcome::behind_location;
  return name == "nothing" ? Outcome::nothing : Outcome::resource;
}

json::Value body_of(const http::Response& response) { return json::parse(response.body).value_or(json::Value()); }

}  // namespace

Result<std::optional<Operation>> accepted_operation(const http::Response& response, const std::string& method,
                                                    const std::string& resource, const std::string& origin) {
  Operation operation;
  operation.status_url = response.headers.get("Azure-AsyncOperation");
  // With 200 a Location may be the place of a resource; only with 202 is it that of a result to come.
  if (response.status == 202 || !operation.status_url.empty()) operation.result_url = response.headers.get("Location");
  operation.resource = resource;
  if (method == "POST" && !operation.result_url.empty()) operation.outcome = Outcome::behind_location;
  if (method == "DELETE") operation.outcome = Outcome::nothing;
  TRY(check_url(operation.status_url, origin));
  TRY(check_url(operation.result_url, origin));
  const std::string& url = operation.status_url.empty() ? operation.result_url : operation.status_url;
  if (url.empty() && response.status != 202 && response.status != 201) return std::optional<Operation>();
  operation.id = url.empty() ? std::string() : id_in(url);
  return std::optional(std::move(operation));
}

Result<OperationState> read_status_answer(const http::Response& response) {
  const json::Value body = body_of(response);
  const std::string status = body.is_object() ? body.string_at("status") : std::string();
  if (status.empty() && response.status == 202) return OperationState{};
  if (status.empty()) return fail(Code::corrupt, "the answer about an operation does not say how it stands");
  return state_of(status, body);
}

Result<OperationState> read_result_answer(const http::Response& response) {
  const json::Value body = body_of(response);
  OperationState state;
  state.status = body.is_object() ? body.string_at("status") : std::string();
  if (response.status == 202) return state;
  // Some say that they go on with 200, too.
  if (is_one_of(state.status, {"Enqueued", "Dequeued", "InProgress", "Running"})) return state;
  if (is_one_of(state.status, {"Failed", "Canceled", "Cancelled"})) return state_of(state.status, body);
  state.done = true;
  state.status = "Succeeded";
  state.result = body;
  return state;
}

Result<OperationState> read_resource_answer(const http::Response& response) {
  const json::Value body = body_of(response);
  const json::Value* properties = body.is_object() ? body.find("properties") : nullptr;
  std::string status = properties == nullptr ? std::string() : properties->string_at("provisioningState");
  // Databases and containers have none: when they can be read they are there.
  if (status.empty()) status = "Succeeded";
  ASSIGN(OperationState state, state_of(status, body));
  if (state.done) state.result = body;
  return state;
}

std::string operation_text(const Operation& operation) {
  std::string json;
  json::Writer(json)
      .begin_object()
      .member("id", operation.id)
      .member("what", operation.what)
      .member("status_url", operation.status_url)
      .member("result_url", operation.result_url)
      .member("resource", operation.resource)
      .member("outcome", outcome_name(operation.outcome))
      .member_integer("begun", operation.begun.value)
      .end_object();
  return json + "\n";
}

Result<Operation> parse_operation(const std::string& text, const std::string& origin) {
  const auto body = json::parse(text);
  if (!body || !body->is_object()) return fail(Code::corrupt, "it is not a saved operation");
  Operation operation;
  operation.id = body->string_at("id");
  operation.what = body->string_at("what");
  operation.status_url = body->string_at("status_url");
  operation.result_url = body->string_at("result_url");
  operation.resource = body->string_at("resource");
  operation.outcome = outcome_of(body->string_at("outcome"));
  const json::Value* begun = body->find("begun");
  operation.begun = {begun == nullptr ? 0 : begun->as_integer().value_or(0)};
  TRY(check_url(operation.status_url, origin));
  TRY(check_url(operation.result_url, origin));
  if (!operation.resource.starts_with('/')) return fail(Code::corrupt, "it is not a saved operation");
  return operation;
}

}  // namespace halley::native
