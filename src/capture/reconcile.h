// What no feed tells: deletes in latest mode, and documents that come back when time to live is turned off. Found by
// comparing what the lane holds with what the service lists.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "capture/pass.h"
#include "json/document_scanner.h"

namespace halley::capture {

// Identifies a document within its container: partition key and id in one text.
std::string document_key(std::string_view partition_key, std::string_view id);

// Every live document: key, id and _rid as a 128-bit hash, and the _etag as one of 64 bits. 24 bytes a document.
class LiveKeys {
 public:
  void add(std::string_view partition_key, std::string_view id, std::string_view rid, std::string_view etag);
  void seal();  // after the last add, before what follows
  // Whether it is one of them; notes that it is known, if it is known with this _etag.
  bool meet(std::string_view partition_key, std::string_view id, std::string_view rid, std::string_view etag);
  // Notes that the document is known, whatever its _etag.
  void know(const std::string& document_key, std::string_view rid);
  bool all_known() const;
  // Whether it is one of them that is not known.
  bool is_unknown(const std::string& document_key, std::string_view rid) const;
  // What meet() was told of one that is not known: nothing, that it is held with this _etag (what was listed was
  // stale), or with another.
  enum class Held : std::uint8_t { unheard, same, otherwise };
  Held held(const std::string& document_key, std::string_view rid, std::string_view etag) const;

 private:
  struct Entry {
    std::pair<std::uint64_t, std::uint64_t> document;
    std::uint64_t etag = 0;  // as it was listed; once meet() was told of another, that
    friend auto operator<=>(const Entry&, const Entry&) = default;
  };
  // entries_.size() where there is none.
  std::size_t find(const std::pair<std::uint64_t, std::uint64_t>& document) const;

  static_assert(sizeof(Entry) == 24);
  std::vector<Entry> entries_;
  std::vector<bool> known_;
  std::vector<bool> otherwise_;  // held with another _etag than it was listed with
};

// The text that `_etag` has, as versions keep it.
std::string plain_etag(const json::ScannedDocument& document);

// Reads the whole container through the read feed of each range. Views are valid during the call of `each`, whose
// failure ends it.
using EachListed =
    std::function<Status(const json::ScannedDocument& document, std::string_view partition_key, std::string_view rid)>;
Status list_documents(Pass& pass, const cosmos::ContainerName& name, const cosmos::PartitionKeyDefinition& key,
                      const std::vector<std::string>& range_ids, const EachListed& each, std::stop_token stop);
Result<LiveKeys> list_live_keys(Pass& pass, const cosmos::ContainerName& name,
                                const cosmos::PartitionKeyDefinition& key, const std::vector<std::string>& range_ids,
                                std::stop_token stop);

// The document as a point read gives it now; nothing when that answers a plain 404 (sub-status 0).
Result<std::optional<cosmos::ReadDocument>> read_live(Pass& pass, const cosmos::ContainerName& name,
                                                      std::string_view id, std::string_view partition_key,
                                                      std::stop_token stop);

// A document by name.
struct Named {
  std::string partition_key;
  std::string id;
  std::string rid;
};
// Each of them as read_live() gives it, several read at a time.
Result<std::vector<std::optional<cosmos::ReadDocument>>> read_all_live(Pass& pass, const cosmos::ContainerName& name,
                                                                       const std::vector<Named>& documents,
                                                                       std::stop_token stop);

// What the feeds brought first of a document, by document_key().
struct SeenKey {
  std::string rid;  // may be empty for a delete
  Second time;
  std::uint32_t epoch = 0;
};
using SeenKeys = std::unordered_map<std::string, SeenKey>;

// A look through all documents, and what the feeds have brought since it began: those documents are known.
struct Search {
  LiveKeys live;
  SeenKeys seen;

  void see(const repo::Version& version);
  // Whether the listed document is not known, and no feed has brought anything of its key.
  bool is_unknown(std::string_view partition_key, std::string_view id, std::string_view rid) const;
};

// A version of a document that was deleted without a feed saying so.
struct Vanished : Named {
  repo::Position position;
  Second last_seen;  // the version's time
  Second gone_by;    // server time at which it was certainly gone
};

// Whether the deletes of documents of this partition key are told by the feed of their range.
using FeedTells = std::function<bool(std::string_view partition_key)>;

// The documents live in the lane that were not listed and are not seen since, each confirmed by a point read that
// answered 404 (sub-status 0). Also those whose key was taken by another document since: of another _rid in what was
// seen, in the point read, or in the lane itself: without a delete between the two, or with one of a later epoch, which
// may be the other document's. None of a key whose deletes a feed tells. Listed documents that the lane has as its
// newest are known to the search afterwards.
Result<std::vector<Vanished>> find_vanished(Pass& pass, const cosmos::ContainerName& name, const repo::LaneState& lane,
                                            Search& search, const FeedTells& feed_tells, std::stop_token stop);

}  // namespace halley::capture
