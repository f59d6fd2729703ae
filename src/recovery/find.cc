#include "recovery/find.h"

#include "recovery/documents.h"
#include "recovery/incarnations.h"
#include "repo/coverage.h"

namespace halley::recovery {
namespace {

bool is_wanted(const FindQuery& query, const repo::Version& version) {
  return version.id.starts_with(query.id_prefix) && query.selection.selects_document(version.partition_key, version.id);
}

// Whether every second between the moments is covered exactly, so that no change can be missing.
bool covers(const repo::LaneState& lane, std::optional<Second> from, std::optional<Second> until) {
  const auto intervals = repo::exact_intervals(lane);
  if (intervals.empty()) return false;
  const Second first = from.value_or(intervals.front().from);
  const Second last = until.value_or(intervals.back().until - 1);
  for (const repo::Interval& interval : intervals) {
    if (interval.from <= first && last < interval.until) return true;
  }
  return last < first;
}

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
    return std::move(report_);
  }

 private:
  // False when the caller wants no more.
  Result<bool> search(const Incarnation& incarnation) {
    ASSIGN(const auto found, read_lane(repository_, incarnation, report_.losses));
    if (!found) return true;
    const repo::LaneState& lane = *found;
    repo::ReadOptions options;
    options.cut.time = until_;
    options.since = from_;
    options.bodies = false;
    ASSIGN(const bool fits, narrow(query_.selection, *lane.identity.key, options));
    if (!fits) return true;
    if (!covers(lane, from_, until_)) {
      report_.notes.push_back(incarnation.name() +
                              ": not every second between the moments is covered, so changes that " +
                              "were undone meanwhile may be missing");
    }
    ASSIGN(const auto stream, repository_.versions(lane, options));
    return group(*stream, incarnation.name());
  }

  // The versions of a document stand together, newest first.
  Result<bool> group(repo::VersionStream& stream, const std::string& container) {
    std::optional<FoundKey> found;
    repo::Version version;
    while (true) {
      ASSIGN(const bool more, stream.next(version));
      if (stop_.stop_requested()) return fail(Code::cancelled, "interrupted");
      if (more && !is_wanted(query_, version)) continue;
      if (more && found && version.id == id_ && version.partition_key == key_) {
        found->first = version.time;
        ++found->changes;
        continue;
      }
      if (found) {
        ++report_.documents;
        if (!each_(*found)) return false;
      }
      if (!more) return true;
      key_ = version.partition_key;
      id_ = version.id;
      found = FoundKey{container, key_, id_, version.operation, version.time, version.since, version.time, 1};
    }
  }

  repo::Repository& repository_;
  const std::optional<Second> from_;
  const std::optional<Second> until_;
  const FindQuery& query_;
  const EachFound& each_;
  const std::stop_token stop_;
  FindReport report_;
  std::string key_;  // of the document that is being gathered
  std::string id_;
};

}  // namespace

Result<FindReport> find_documents(repo::Repository& repository, const Moment& moment, const FindQuery& query,
                                  const EachFound& each, std::stop_token stop) {
  ASSIGN(const RestorePlan plan, make_plan(repository, moment, query.selection));
  FindReport report;
  for (const PlannedContainer& container : plan.containers) {
    ASSIGN(Documents documents, Documents::open(repository, container, query.selection, false));
    const std::string name = container.name();
    repo::Version version;
    while (true) {
      ASSIGN(const bool more, documents.next(version));
      if (!more) break;
      if (stop.stop_requested()) return fail(Code::cancelled, "interrupted");
      if (!version.id.starts_with(query.id_prefix)) continue;
      ++report.documents;
      const bool wanted = each(
          {name, version.partition_key, version.id, version.operation, version.time, version.since, version.time, 1});
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
