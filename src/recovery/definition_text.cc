#include "recovery/definition_text.h"

#include <algorithm>

#include "cosmos/owners_members.h"
#include "json/document_scanner.h"
#include "json/value.h"

namespace halley::recovery {
namespace {

bool is_listed(const std::vector<std::string_view>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

Result<std::string> plain_definition(std::string_view text, const std::vector<std::string_view>& held_back) {
  ASSIGN(const json::Value value, json::parse(text));
  if (!value.is_object()) return fail(Code::corrupt, "a definition is not a JSON object");
  std::vector<std::string_view> names = held_back;
  for (const auto& [name, member] : value.members()) {
    if (name.starts_with('_')) names.emplace_back(name);
  }
  return json::without_members(text, names);
}

Result<std::string> with_members_of(std::string_view from, std::string_view text,
                                    const std::vector<std::string_view>& names) {
  ASSIGN(std::string plain, plain_definition(text, names));
  plain.resize(plain.rfind('}'));
  for (const std::string_view name : names) {
    ASSIGN(const std::string_view member, json::member_slice(from, name));
    if (member.empty()) continue;
    if (plain.find_first_not_of(" \t\r\n", 1) != std::string::npos) plain += ',';
    plain.append("\"").append(name).append("\":").append(member);
  }
  return plain + "}";
}

Result<http::Headers> throughput_headers(const repo::Definition& offer) {
  http::Headers headers;
  ASSIGN(const json::Value value, json::parse(offer.text));
  const json::Value* const content = value.find("content");
  if (content == nullptr) return headers;
  if (const json::Value* autopilot = content->find("offerAutopilotSettings");
      autopilot != nullptr && autopilot->is_object()) {
    const json::Value* const most = autopilot->find("maxThroughput");
    if (most != nullptr && most->as_integer().value_or(0) > 0) {
      json::Value settings = json::Value::object({{"maxThroughput", *most}});
      if (const json::Value* policy = autopilot->find("autoUpgradePolicy")) settings.set("autoUpgradePolicy", *policy);
      headers.add("x-ms-cosmos-offer-autopilot-settings", settings.to_text());
      return headers;
    }
  }
  const json::Value* const throughput = content->find("offerThroughput");
  if (throughput != nullptr && throughput->as_integer().value_or(0) > 0) {
    headers.add("x-ms-offer-throughput", std::to_string(*throughput->as_integer()));
  }
  return headers;
}

Result<std::vector<std::string>> differing_members(std::string_view planned, std::string_view found,
                                                   const std::vector<std::string_view>& held_back) {
  ASSIGN(const json::Value value, json::parse(planned));
  std::vector<std::string> names;
  for (const auto& [name, member] : value.members()) {
    if (name.starts_with('_') || is_listed(held_back, name)) continue;
    ASSIGN(const std::string_view want, json::member_slice(planned, name));
    ASSIGN(const std::string_view have, json::member_slice(found, name));
    bool equal = have.empty() && member.is_null();
    if (!have.empty()) {
      ASSIGN(const std::uint64_t want_digest, json::value_digest(want));
      ASSIGN(const std::uint64_t have_digest, json::value_digest(have));
      equal = want_digest == have_digest;
    }
    if (!equal) names.push_back(name);
  }
  ASSIGN(const json::Value there, json::parse(found));
  for (std::string& name : cosmos::owners_members_beyond(value, there)) {
    const bool named = std::find(names.begin(), names.end(), name) != names.end();
    if (!named && !is_listed(held_back, name)) names.push_back(std::move(name));
  }
  return names;
}

}  // namespace halley::recovery
