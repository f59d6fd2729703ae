#include "arm/answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "json/writer.h"

namespace halley::arm {
namespace {

// The codes that Cosmos DB answers with itself.
constexpr std::array<std::string_view, 4> kProviderCodes = {"BadRequest", "Conflict", "NotFound", "PreconditionFailed"};
constexpr std::string_view kActivity = "\r\nActivityId: 00000000-0000-4000-8000-000000000000, ";
constexpr std::string_view kSoftware = "Microsoft.Azure.Documents.Common/2.14.0";

std::string flat_error(std::string_view code, std::string_view message) {
  std::string json;
  json::Writer(json).begin_object().member("code", code).member("message", message).end_object();
  return json;
}

std::string as_string(std::string_view text) {
  std::string json;
  json::append_string(json, text);
  return json;
}

// The same words three times wrapped, as the service does it.
std::string not_found_text(std::string_view message) {
  const std::string innermost =
      fmt::format("Message: {{\"Errors\":[{}]}}{}Request URI: /apps/", as_string(message), kActivity);
  return fmt::format("Message: {}, Request URI: /dbs, RequestStats: , SDK: {}", flat_error("NotFound", innermost),
                     kSoftware);
}

}  // namespace

Reply json_reply(int status, std::string body) {
  Reply reply;
  reply.status = status;
  reply.headers.add("Content-Type", "application/json; charset=utf-8");
  reply.body = std::move(body);
  return reply;
}

Reply list_reply(const Call& call, const std::vector<std::string>& elements, std::size_t page) {
  const std::string token = call.query_of("$skiptoken");
  std::size_t from = 0;
  std::from_chars(token.data(), token.data() + token.size(), from);
  from = std::min(from, elements.size());
  const std::size_t end = page == 0 ? elements.size() : std::min(elements.size(), from + page);
  std::string json;
  json::Writer writer(json);
  writer.begin_object().key("value").begin_array();
  for (std::size_t i = from; i < end; ++i) writer.raw(elements[i]);
  writer.end_array();
  if (end < elements.size()) {
    std::string link = call.base + path_text(call.path) + "?$skiptoken=" + std::to_string(end);
    for (const auto& [name, value] : call.query) {
      if (name != "$skiptoken") link += "&" + name + "=" + http::percent_encode(value);
    }
    writer.member("nextLink", link);
  }
  writer.end_object();
  return json_reply(200, std::move(json));
}

tl::unexpected<Error> refuse(int status, std::string_view code, std::string message) {
  Error error(Code::invalid_argument, std::move(message), std::string(code));
  error.status = status;
  return tl::unexpected<Error>(std::move(error));
}

tl::unexpected<Error> no_such_route(const Call& call) {
  return refuse(404, "InvalidResourceType",
                fmt::format("The resource '{}' could not be found for the method {} and the api version '{}'.",
                            path_text(call.path), call.method, call.api_version()));
}

tl::unexpected<Error> no_such_account(const std::string& resource_group, const std::string& name) {
  return refuse(404, "ResourceNotFound",
                fmt::format("The Resource 'Microsoft.DocumentDB/databaseAccounts/{}' under resource group '{}' was not "
                            "found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
                            name, resource_group));
}

tl::unexpected<Error> no_such_resource() {
  return refuse(404, "NotFound", "Resource Not Found. Learn more: https://aka.ms/cosmosdb-tsg-not-found");
}

tl::unexpected<Error> bad_request(std::string message) { return refuse(400, "BadRequest", std::move(message)); }

std::string error_object(std::string_view code, std::string_view message) {
  return fmt::format(R"({{"error":{}}})", flat_error(code, message));
}

Reply error_reply(const Error& error) {
  const int status = error.status == 0 ? 500 : error.status;
  const std::string_view code = error.hint.empty() ? std::string_view("InternalServerError") : error.hint;
  const bool providers = std::find(kProviderCodes.begin(), kProviderCodes.end(), code) != kProviderCodes.end();
  if (!providers) return json_reply(status, error_object(code, error.message));
  return json_reply(status,
                    flat_error(code, code == "NotFound" ? not_found_text(error.message)
                                                        : fmt::format("{}{}{}", error.message, kActivity, kSoftware)));
}

std::string american_time(Second moment) {
  const std::string text = format_rfc3339(moment);  // 2024-06-25T23:29:09Z
  const auto number = [&](std::size_t at, std::size_t size) { return std::stoi(text.substr(at, size)); };
  const int hour = number(11, 2);
  return fmt::format("{}/{}/{} {}:{} {}", number(5, 2), number(8, 2), number(0, 4), hour % 12 == 0 ? 12 : hour % 12,
                     text.substr(14, 5), hour < 12 ? "AM" : "PM");
}

const json::Value& member(const json::Value& object, std::initializer_list<std::string_view> path) {
  static const json::Value null;
  const json::Value* at = &object;
  for (const std::string_view name : path) {
    if (!at->is_object()) return null;
    at = at->find(name);
    if (at == nullptr) return null;
  }
  return *at;
}

}  // namespace halley::arm
