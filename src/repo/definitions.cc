#include "repo/definitions.h"

#include <algorithm>
#include <array>

#include "json/value.h"
#include "json/writer.h"

namespace halley::repo {
namespace {

constexpr std::array<std::string_view, 10> kKindNames = {"account", "database", "container",  "sproc", "trigger",
                                                         "udf",     "user",     "permission", "offer", "description"};

Result<Definition> definition_of(const Version& version) {
  ASSIGN(DefinitionKey key, parse_definition_key(version.partition_key, version.id));
  Definition definition;
  definition.key = std::move(key);
  definition.rid = version.rid;
  definition.etag = version.etag;
  definition.ts = version.ts;
  definition.time = version.time;
  definition.since = version.since;
  definition.text = version.body;
  return definition;
}

// The restore instance a definition carries, or empty: two restores of one account share their _rids.
std::string restore_instance(const Definition& container) {
  const auto parameters = json::member_slice(container.text, "restoreParameters");
  return parameters ? std::string(*parameters) : std::string();
}

}  // namespace

std::string_view definition_kind_name(DefinitionKind kind) { return kKindNames[static_cast<std::size_t>(kind)]; }

std::string definition_partition_key(const DefinitionKey& key) {
  std::string text;
  json::Writer(text)
      .begin_array()
      .string(definition_kind_name(key.kind))
      .string(key.database)
      .string(key.parent)
      .end_array();
  return text;
}

Result<DefinitionKey> parse_definition_key(std::string_view partition_key, std::string_view id) {
  ASSIGN(const json::Value parts, json::parse(partition_key));
  if (!parts.is_array() || parts.items().size() != 3) return fail(Code::corrupt, "a definition's key has three parts");
  const auto kind = std::find(kKindNames.begin(), kKindNames.end(), parts.items()[0].text());
  if (kind == kKindNames.end()) {
    return fail(Code::unsupported, "unknown kind of definition '" + parts.items()[0].text() + "'",
                "the repository was written by a newer halley: use that one");
  }
  return DefinitionKey{static_cast<DefinitionKind>(kind - kKindNames.begin()), parts.items()[1].text(),
                       parts.items()[2].text(), std::string(id)};
}

Result<std::vector<Definition>> read_definitions(Repository& repository, const LaneState& account, const Cut& cut) {
  ReadOptions options;
  options.cut = cut;
  ASSIGN(const auto stream, repository.snapshot(account, options));
  std::vector<Definition> definitions;
  Version version;
  while (true) {
    ASSIGN(const bool more, stream->next(version));
    if (!more) break;
    if (version.operation != Operation::upsert) continue;
    ASSIGN(Definition definition, definition_of(version));
    definitions.push_back(std::move(definition));
  }
  std::sort(definitions.begin(), definitions.end(),
            [](const Definition& a, const Definition& b) { return a.key < b.key; });
  return definitions;
}

Result<std::map<DefinitionKey, std::vector<Definition>>> read_definition_history(Repository& repository,
                                                                                 const LaneState& account) {
  ASSIGN(const auto stream, repository.versions(account, {}));
  std::map<DefinitionKey, std::vector<Definition>> history;
  Version version;
  while (true) {
    ASSIGN(const bool more, stream->next(version));
    if (!more) break;
    ASSIGN(Definition definition, definition_of(version));
    history[definition.key].push_back(std::move(definition));
  }
  for (auto& [key, versions] : history) std::reverse(versions.begin(), versions.end());
  return history;
}

LaneId lane_of(std::string_view account_id, const Definition& database, const Definition& container) {
  return container_lane(account_id, database.rid, container.rid, restore_instance(container));
}

}  // namespace halley::repo
