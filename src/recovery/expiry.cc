#include "recovery/expiry.h"

#include <cstring>

#include "cosmos/partition_key.h"

namespace halley::recovery {
namespace {

// False only when no member can be called `ttl`: neither the name nor an escape that might spell it is there.
bool may_have_ttl(std::string_view body) {
  constexpr std::string_view kName = "\"ttl\"";
  constexpr std::string_view kEscape = "\\u00";
  return memmem(body.data(), body.size(), kName.data(), kName.size()) != nullptr ||
         memmem(body.data(), body.size(), kEscape.data(), kEscape.size()) != nullptr;
}

// The whole number written as `text`, which may be any JSON value.
std::optional<std::int64_t> whole_number(std::string_view text) {
  if (text.empty() || (text.front() != '-' && (text.front() < '0' || text.front() > '9'))) return std::nullopt;
  return json::Value::number(std::string(text)).as_integer();
}

// The property names of a path such as /a/b, which is written as partition key paths are.
std::vector<std::string> names_of_path(const std::string& path) {
  json::Value key;
  key = json::Value::object({{"paths", json::Value::array({json::Value::string(path)})}});
  const auto parsed = cosmos::PartitionKeyDefinition::parse(key);
  return parsed && !parsed->paths.empty() ? parsed->paths.front() : std::vector<std::string>();
}

// Whether `ttl` seconds, more than none, have passed since `base`. What ends beyond the end of time does not.
bool have_passed(Second base, std::int64_t ttl, Second moment) {
  std::int64_t end = 0;
  return !__builtin_add_overflow(base.value, ttl, &end) && moment.value >= end;
}

}  // namespace

ExpiryRule ExpiryRule::of(const json::Value& container_definition) {
  ExpiryRule rule;
  const json::Value* const ttl = container_definition.find("defaultTtl");
  if (ttl != nullptr) rule.default_ttl = ttl->as_integer();
  const std::string path = container_definition.string_at("ttlPropertyPath");
  if (!path.empty()) rule.base = names_of_path(path);
  return rule;
}

Result<bool> is_expired(const ExpiryRule& rule, Second ts, std::string_view body, Second moment) {
  if (!rule.enabled()) return false;
  std::int64_t ttl = *rule.default_ttl;
  if (may_have_ttl(body)) {
    ASSIGN(const std::string_view text, json::member_slice(body, "ttl"));
    const auto own = whole_number(text);
    if (own && (*own > 0 || *own == -1)) ttl = *own;
  }
  if (ttl <= 0) return false;
  if (rule.base.empty()) return have_passed(ts, ttl, moment);
  std::string_view value = body;
  for (const std::string& name : rule.base) {
    if (value.empty() || value.front() != '{') return false;
    ASSIGN(value, json::member_slice(value, name));
  }
  const auto base = whole_number(value);
  return base && have_passed({*base}, ttl, moment);
}

}  // namespace halley::recovery
