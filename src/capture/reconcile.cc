#include "capture/reconcile.h"

#include <algorithm>
#include <optional>

#include "codec/hash.h"
#include "cosmos/read_feed.h"
#include "json/document_scanner.h"
#include "json/value.h"
#include "runtime/at_once.h"

namespace halley::capture {
namespace {

std::pair<std::uint64_t, std::uint64_t> hash_of(std::string document_key, std::string_view rid) {
  const codec::Hash128 hash = codec::xxh3_128(document_key.append(1, '\0').append(rid));
  return {hash.low, hash.high};
}

}  // namespace

std::string document_key(std::string_view partition_key, std::string_view id) {
  std::string key;
  key.reserve(partition_key.size() + id.size() + 1);
  key.append(partition_key).push_back('\0');
  return key.append(id);
}

void LiveKeys::add(std::string_view partition_key, std::string_view id, std::string_view rid, std::string_view etag) {
  entries_.push_back({hash_of(document_key(partition_key, id), rid), codec::xxh3_128(etag).low});
}
void LiveKeys::seal() {
  std::sort(entries_.begin(), entries_.end());
  entries_.erase(std::unique(entries_.begin(), entries_.end()), entries_.end());
  known_.assign(entries_.size(), false);
  otherwise_.assign(entries_.size(), false);
}
std::size_t LiveKeys::find(const std::pair<std::uint64_t, std::uint64_t>& document) const {
  const auto found = std::lower_bound(entries_.begin(), entries_.end(), Entry{document, 0});
  return found != entries_.end() && found->document == document ? static_cast<std::size_t>(found - entries_.begin())
                                                                : entries_.size();
}
bool LiveKeys::meet(std::string_view partition_key, std::string_view id, std::string_view rid, std::string_view etag) {
  const std::size_t place = find(hash_of(document_key(partition_key, id), rid));
  if (place == entries_.size()) return false;
  const std::uint64_t held = codec::xxh3_128(etag).low;
  if (entries_[place].etag == held) {
    known_[place] = true;
  } else if (!known_[place]) {
    entries_[place].etag = held;
    otherwise_[place] = true;
  }
  return true;
}
void LiveKeys::know(const std::string& document_key, std::string_view rid) {
  const std::size_t place = find(hash_of(document_key, rid));
  if (place != entries_.size()) known_[place] = true;
}
bool LiveKeys::all_known() const { return std::find(known_.begin(), known_.end(), false) == known_.end(); }
LiveKeys::Held LiveKeys::held(const std::string& document_key, std::string_view rid, std::string_view etag) const {
  const std::size_t place = find(hash_of(document_key, rid));
  if (place == entries_.size() || !otherwise_[place]) return Held::unheard;
  return entries_[place].etag == codec::xxh3_128(etag).low ? Held::same : Held::otherwise;
}
bool LiveKeys::is_unknown(const std::string& document_key, std::string_view rid) const {
  const std::size_t place = find(hash_of(document_key, rid));
  return place != entries_.size() && !known_[place];
}

std::string plain_etag(const json::ScannedDocument& document) {
  const auto etag = json::parse(document.system[static_cast<std::size_t>(json::SystemProperty::etag)]);
  return etag && etag->is_string() ? etag->text() : std::string();
}

Status list_documents(Pass& pass, const cosmos::ContainerName& name, const cosmos::PartitionKeyDefinition& key,
                      const std::vector<std::string>& range_ids, const EachListed& each, std::stop_token stop) {
  json::DocumentScanner scanner(key.paths);
  for (const std::string& range_id : range_ids) {
    const auto scan = [&](const cosmos::ReadPage& page) {
      pass.progress.bytes_read += page.body.size();
      return scanner.scan_page(page.body, false, [&](json::ScannedDocument& document) -> Status {
        std::string_view rid = document.system[static_cast<std::size_t>(json::SystemProperty::rid)];
        if (!document.has_id || document.bad_key || rid.size() < 2) {
          return fail(Code::corrupt,
                      "the read feed gave item '" + std::string(document.id) + "' without an id, a key or a _rid");
        }
        rid = rid.substr(1, rid.size() - 2);
        ASSIGN(const std::string canonical, cosmos::canonical_key(document.key_values));
        return each(document, canonical, rid);
      });
    };
    TRY(cosmos::read_range(pass.client, name, range_id, scan, stop));
  }
  return {};
}

Result<LiveKeys> list_live_keys(Pass& pass, const cosmos::ContainerName& name,
                                const cosmos::PartitionKeyDefinition& key, const std::vector<std::string>& range_ids,
                                std::stop_token stop) {
  LiveKeys live;
  const auto add = [&](const json::ScannedDocument& document, std::string_view partition_key,
                       std::string_view rid) -> Status {
    live.add(partition_key, document.id, rid, plain_etag(document));
    return {};
  };
  TRY(list_documents(pass, name, key, range_ids, add, stop));
  live.seal();
  return live;
}

Result<std::optional<cosmos::ReadDocument>> read_live(Pass& pass, const cosmos::ContainerName& name,
                                                      std::string_view id, std::string_view partition_key,
                                                      std::stop_token stop) {
  auto read = pass.client.read_document(name, id, partition_key, stop);
  if (read) return std::optional(std::move(*read));
  if (read.error().code == Code::not_found && read.error().sub_status == 0) return std::nullopt;
  return fail(std::move(read).error().in("looking whether document '" + std::string(id) + "' is there"));
}

Result<std::vector<std::optional<cosmos::ReadDocument>>> read_all_live(Pass& pass, const cosmos::ContainerName& name,
                                                                       const std::vector<Named>& documents,
                                                                       std::stop_token stop) {
  std::vector<std::optional<cosmos::ReadDocument>> read(documents.size());
  const auto one = [&](std::size_t i) -> Status {
    ASSIGN(read[i], read_live(pass, name, documents[i].id, documents[i].partition_key, stop));
    return {};
  };
  TRY(run_at_once(pass.runtime, "read", documents.size(), pass.options.reads_at_once, one));
  return read;
}

void Search::see(const repo::Version& version) {
  std::string key = document_key(version.partition_key, version.id);
  live.know(key, version.rid);
  seen.emplace(std::move(key), SeenKey{std::string(version.rid), version.time, version.position.epoch});
}
bool Search::is_unknown(std::string_view partition_key, std::string_view id, std::string_view rid) const {
  const std::string key = document_key(partition_key, id);
  return live.is_unknown(key, rid) && seen.count(key) == 0;
}

namespace {

// Whether a point read finds the document, not another of its name.
Result<bool> is_live(Pass& pass, const cosmos::ContainerName& name, const Named& named, std::stop_token stop) {
  ASSIGN(const auto read, read_live(pass, name, named.id, named.partition_key, stop));
  if (!read) return false;
  auto document = json::parse(read->text);
  if (!document) return fail(std::move(document.error()).in("reading document '" + named.id + "'"));
  return document->string_at("_rid") == named.rid;
}

// Adds those that are gone to `vanished`.
Status confirm(Pass& pass, const cosmos::ContainerName& name, std::vector<Vanished> suspects,
               std::vector<Vanished>& vanished, std::stop_token stop) {
  std::vector<char> live(suspects.size());
  const auto one = [&](std::size_t i) -> Status {
    ASSIGN(live[i], is_live(pass, name, suspects[i], stop));
    suspects[i].gone_by = pass.client.newest_server_time();
    return {};
  };
  TRY(run_at_once(pass.runtime, "read", suspects.size(), pass.options.reads_at_once, one));
  for (std::size_t i = 0; i < suspects.size(); ++i) {
    if (live[i] == 0) vanished.push_back(std::move(suspects[i]));
  }
  return {};
}

// The version of the same key that the lane has next after one.
struct Newer {
  std::string rid;
  Second time;
  std::uint32_t epoch = 0;
  bool upsert = false;

