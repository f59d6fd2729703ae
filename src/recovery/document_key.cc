#include "recovery/document_key.h"

#include "json/writer.h"

namespace halley::recovery {
namespace {

constexpr std::size_t kNamed = 20;

}  // namespace

Result<std::string> read_key(std::string_view text, const cosmos::PartitionKeyDefinition& definition,
                             std::string_view container) {
  const std::string array = text.starts_with('[') ? std::string(text) : "[" + std::string(text) + "]";
  auto key = cosmos::canonical_key(array);
  if (!key) {
    return fail(
        std::move(key).error().with_hint("give the key as JSON: a string in quotes, e.g. '\"a\"' or '[\"a\",5]'"));
  }
  ASSIGN(const json::Value components, json::parse(*key));
  if (components.items().size() != definition.paths.size()) {
    return fail(Code::invalid_argument, std::string(container) + " has partition keys of " +
                                            std::to_string(definition.paths.size()) + " values, not " +
                                            std::to_string(components.items().size()));
  }
  return std::move(*key);
}

std::string key_of_id(const cosmos::PartitionKeyDefinition& definition, std::string_view id) {
  if (definition.paths.size() != 1 || definition.paths.front() != std::vector<std::string>{"id"}) return {};
  std::string array = "[";
  json::append_string(array, id);
  return cosmos::canonical_key(array + "]").value_or(std::string());
}

Result<std::string> only_key(const std::set<std::string>& keys, std::string_view id, std::string_view container) {
  if (keys.size() == 1) return *keys.begin();
  const std::string what = "document '" + std::string(id) + "'";
  if (keys.empty()) return fail(Code::not_found, "there is no " + what + " in " + std::string(container));
  std::string named;
  std::size_t count = 0;
  for (const std::string& key : keys) {
    if (count++ == kNamed) break;
    named += (named.empty() ? "" : "  ") + key;
  }
  if (keys.size() > kNamed) named += "  …";
  return fail(Code::invalid_argument,
              std::string(container) + " has " + what + " under " + std::to_string(keys.size()) + " partition keys",
              "give one of them with --partition-key: " + named);
}

}  // namespace halley::recovery
