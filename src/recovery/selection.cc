#include "recovery/selection.h"

#include <algorithm>

#include "cosmos/name_pattern.h"
#include "json/value.h"

namespace halley::recovery {

bool Selection::selects_container(std::string_view database, std::string_view container) const {
  return cosmos::selects_container(include, exclude, database, container);
}

bool Selection::names_container(std::string_view database, std::string_view container) const {
  const std::string name = std::string(database) + "/" + std::string(container);
  return std::find(include.begin(), include.end(), name) != include.end();
}

bool Selection::selects_database(std::string_view database) const {
  return (include.empty() || cosmos::any_matches_whole_database(include, database)) &&
         !cosmos::any_matches_whole_database(exclude, database);
}

Result<bool> Selection::fits(const cosmos::PartitionKeyDefinition& definition) const {
  if (!partition_key) return true;
  ASSIGN(const json::Value components, json::parse(*partition_key));
  const std::size_t count = components.items().size();
  return count == definition.paths.size() ||
         (count > 0 && count < definition.paths.size() && definition.kind == cosmos::KeyKind::multi_hash);
}

bool Selection::selects_document(std::string_view key, std::string_view id) const {
  if (partition_key && key != *partition_key) {
    // A prefix of a hierarchical key: the same components, then more.
    const std::string_view prefix = std::string_view(*partition_key).substr(0, partition_key->size() - 1);
    if (!key.starts_with(prefix) || key.size() <= prefix.size() || key[prefix.size()] != ',') return false;
  }
  return ids.empty() || std::find(ids.begin(), ids.end(), id) != ids.end();
}

Result<cosmos::HashRange> range_of_key(const cosmos::PartitionKeyDefinition& definition, std::string_view key) {
  ASSIGN(std::string epk, cosmos::effective_partition_key(definition, key));
  std::string end = epk + '\xFF';
  return cosmos::HashRange{std::move(epk), std::move(end)};
}

}  // namespace halley::recovery
