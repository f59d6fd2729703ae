// Where the hash space of a container is divided.
#pragma once

#include <string>
#include <vector>

#include "cosmos/partition_key.h"

namespace halley::server {

// The space in `parts` ranges that get about as many keys each.
std::vector<cosmos::HashRange> divide_hash_space(const cosmos::PartitionKeyDefinition& key, int parts);

// A point inside `range` with half of it on either side; empty when there is none.
std::string middle_of(const cosmos::PartitionKeyDefinition& key, const cosmos::HashRange& range);

}  // namespace halley::server
