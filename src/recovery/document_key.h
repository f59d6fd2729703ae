// The partition key of a document that is asked for by its id.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "cosmos/partition_key.h"

namespace halley::recovery {

// The canonical key of a JSON array, or of one scalar. Fails with invalid_argument for what is none, or no key of
// `definition`: `container` is named then.
Result<std::string> read_key(std::string_view text, const cosmos::PartitionKeyDefinition& definition,
                             std::string_view container);

// The key that follows from the id alone, where a container's only key path is /id; else empty.
std::string key_of_id(const cosmos::PartitionKeyDefinition& definition, std::string_view id);

// What is looked for is the only one of `keys`. Fails with invalid_argument naming them when there are several, with
// not_found when there is none.
Result<std::string> only_key(const std::set<std::string>& keys, std::string_view id, std::string_view container);

}  // namespace halley::recovery
