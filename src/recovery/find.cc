#include "recovery/find.h"

#include <algorithm>
#include <map>

#include "recovery/documents.h"
#include "recovery/incarnations.h"
#include "recovery/seen_again.h"
#include "repo/coverage.h"

namespace halley::recovery {
namespace {

constexpr std::size_t kNamed = 3;  // containers in a note

bool is_wanted(const FindQuery& query, const repo::Version& version) {
  return version.id.starts_with(query.id_prefix) && query.selection.selects_document(version.partition_key, version.id);
}

// Whether every second from one to the other, the last one included, is covered exactly: then no change between them
// can be missing.
bool covers(const repo::LaneState& lane, std::optional<Second> from, Second last) {
  const auto intervals = repo::exact_intervals(lane);
  if (!from && !intervals.empty()) from = intervals.front().from;
  if (from && last < *from) return true;
  return std::any_of(intervals.begin(), intervals.end(), [&](const repo::Interval& interval) {
    return from && interval.from <= *from && last < interval.until;
  });
}

// What is known of the time that was asked for, of each container that was looked into.
class KnownTime {
 public:
  KnownTime(std::optional<Second> from, std::optional<Second> until) : from_(from), until_(until) {}

  void add(const Incarnation& incarnation, const repo::LaneState& lane, std::vector<std::string>& notes) {
    const auto seconds = repo::restorable_seconds(lane);
    if (seconds.empty()) {
      all_known_ = all_known_ && incarnation.dropped;
      notes.push_back(incarnation.name() + ": no second of it is covered yet, so changes may be missing");
      return;
    }
    const Second known = seconds.back().until - 1;
    std::optional<Second> last = until_;
    if (incarnation.dropped) last = std::min(*incarnation.dropped, until_.value_or(*incarnation.dropped));
    if (!last || *last > known) ends_[known].push_back(incarnation.name());
    if (incarnation.lets_expire) {
      notes.push_back(incarnation.name() + ": documents may expire, and one that did is listed only once its removal " +
                      "by the service was captured; `halley diff` of the moments tells at once");
    }
    if (!incarnation.dropped) through_ = std::min(known, through_.value_or(known));
    if (!covers(lane, from_, std::min(known, last.value_or(known)))) {
      notes.push_back(incarnation.name() + ": not every second between the moments is covered, so changes that " +
                      "were undone meanwhile may be missing");
    }
  }

  // Once all were added.
  void tell(FindReport& report) const {
    if (all_known_) report.through = through_;
    for (const auto& [known, names] : ends_) report.notes.push_back(beginning_of(names) + ": " + end_at(known));
  }

 private:
  static std::string end_at(Second known) {
    return "covered up to " + format_rfc3339(known) + ", so later changes may be missing";
  }

  static std::string beginning_of(const std::vector<std::string>& names) {
    std::string text;
    for (std::size_t i = 0; i < std::min(names.size(), kNamed); ++i) text += (i == 0 ? "" : ", ") + names[i];
    if (names.size() > kNamed) text += " and " + std::to_string(names.size() - kNamed) + " more";
    return text;
  }

  const std::optional<Second> from_;
  const std::optional<Second> until_;
  std::map<Second, std::vector<std::string>> ends_;  // where less is covered than was asked for
  std::optional<Second> through_;
  bool all_known_ = true;
};

// Gathers the versions of a document, which stand together in a stream, newest first, and counts what are changes.
class Changes {
 public:
  // `earlier`: what the stream leaves out because it was before `from`.
  Changes(std::optional<Second> from, EarlierVersions& earlier) : from_(from), earlier_(earlier) {}

  void begin(const repo::Version& version) {
    key_ = version.partition_key;
    id_ = version.id;
    found_.reset();
    keep(version);
  }
  bool begun() const { return !key_.empty(); }
  bool are_of(const repo::Version& version) const { return version.id == id_ && version.partition_key == key_; }

  // The version before the last one.
  void add(const repo::Version& before) {
    const bool again = last_.operation == repo::Operation::upsert && before.operation == repo::Operation::upsert &&
                       is_same_write(last_.rid, last_.etag, before.rid, before.etag);
    if (!again) count();
    keep(before);
  }

  // There is no more: what was found, nothing where the document was only read again. Views are valid until begin().
  Result<std::optional<FoundKey>> end(const std::string& container) {
    bool again = false;
    // A write of before the stream begins may have been captured then.
    if (from_ && last_.operation == repo::Operation::upsert && last_.ts < *from_) {
      ASSIGN(again, earlier_.has_write_of(last_));
    }
    if (!again) count();
    if (found_) found_->container = container;
    return found_;
  }

