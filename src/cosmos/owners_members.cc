#include "cosmos/owners_members.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace halley::cosmos {
namespace {

constexpr std::array<std::string_view, 6> kOwners = {
    "defaultTtl",     "ttlPropertyPath",       "computedProperties",
    "fullTextPolicy", "vectorEmbeddingPolicy", "clientEncryptionPolicy"};

bool lists_something(const json::Value& value) {
  if (value.is_array()) return !value.items().empty();
  return value.is_object() && std::any_of(value.members().begin(), value.members().end(),
                                          [](const auto& member) { return lists_something(member.second); });
}

// A policy has its effect by its lists: a language or a format version beside empty ones does nothing.
bool says_nothing(const json::Value& value) {
  return value.is_array() || value.is_object() ? !lists_something(value) : value.is_null();
}

}  // namespace

std::vector<std::string> owners_members_beyond(const json::Value& wanted, const json::Value& held) {
  std::vector<std::string> names;
  for (const std::string_view name : kOwners) {
    const json::Value* const want = wanted.find(name);
    const json::Value* const have = held.find(name);
    if (have != nullptr && !says_nothing(*have) && (want == nullptr || says_nothing(*want))) names.emplace_back(name);
  }
  return names;
}

}  // namespace halley::cosmos
