#include "server/authorization.h"

#include <fmt/format.h>

#include "cosmos/signing.h"
#include "http/message.h"
#include "server/refusal.h"
#include "server/resource_token.h"

namespace halley::server {
namespace {

constexpr std::int64_t kAllowedSkew = 900;  // seconds either way
constexpr std::size_t kMaxTokenBytes = 1024;

// The value of `name` in "type=master&ver=1.0&sig=…".
std::string_view token_part(std::string_view token, std::string_view name) {
  while (!token.empty()) {
    const std::size_t end = std::min(token.find('&'), token.size());
    const std::string_view part = token.substr(0, end);
    if (part.starts_with(name) && part.substr(name.size()).starts_with('=')) return part.substr(name.size() + 1);
    token.remove_prefix(std::min(end + 1, token.size()));
  }
  return {};
}

}  // namespace

Status authorize(const Call& call, std::string_view key, Second wall_now, Engine& engine) {
  const std::string_view header = call.header("authorization");
  if (header.empty()) return refuse(401, "Required Header authorization is missing.");
  const auto token = http::percent_decode(header.substr(0, header.find(',')));
  if (!token || header.size() > kMaxTokenBytes) return refuse(401, "The authorization header is not understood.");
  const std::string_view type = token_part(*token, "type");
  const std::string_view signature = token_part(*token, "sig");
  if (type == "resource") return authorize_by_token(call, signature, key, engine.stamps().now(), engine);
  if (type != "master") {
    return refuse(401, "This server accepts the master key and resource tokens, not Entra ID.");
  }
  const std::string_view date = call.header("x-ms-date");
  const auto moment = parse_http_date(date);
  if (!moment) return refuse(401, "The header x-ms-date is missing or not a date.");
  const cosmos::SignedResource resource = cosmos::signed_resource(call.path);
  const std::string expected = cosmos::master_key_signature(key, call.method(), resource.type, resource.link, date);
  if (signature != expected) {
    return refuse(401,
                  fmt::format("The input authorization token can't serve the request. Please check that the expected "
                              "payload is built as per the protocol, and check the key being used. Server used the "
                              "following payload to sign: '{}\n{}\n{}\n{}\n\n'",
                              call.method(), resource.type, resource.link, date));
  }
  const std::int64_t skew = *moment - wall_now;
  if (skew > kAllowedSkew || skew < -kAllowedSkew) {
    return refuse(403, fmt::format("The authorization token is not valid at the current time: it says {}, the server's "
                                   "clock {}.",
                                   date, format_http_date(wall_now)));
  }
  return {};
}

}  // namespace halley::server
