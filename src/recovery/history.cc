#include "recovery/history.h"

#include <set>

#include "recovery/document_key.h"
#include "recovery/plan.h"
#include "recovery/seen_again.h"

namespace halley::recovery {
namespace {

constexpr std::size_t kMostKeys = 1000;  // of one id that are looked for

// The entry of a version, not yet compared with the one before it.
HistoryEntry entry_of(const repo::Version& version, const Incarnation& incarnation, std::string_view rid_path) {
  HistoryEntry entry;
  entry.incarnation = &incarnation;
  if (version.operation == repo::Operation::remove) entry.happening = Happening::removed;
  if (version.operation == repo::Operation::expire) entry.happening = Happening::expired;
  entry.time = version.time;
  entry.ts = version.ts;
  entry.since = version.since;
  entry.lsn = version.position.lsn;
  entry.rid = version.rid;
  entry.etag = version.etag;
  if (version.operation == repo::Operation::upsert) {
    entry.text = repo::original_text(version, rid_path);
    entry.body = repo::body_text(version);
  }
  return entry;
}

// Whether `entry` is no other version than `before`, read again by a new base.
bool is_seen_again(const HistoryEntry& entry, const HistoryEntry& before) {
  return !entry.body.empty() && !before.body.empty() && is_same_write(entry.rid, entry.etag, before.rid, before.etag);
}

// Says what `entry` is to `before`, the version before it.
Status compare(HistoryEntry& entry, const HistoryEntry& before) {
  if (entry.body.empty()) return {};
  const bool other = !entry.rid.empty() && !before.rid.empty() && entry.rid != before.rid;
  if (before.body.empty() || other) {
    entry.happening = Happening::created;
    return {};
  }
  ASSIGN(entry.changes, json::difference(before.body, entry.body));
  entry.happening = entry.changes.empty() ? Happening::rewritten : Happening::changed;
  return {};
}

class History {
 public:
  History(repo::Repository& repository, const HistoryQuery& query, const std::function<bool(const HistoryEntry&)>& each,
          std::stop_token stop)
      : repository_(repository), query_(query), each_(each), stop_(std::move(stop)) {}

  Result<HistoryReport> run() {
    Selection selection;
    selection.include = {name_};
    ASSIGN(incarnations_, incarnations(repository_, selection, report_.losses));
    // Names may hold the characters of patterns.
    std::erase_if(incarnations_, [&](const Incarnation& each) { return each.name() != name_; });
    for (const Incarnation& incarnation : incarnations_) {
      ASSIGN(auto lane, read_lane(repository_, incarnation, report_.losses));
      if (lane) lanes_.push_back({&incarnation, std::move(*lane)});
    }
    if (incarnations_.empty()) return fail(Code::not_found, "nothing was ever captured of " + name_);
    if (lanes_.empty()) return lost();
    auto key = find_key();
    if (!key && key.error().code == Code::not_found && !report_.losses.empty()) return lost();
    ASSIGN(report_.partition_key, std::move(key));
    for (const Told& told : lanes_) {
      if (told.lane.identity.key->paths.size() != components_) continue;  // made again with keys of another shape
      ASSIGN(const bool more, tell(*told.incarnation, told.lane));
      if (!more) break;
    }
    if (report_.versions == 0 && !report_.losses.empty()) return lost();
    if (report_.versions == 0) {
      return fail(Code::not_found, "there is no version of document '" + query_.id + "' of " + report_.partition_key +
                                       " in " + name_ + (query_.from || query_.until ? " between these moments" : ""));
    }
    return std::move(report_);
  }

 private:
  // Whether there was a version can't be known any more.
  tl::unexpected<Error> lost() const {
    return fail(Code::corrupt, report_.losses.front(), "`halley verify` names what is missing");
  }

  struct Told {
    const Incarnation* incarnation;
    repo::LaneState lane;
  };

  Result<std::string> find_key() {
    std::set<std::string> keys;
    for (const auto& [incarnation, lane] : lanes_) {
      if (query_.partition_key) {
        // Whichever incarnation has keys of this shape; that there is none is told of the newest.
        auto key = read_key(*query_.partition_key, *lane.identity.key, name_);
        components_ = lane.identity.key->paths.size();
        if (key || incarnation == lanes_.back().incarnation) return key;
        continue;
      }
      TRY(look_for_keys(lane, keys));
    }
    ASSIGN(std::string key, only_key(keys, query_.id, name_));
    ASSIGN(const json::Value components, json::parse(key));
    components_ = components.items().size();
    return key;
  }

