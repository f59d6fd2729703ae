// What no feed tells: deletes in latest mode, and documents that come back when time to live is turned off. Found by
// comparing what the lane holds with what the service lists.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "capture/pass.h"
#include "json/document_scanner.h"

namespace halley::capture {

// Identifies a document within its container: partition key and id in one text.
std::string document_key(std::string_view partition_key, std::string_view id);

// The keys of every live document, each with its _rid, as 128-bit hashes: 16 bytes a document.
class LiveKeys {
 public:
  void add(std::string_view partition_key, std::string_view id, std::string_view rid);
  void seal();  // after the last add, before what follows
  // Whether it is one of them; notes that it was asked for.
  bool meet(std::string_view partition_key, std::string_view id, std::string_view rid);
  bool all_met() const;
  // Whether it is one of them that was not asked for.
  bool is_unmet(std::string_view partition_key, std::string_view id, std::string_view rid) const;

 private:
  using Hash = std::pair<std::uint64_t, std::uint64_t>;
  std::vector<Hash>::const_iterator find(const Hash& hash) const;

  std::vector<Hash> hashes_;
  std::vector<bool> met_;
};

// Reads the whole container through the read feed of each range. Views are valid during the call of `each`.
using EachListed = std::function<void(const json::ScannedDocument& document, std::string_view partition_key,
                                      std::string_view rid)>;
Status list_documents(Pass& pass, const cosmos::ContainerName& name, const cosmos::PartitionKeyDefinition& key,
                      const std::vector<std::string>& range_ids, const EachListed& each, std::stop_token stop);
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
// epoch, which may be the other document's. What `live` has and the lane does not hold as live is unmet afterwards.
Result<std::vector<Vanished>> find_vanished(Pass& pass, const cosmos::ContainerName& name, const repo::LaneState& lane,
                                            LiveKeys& live, const SeenKeys& seen_since, std::stop_token stop);

}  // namespace halley::capture
