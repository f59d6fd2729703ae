// Deletes that the latest-version feed never tells: found by comparing what the lane holds with what the service lists.
#pragma once

#include <functional>
#include <string>
#include <unordered_set>
#include <vector>

#include "capture/pass.h"

namespace halley::capture {

// Identifies a document within its container: partition key and id in one text.
std::string document_key(std::string_view partition_key, std::string_view id);

// The keys of every live document, as 128-bit hashes: 16 bytes a document.
class LiveKeys {
 public:
  void add(std::string_view partition_key, std::string_view id);
  void seal();  // after the last add, before contains()
  bool contains(std::string_view partition_key, std::string_view id) const;

 private:
  std::vector<std::pair<std::uint64_t, std::uint64_t>> hashes_;
};

// Reads the whole container through the read feed of each range.
Result<LiveKeys> list_live_keys(Pass& pass, const cosmos::ContainerName& name,
                                const cosmos::PartitionKeyDefinition& key, const std::vector<std::string>& range_ids,
                                std::stop_token stop);

struct Vanished {
  std::string partition_key;
  std::string id;
  std::string rid;
  Second last_seen;
};

// The documents live in the lane that `live` lacks and `seen_since` does not hold, each confirmed by a point read that
// answered 404 (sub-status 0).
Result<std::vector<Vanished>> find_vanished(Pass& pass, const cosmos::ContainerName& name, const repo::LaneState& lane,
                                            const LiveKeys& live, const std::unordered_set<std::string>& seen_since,
                                            std::stop_token stop);

}  // namespace halley::capture
