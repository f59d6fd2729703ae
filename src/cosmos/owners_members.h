// What of a container's definition its owner decides, and the service never adds by itself.
#pragma once

#include <string>
#include <vector>

#include "json/value.h"

namespace halley::cosmos {

// Names of what `held` says and `wanted` leaves out, of the members by which an owner has the service do something that
// it does not do without them: expiry (defaultTtl, ttlPropertyPath), computedProperties and their like. A definition
// that was replaced by `wanted` has none of them. Not named is what the service adds of its own (indexingPolicy,
// geospatialConfig, what it does not have yet), nor what a replacement can't take away (analyticalStorageTtl), nor what
// says nothing: null, an empty array, a policy without an item in any of its lists.
std::vector<std::string> owners_members_beyond(const json::Value& wanted, const json::Value& held);

}  // namespace halley::cosmos