 private:
  void keep(const repo::Version& version) {
    rid_ = version.rid;
    etag_ = version.etag;
    last_ = version;
    last_.partition_key = key_;
    last_.id = id_;
    last_.rid = rid_;
    last_.etag = etag_;
  }

  void count() {
    if (!found_) {
      found_ = FoundKey{{}, key_, id_, last_.operation, last_.time, last_.since, last_.time, 0};
    }
    found_->first = last_.time;
    ++found_->changes;
  }

  const std::optional<Second> from_;
  EarlierVersions& earlier_;
  std::string key_, id_;    // of the document
  repo::Version last_;      // not counted yet
  std::string rid_, etag_;  // of it
  std::optional<FoundKey> found_;
};

class ChangeFinder {
 public:
  ChangeFinder(repo::Repository& repository, std::optional<Second> from, std::optional<Second> until,
               const FindQuery& query, const EachFound& each, std::stop_token stop)
      : repository_(repository), from_(from), until_(until), query_(query), each_(each), stop_(std::move(stop)) {}

  Result<FindReport> run() {
    ASSIGN(const auto all, incarnations(repository_, query_.selection, report_.losses));
    for (const Incarnation& incarnation : all) {
      if (from_ && incarnation.dropped && *incarnation.dropped < *from_) continue;
      ASSIGN(const bool more, search(incarnation));
      if (!more) break;
    }
    if (any_read_ && !any_fits_) return fail(no_such_keys(query_.selection));
    known_.tell(report_);
    return std::move(report_);
  }

 private:
  // False when the caller wants no more.
  Result<bool> search(const Incarnation& incarnation) {
    ASSIGN(const auto found, read_lane(repository_, incarnation, report_.losses));
    if (!found) return true;
    any_read_ = true;
    const repo::LaneState& lane = *found;
    repo::ReadOptions options;
    options.cut.time = until_;
    options.since = from_;
    options.bodies = false;
    options.stop = stop_;
    ASSIGN(const bool fits, narrow(query_.selection, *lane.identity.key, options));
    if (!fits) return true;
    any_fits_ = true;
    known_.add(incarnation, lane, report_.notes);
    ASSIGN(const auto stream, repository_.versions(lane, options));
    EarlierVersions earlier(repository_, lane, options);
    return list(*stream, Changes(from_, earlier), incarnation.name());
  }

  Result<bool> list(repo::VersionStream& stream, Changes changes, const std::string& container) {
    repo::Version version;
    while (true) {
      ASSIGN(const bool more, stream.next(version));
      if (stop_.stop_requested()) return fail(Code::cancelled, "interrupted");
      if (more && !is_wanted(query_, version)) continue;
      if (more && changes.are_of(version)) {
        changes.add(version);
        continue;
      }
      if (changes.begun()) {
        ASSIGN(const auto found, changes.end(container));
        if (found) ++report_.documents;
        if (found && !each_(*found)) return false;
      }
      if (!more) return true;
      changes.begin(version);
    }
  }

  repo::Repository& repository_;
  const std::optional<Second> from_;
  const std::optional<Second> until_;
  const FindQuery& query_;
  const EachFound& each_;
  const std::stop_token stop_;
  KnownTime known_{from_, until_};
  FindReport report_;
  bool any_read_ = false;
  bool any_fits_ = false;  // of the containers that were read: it may have the partition key
};

}  // namespace

Result<FindReport> find_documents(repo::Repository& repository, const Moment& moment, const FindQuery& query,
                                  const EachFound& each, std::stop_token stop) {
  ASSIGN(const RestorePlan plan, make_plan(repository, moment, query.selection, {.stop = stop}));
  FindReport report;
  report.losses = plan.losses;
  for (const std::string& note : plan.notes) {
    if (std::find(plan.losses.begin(), plan.losses.end(), note) == plan.losses.end()) report.notes.push_back(note);
  }
  for (const PlannedContainer& container : plan.containers) {
    ASSIGN(Documents documents, Documents::open(repository, container, query.selection, false, stop));
    const std::string name = container.name();
    repo::Version version;
    while (true) {
      ASSIGN(const bool more, documents.next(version));
      if (!more) break;
      if (stop.stop_requested()) return fail(Code::cancelled, "interrupted");
      if (!version.id.starts_with(query.id_prefix)) continue;
      ++report.documents;
      // When it was written last: a new base may have read it again since.
      const bool wanted =
          each({name, version.partition_key, version.id, version.operation, version.ts, version.ts, version.ts, 1});
      if (!wanted) return report;
    }
  }
  return report;
}

Result<FindReport> find_changes(repo::Repository& repository, std::optional<Second> from, std::optional<Second> until,
                                const FindQuery& query, const EachFound& each, std::stop_token stop) {
  return ChangeFinder(repository, from, until, query, each, std::move(stop)).run();
}

}  // namespace halley::recovery
