// What of an account a restore is about.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cosmos/partition_key.h"

namespace halley::recovery {

struct Selection {
  std::vector<std::string> include;  // patterns as cosmos/name_pattern.h has them; empty = the whole account
  std::vector<std::string> exclude;  // the same; wins over `include`
  // Documents: all, or those of one partition key (canonical text; fewer components than a hierarchical key has select
  // all keys that begin with them), and of these only the ids named.
  std::optional<std::string> partition_key;
  std::vector<std::string> ids;

  bool selects_container(std::string_view database, std::string_view container) const;
  // Whether `include` has this very name, not only a pattern for it.
  bool names_container(std::string_view database, std::string_view container) const;
  // Whether a database is restored even where none of its containers is selected: only where `include` names all of it.
  bool selects_database(std::string_view database) const;
  // Whether documents of a container that has such keys can have the selected one.
  Result<bool> fits(const cosmos::PartitionKeyDefinition& definition) const;
  bool selects_all_documents() const { return !partition_key && ids.empty(); }
  bool selects_document(std::string_view key, std::string_view id) const;
};

// The hash interval that holds all documents of a canonical key, whole or a prefix of a hierarchical one.
Result<cosmos::HashRange> range_of_key(const cosmos::PartitionKeyDefinition& definition, std::string_view key);

}  // namespace halley::recovery
