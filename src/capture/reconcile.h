// Deletes that the latest-version feed never tells: found by comparing what the lane holds with what the service lists.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "capture/pass.h"

namespace halley::capture {

// Identifies a document within its container: partition key and id in one text.
std::string document_key(std::string_view partition_key, std::string_view id);

// The keys of every live document, each with its _rid, as 128-bit hashes: 16 bytes a document.
class LiveKeys {
 public:
  void add(std::string_view partition_key, std::string_view id, std::string_view rid);
  void seal();  // after the last add, before contains()
  bool contains(std::string_view partition_key, std::string_view id, std::string_view rid) const;

 private:
  std::vector<std::pair<std::uint64_t, std::uint64_t>> hashes_;
};

// Reads the whole container through the read feed of each range.
Result<LiveKeys> list_live_keys(Pass& pass, const cosmos::ContainerName& name,
                                const cosmos::PartitionKeyDefinition& key, const std::vector<std::string>& range_ids,
                                std::stop_token stop);

// What the feeds brought first of a document, by document_key().
struct SeenKey {
  std::string rid;  // empty for a delete
  Second time;
};
using SeenKeys = std::unordered_map<std::string, SeenKey>;

// A version of a document that was deleted without a feed saying so.
struct Vanished {
  std::string partition_key;
  std::string id;
  std::string rid;
  repo::Position position;
  Second last_seen;  // the version's time
  Second gone_by;    // server time at which it was certainly gone
};

// The documents live in the lane that `live` lacks and `seen_since` does not hold, each confirmed by a point read that
// answered 404 (sub-status 0). Also those whose key was taken by another document since: of another _rid in
// `seen_since`, in the point read, or in the lane itself: without a delete between the two, or with one of a later
// epoch, which may be the other document's.
Result<std::vector<Vanished>> find_vanished(Pass& pass, const cosmos::ContainerName& name, const repo::LaneState& lane,
                                            const LiveKeys& live, const SeenKeys& seen_since, std::stop_token stop);

}  // namespace halley::capture
