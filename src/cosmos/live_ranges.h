// Which of the partition key ranges that the service lists are in force.
#pragma once

#include <vector>

#include "cosmos/client.h"

namespace halley::cosmos {

// Those that are nobody's parent, in hash order. Fails with gone when they do not tile the hash space: a split or merge
// is being published.
Result<std::vector<PartitionKeyRange>> live_ranges(std::vector<PartitionKeyRange> listed);

}  // namespace halley::cosmos
