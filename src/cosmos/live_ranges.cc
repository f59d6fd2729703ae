#include "cosmos/live_ranges.h"

#include <algorithm>
#include <set>

namespace halley::cosmos {

Result<std::vector<PartitionKeyRange>> live_ranges(std::vector<PartitionKeyRange> listed) {
  std::set<std::string> parents;
  for (const PartitionKeyRange& range : listed) parents.insert(range.parents.begin(), range.parents.end());
  std::erase_if(listed, [&](const PartitionKeyRange& range) { return parents.contains(range.id); });
  std::sort(listed.begin(), listed.end(),
            [](const PartitionKeyRange& a, const PartitionKeyRange& b) { return a.range.min < b.range.min; });
  std::string reached;
  for (const PartitionKeyRange& range : listed) {
    if (range.range.min != reached) return fail(Code::gone, "the partition key ranges have a hole or an overlap");
    reached = range.range.max;
  }
  if (reached != HashRange().max)
    return fail(Code::gone, "the partition key ranges do not reach the end of the hash space");
  return listed;
}

}  // namespace halley::cosmos
