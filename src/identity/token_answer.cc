#include "identity/token_answer.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "json/value.h"

namespace halley::identity {
namespace {

constexpr std::size_t kMaxLine = 300;
constexpr std::int64_t kRefreshAhead = 300;
constexpr std::int64_t kLongestLife = 30 * 86400;

// What people do about Entra's refusals.
struct Advice {
  std::string_view code;
  std::string_view hint;
};
constexpr std::array<Advice, 9> kAdvice = {{
    {"AADSTS7000215", "AZURE_CLIENT_SECRET is wrong: it takes the secret's value, not its id"},
    {"AADSTS7000222", "the client secret expired: make a new one for the application"},
    {"AADSTS700016", "the application of AZURE_CLIENT_ID is not in this tenant: check it and AZURE_TENANT_ID"},
    {"AADSTS90002", "there is no such tenant: check AZURE_TENANT_ID, and the cloud"},
    {"AADSTS700027", "the certificate is not one of the application's: upload its public part there"},
    {"AADSTS70021", "the application has no federated credential for this issuer and subject"},
    {"AADSTS700213", "the application has no federated credential for this issuer and subject"},
    {"AADSTS500011", "this cloud or tenant does not know the service asked for: check the cloud"},
    {"AADSTS53003", "a conditional access policy of the tenant refuses this sign-in"},
}};

std::string_view advice_for(std::string_view said) {
  for (const Advice& advice : kAdvice) {
    const std::size_t at = said.find(advice.code);
    if (at == std::string_view::npos) continue;
    const std::size_t after = at + advice.code.size();
    if (after >= said.size() || said[after] < '0' || said[after] > '9') return advice.hint;
  }
  return {};
}

// A member that is a whole number, or text that is one: both are seen.
std::optional<std::int64_t> number_at(const json::Value& object, std::string_view name) {
  const json::Value* member = object.find(name);
  if (member == nullptr) return std::nullopt;
  const std::string& text = member->text();
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

Error refusal(const http::Response& response, const std::string& secret) {
  const auto body = json::parse(response.body);
  std::string said;
  if (body && body->is_object()) {
    said = body->string_at("error_description", body->string_at("error"));
    if (said.empty()) said = body->string_at("message");
  }
  if (!secret.empty() && said.find(secret) != std::string::npos)
    said = "(its words hold the secret, and are not shown)";
  std::string message = "the token endpoint answered " + std::to_string(response.status);
  const std::string line = one_safe_line(said);
  if (!line.empty()) message += ": " + line;
  const int status = response.status;
  const Code code = status == 429 ? Code::throttled : status >= 500 ? Code::unavailable : Code::unauthorized;
  std::string hint(advice_for(said));
  if (hint.empty() && code == Code::unauthorized) hint = "docs/native.md says how to sign in to Azure";
  Error error(code, std::move(message), std::move(hint));
  error.status = status;
  return error;
}

}  // namespace

std::string one_safe_line(std::string_view text) {
  text = text.substr(0, text.find_first_of("\r\n"));
  for (const std::string_view mark : {" Trace ID:", " Correlation ID:", "eyJ"}) text = text.substr(0, text.find(mark));
  std::string line(text.substr(0, kMaxLine));
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

AccessToken make_token(std::string text, Second now, Second expires) {
  const std::int64_t life = std::max<std::int64_t>(0, expires - now);
  return {std::move(text), expires, expires - std::min(kRefreshAhead, life / 2)};
}

Result<AccessToken> read_token(const http::Response& response, Second now, const std::string& secret) {
  if (response.status != 200) return fail(refusal(response, secret));
  const auto body = json::parse(response.body);
  std::string text = body && body->is_object() ? body->string_at("access_token") : std::string();
  if (text.empty() || text.find_first_of("\r\n ") != std::string::npos) {
    return fail(Code::corrupt, "the token endpoint answered something that is no token");
  }
  // Of both, expires_in does not depend on this machine's clock being right.
  const auto life = number_at(*body, "expires_in");
  const auto end = number_at(*body, "expires_on");
  if (!life && !end) return fail(Code::corrupt, "the token endpoint gave a token without an end");
  const Second expires = life ? now + std::min(*life, kLongestLife) : std::min(Second{*end}, now + kLongestLife);
  AccessToken token = make_token(std::move(text), now, expires);
  if (const auto refresh = number_at(*body, "refresh_in")) {
    token.refresh_from = std::min(token.refresh_from, now + std::min(*refresh, kLongestLife));
  }
  return token;
}

}  // namespace halley::identity
