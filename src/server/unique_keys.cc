#include "server/unique_keys.h"

#include <fmt/format.h>

#include "cosmos/partition_key.h"
#include "server/refusal.h"

namespace halley::server {
namespace {

constexpr std::size_t kMaxKeys = 10;
constexpr std::size_t kMaxPaths = 16;

const json::Value* value_at(const json::Value& document, const std::vector<std::string>& path) {
  const json::Value* value = &document;
  for (const std::string& name : path) {
    if (value != nullptr) value = value->is_object() ? value->find(name) : nullptr;
  }
  return value;
}

}  // namespace

Result<UniqueKeys> UniqueKeys::parse(const json::Value& container_definition) {
  UniqueKeys unique;
  const json::Value* policy = container_definition.find("uniqueKeyPolicy");
  if (policy == nullptr || policy->is_null()) return unique;
  if (!policy->is_object()) return refuse(400, "The uniqueKeyPolicy must be an object.");
  const json::Value* keys = policy->find("uniqueKeys");
  if (keys == nullptr || keys->is_null()) return unique;
  if (!keys->is_array() || keys->items().size() > kMaxKeys) {
    return refuse(400, fmt::format("The uniqueKeyPolicy must have at most {} uniqueKeys.", kMaxKeys));
  }
  for (const json::Value& key : keys->items()) {
    const json::Value* paths = key.find("paths");
    if (paths == nullptr || !paths->is_array() || paths->items().empty() || paths->items().size() > kMaxPaths) {
      return refuse(400, fmt::format("A unique key must have 1 to {} paths.", kMaxPaths));
    }
    // Paths are spelled as those of partition keys.
    auto parsed = cosmos::PartitionKeyDefinition::parse(
        json::Value::object({{"paths", *paths}, {"kind", json::Value::string("Hash")}}));
    if (!parsed) return refuse(400, "The uniqueKeyPolicy is invalid: " + parsed.error().message);
    unique.keys_.push_back(std::move(parsed->paths));
  }
  return unique;
}

Result<std::vector<std::string>> UniqueKeys::texts_of(std::string_view partition_key, std::string_view body) const {
  std::vector<std::string> texts;
  if (keys_.empty()) return texts;
  ASSIGN(const json::Value document, json::parse(body));
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    std::string text = fmt::format("{}{}", i, partition_key);
    for (const auto& path : keys_[i]) {
      const json::Value* value = value_at(document, path);
      text += value == nullptr ? "null" : value->to_text();
      text += ',';
    }
    texts.push_back(std::move(text));
  }
  return texts;
}

}  // namespace halley::server