  // Whether it is, or may be, of a document that was made after the older version's was gone. A delete of a later epoch
  // may be: what happened between the epochs was not followed.
  bool tells_of_another(const repo::Version& older) const {
    if (upsert) return !rid.empty() && rid != older.rid;
    return epoch > older.position.epoch && rid != older.rid;
  }
};

}  // namespace

Result<std::vector<Vanished>> find_vanished(Pass& pass, const cosmos::ContainerName& name, const repo::LaneState& lane,
                                            Search& search, const FeedTells& feed_tells, std::stop_token stop) {
  repo::ReadOptions options;
  options.bodies = false;
  options.stop = stop;
  ASSIGN(const auto stream, pass.repository.versions(lane, options));
  std::vector<Vanished> vanished;
  std::vector<Vanished> suspects;  // what no feed has brought, and the listing lacks
  std::string key;                 // of the version before
  Newer newer;
  repo::Version version;
  while (true) {
    if (stop.stop_requested()) return fail(Code::cancelled, "stopped");
    ASSIGN(const bool more, stream->next(version));
    if (!more) break;
    const bool upsert = version.operation == repo::Operation::upsert;
    std::string own_key = document_key(version.partition_key, version.id);
    const bool newest = own_key != key;
    const auto note_as = [&](std::vector<Vanished>& list, Second gone_by) {
      if (!upsert || feed_tells(version.partition_key)) return;
      list.push_back({{std::string(version.partition_key), std::string(version.id), std::string(version.rid)},
                      version.position,
                      version.time,
                      gone_by});
    };
    if (!newest) {
      if (newer.tells_of_another(version)) note_as(vanished, newer.time);
    } else if (upsert && !search.live.meet(version.partition_key, version.id, version.rid, version.etag)) {
      const auto seen = search.seen.find(own_key);
      if (seen == search.seen.end()) {
        note_as(suspects, {});
      } else if (seen->second.rid != version.rid &&
                 (!seen->second.rid.empty() || seen->second.epoch > version.position.epoch)) {
        note_as(vanished, seen->second.time);
      }
    }
    key = std::move(own_key);
    newer = {std::string(version.rid), version.time, version.position.epoch, upsert};
  }
  TRY(confirm(pass, name, std::move(suspects), vanished, stop));
  return vanished;
}

}  // namespace halley::capture
