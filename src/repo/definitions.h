// Definitions as versioned documents of the account lane: databases, containers, scripts, users, permissions,
// throughput, and what Resource Manager tells of the account. Capture writes them, recovery and the timeline read them.
// They are kept verbatim (layout kVerbatim: `text` is the whole JSON object as the service returned it).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "repo/repository.h"

namespace halley::repo {

enum class DefinitionKind : std::uint8_t {
  account,
  database,
  container,
  stored_procedure,
  trigger,
  user_defined_function,
  user,
  permission,
  offer,
  description
};
std::string_view definition_kind_name(DefinitionKind kind);  // "account", "database", …, as keys and output have it

// Which definition: parents by name. `parent` is the container of a script, the user of a permission, the container
// (or empty: the database) of an offer; `id` the resource's own id ("offer" for offers, "account" for the account's own
// record, "description" for what Resource Manager tells of the account: native/description.h).
struct DefinitionKey {
  DefinitionKind kind = DefinitionKind::account;
  std::string database;
  std::string parent;
  std::string id;
  friend auto operator<=>(const DefinitionKey&, const DefinitionKey&) = default;
};

// The document key a definition is kept under: the JSON array [kind, database, parent].
std::string definition_partition_key(const DefinitionKey& key);
Result<DefinitionKey> parse_definition_key(std::string_view partition_key, std::string_view id);

struct Definition {
  DefinitionKey key;
  std::string rid;
  std::string etag;
  Second ts;
  Second time;   // when it came to be so, as far as known
  Second since;  // it may have been so since then
  std::string text;
};

// The definitions that were in force inside `cut`, in key order.
Result<std::vector<Definition>> read_definitions(Repository& repository, const LaneState& account, const Cut& cut);

// Every version of every definition, by key, oldest first; a version with an empty text is a removal.
Result<std::map<DefinitionKey, std::vector<Definition>>> read_definition_history(Repository& repository,
                                                                                 const LaneState& account);

// The lane of a container definition: from the account's id, its database's rid and its own.
LaneId lane_of(std::string_view account_id, const Definition& database, const Definition& container);

}  // namespace halley::repo