  // Adds the keys under which the lane has the id.
  Status look_for_keys(const repo::LaneState& lane, std::set<std::string>& keys) {
    repo::ReadOptions options;
    options.bodies = false;
    options.stop = stop_;
    // One that follows from the id leaves few blocks to look into.
    if (std::string key = key_of_id(*lane.identity.key, query_.id); !key.empty()) {
      options.partition_key = std::move(key);
      options.id = query_.id;
    }
    ASSIGN(const auto stream, repository_.snapshot(lane, options));
    repo::Version version;
    while (keys.size() < kMostKeys) {
      ASSIGN(const bool more, stream->next(version));
      if (!more) break;
      if (stop_.stop_requested()) return fail(Code::cancelled, "interrupted");
      if (version.id == query_.id) keys.emplace(version.partition_key);
    }
    return {};
  }

  // False when the caller wants no more.
  Result<bool> tell(const Incarnation& incarnation, const repo::LaneState& lane) {
    report_.gaps = report_.gaps || lane.mode == repo::CaptureMode::latest;
    repo::ReadOptions options;
    options.stop = stop_;
    options.cut.time = query_.until;
    options.partition_key = report_.partition_key;
    options.id = query_.id;
    ASSIGN(const auto stream, repository_.versions(lane, options));
    const std::string rid_path = "dbs/" + lane.identity.database_rid + "/colls/" + lane.identity.container_rid + "/";
    // Each is told once the one before it is known.
    std::optional<HistoryEntry> newer;
    repo::Version version;
    while (true) {
      ASSIGN(const bool more, stream->next(version));
      if (stop_.stop_requested()) return fail(Code::cancelled, "interrupted");
      std::optional<HistoryEntry> entry;
      if (more) entry = entry_of(version, incarnation, rid_path);
      if (!newer && entry) TRY(look_for_expiry(incarnation, *entry));
      if (newer && entry && is_seen_again(*newer, *entry)) {
        newer = std::move(entry);
        continue;
      }
      // One that came back has its old time: behind it there may be others that are to be told.
      if (newer && (!query_.from || newer->time >= *query_.from)) {
        if (entry) TRY(compare(*newer, *entry));
        ++report_.versions;
        if (!each_(*newer)) return false;
      }
      if (!entry) return true;
      newer = std::move(entry);
    }
  }

  // Whether the newest version of all had expired, as far as the newest backup knows.
  Status look_for_expiry(const Incarnation& incarnation, const HistoryEntry& entry) {
    if (incarnation.dropped || query_.until || entry.body.empty()) return {};
    const auto planned = plan_container(repository_, Moment::newest(), query_.database, query_.container);
    if (!planned || planned->lane != incarnation.lane) return {};
    ASSIGN(const bool expired, is_expired(planned->expiry, entry.ts, entry.body, planned->at));
    if (expired) report_.expired_by = planned->at;
    return {};
  }

  repo::Repository& repository_;
  const HistoryQuery& query_;
  const std::function<bool(const HistoryEntry&)>& each_;
  const std::stop_token stop_;
  const std::string name_ = query_.database + "/" + query_.container;
  std::vector<Incarnation> incarnations_;
  std::vector<Told> lanes_;     // of those that are not lost
  std::size_t components_ = 0;  // of the key
  HistoryReport report_;
};

}  // namespace

std::string_view happening_name(Happening happening) {
  switch (happening) {
    case Happening::first:
      return "first";
    case Happening::created:
      return "created";
    case Happening::changed:
      return "changed";
    case Happening::rewritten:
      return "rewritten";
    case Happening::removed:
      return "deleted";
    case Happening::expired:
      return "expired";
  }
  return "";
}

Result<HistoryReport> document_history(repo::Repository& repository, const HistoryQuery& query,
                                       const std::function<bool(const HistoryEntry&)>& each, std::stop_token stop) {
  return History(repository, query, each, std::move(stop)).run();
}

}  // namespace halley::recovery
