#include "cosmos/owners_members.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace halley::cosmos {
namespace {

constexpr std::array<std::string_view, 7> kOwners = {
    "defaultTtl",     "ttlPropertyPath",       "analyticalStorageTtl",  "computedProperties",
    "fullTextPolicy", "vectorEmbeddingPolicy", "clientEncryptionPolicy"};

bool says_nothing(const json::Value& value) {
  return value.is_null() || (value.is_array() && value.items().empty()) ||
         (value.is_object() && std::all_of(value.members().begin(), value.members().end(),
                                           [](const auto& member) { return says_nothing(member.second); }));
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
