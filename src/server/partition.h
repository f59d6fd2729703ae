// One physical partition: a part of the hash space, its live documents, and the log of everything that was ever written
// to it. Not synchronised: its container holds the lock.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "cosmos/partition_key.h"
#include "server/document.h"

namespace halley::server {

enum class Change : std::uint8_t { create, replace, remove, expire };

struct LogEntry {
  std::uint64_t lsn = 0;
  std::uint64_t previous_lsn = 0;  // of the version this one follows; 0 = none
  Second time;                     // when the transaction was committed, or the expired document purged
  Change change = Change::create;
  bool current = false;  // whether this is the live version of its document
  DocumentPtr document;  // the version written, or for a delete the last one
  // The newest time of its partition's log up to it. In a log of two that were merged LSNs of either go their own way:
  // what was there at a moment is what `reached` no more than that.
  Second reached{};
};

// How much one page may hold. A page ends before the transaction that would pass either bound, but has at least one.
struct PageLimits {
  std::size_t items = 100;
  std::size_t bytes = 4'000'000;
};

// How many documents are looked at, and how many removed, while a container is locked: about a millisecond.
inline constexpr std::size_t kLookedAtOnce = 8192;
inline constexpr std::size_t kRemovedAtOnce = 1024;

// Which documents of a partition are meant.
struct Scope {
  cosmos::HashRange epks;
  std::string key;  // canonical; empty = any

  bool matches(const Document& document) const {
    return epks.contains(document.epk) && (key.empty() || key == document.key);
  }
};

class Partition {
 public:
  Partition(std::string id, cosmos::HashRange range, std::vector<std::string> parents, std::uint64_t lsn);

  const std::string& id() const { return id_; }
  const cosmos::HashRange& range() const { return range_; }
  const std::vector<std::string>& parents() const { return parents_; }
  std::uint64_t lsn() const { return lsn_; }
  std::size_t document_count() const { return live_.size(); }
  // Of the texts of live documents.
  std::size_t document_bytes() const { return live_bytes_; }

  // The live document, or nullptr. An expired one that was not purged yet is still found.
  DocumentPtr find(std::string_view key, std::string_view id) const;
  DocumentPtr find(std::uint64_t number) const;
  // Of the newest write of a live document.
  std::optional<std::uint64_t> lsn_of(std::uint64_t number) const;
  // The live document that holds a unique text (UniqueKeys), or nullptr.
  DocumentPtr find_holder(const std::string& unique_text) const;

  // Appends to the log what a transaction did. `lsn` is lsn() + 1 for the first change of a transaction and lsn() for
  // the others.
  void append(Change change, std::uint64_t lsn, Second time, DocumentPtr document, const TimeToLive& ttl);

  // What was appended since this was called last; valid until the next change. What split(), merge() and as_of() make
  // begins with nothing.
  std::span<const LogEntry> take_unrecorded();

  // Removes documents that expired some seconds ago, each in a transaction of its own: so many at once, and the others
  // when it is called again. Cheap when there is nothing to do.
  void purge_expired(const TimeToLive& ttl, Second now);
  // Removes one live document that is expired, in a transaction of its own: its name is about to be used again.
  void purge(DocumentPtr document, const TimeToLive& ttl, Second now);
  // To be called when the container's TTL changed.
  void forget_purge_time() {
    next_purge_ = Second{0};
    purge_walk_.reset();
  }

  struct Entries {
    std::vector<LogEntry> entries;
    std::uint64_t next = 0;  // the LSN to continue after
  };
  // The log after `after` in LSN order: every version, or with `latest` only current ones that are not expired, and
  // with `since` only what is later than that. When nothing is left, `next` is the newer of lsn() and `after`.
  Entries read_log(std::uint64_t after, bool latest, const Scope& scope, const PageLimits& limits,
                   const TimeToLive& ttl, Second now, std::optional<Second> since = {}) const;
  // The LSN after which the first change later than `moment` comes. In a log that was merged older ones come behind it,
  // too.
  std::uint64_t lsn_at(Second moment) const;

  // Calls `each` for the live documents in _rid order, beginning behind `after`, until it returns false.
  void walk(std::uint64_t after, const std::function<bool(const DocumentPtr&)>& each) const;

  // This partition as it was at the end of the second `moment`, its LSNs and its log included.
  Partition as_of(Second moment, const TimeToLive& ttl) const;

  // This partition as a replica knows it that has got as far as `lsn`.
  Partition as_of_lsn(std::uint64_t lsn, const TimeToLive& ttl) const;

  // One partition of two neighbours. Its LSNs go on behind both.
  static Partition merge(const Partition& left, const Partition& right, std::string id);
  // Whether it, or one it was split from, came of a merge.
  bool merged() const { return merged_; }
  bool is_or_descends_from(std::string_view range_id) const;

  // The two halves of this partition, divided at `at`, which lies inside its range. LSNs go on where they are.
  std::pair<Partition, Partition> split(const std::string& at, std::string left_id, std::string right_id) const;

 private:
  struct Live {
    DocumentPtr document;
    std::size_t entry;  // in log_
  };

  // A purge that is under way: it goes on behind the document `after`, and `next` is what it and those who wrote
  // meanwhile found to purge later.
  struct PurgeWalk {
    std::uint64_t after = 0;
    std::optional<Second> next;
  };

  void note_expiry(const Document& document, const TimeToLive& ttl);
  void add(LogEntry entry, const TimeToLive& ttl);
  void inherit(const LogEntry& entry);
  void release_unique_texts(const Document& document);
  // This partition again, by those entries of its log that are not `is_later`.
  template <typename Later>
  Partition replay(const TimeToLive& ttl, const Later& is_later) const;

  std::string id_;
  cosmos::HashRange range_;
  std::vector<std::string> parents_;
  std::uint64_t lsn_;
  Second reached_{};
  std::size_t live_bytes_ = 0;
  bool merged_ = false;
  std::vector<LogEntry> log_;
  std::size_t unrecorded_ = 0;                              // at the end of log_
  std::map<std::uint64_t, Live> live_;                      // by number
  std::unordered_map<std::string, std::uint64_t> numbers_;  // of canonical key + id
  std::unordered_map<std::string, std::uint64_t> holders_;  // numbers of live documents by their unique texts
  std::optional<Second> next_purge_;
  std::optional<PurgeWalk> purge_walk_;
};

}  // namespace halley::server
