#include "recovery/verify.h"

#include <algorithm>

#include "recovery/plan.h"

namespace halley::recovery {
namespace {

void add_holes(const Timeline& timeline, VerifyReport& report) {
  for (const ContainerTimeline& container : timeline.containers) {
    for (std::size_t i = 1; i < container.intervals.size(); ++i) {
      const repo::Interval hole{container.intervals[i - 1].until, container.intervals[i].from};
      std::vector<Second> inside;
      for (const Second point : container.sync_points) {
        if (hole.from <= point && point < hole.until) inside.push_back(point);
      }
      report.coverage_holes.push_back({container.name(), container.incarnation, hole, std::move(inside)});
    }
  }
  const Second known = timeline.definitions.empty() ? Second{} : timeline.definitions.back().until;
  for (const UncoveredContainer& container : timeline.uncovered) {
    const Second end = std::max(known, container.since + 1);
    report.coverage_holes.push_back({container.name, container.incarnation, {container.since, end}, {}});
    if (container.missed) report.missed.push_back(container.name);
  }
}

// Whether everything can be restored now, as far as planning tells.
Status try_restore(repo::Repository& repository, std::stop_token stop, VerifyReport& report) {
  ASSIGN(const Timeline timeline, read_timeline(repository));
  report.last_backup = timeline.last_backup;
  report.restorable_until = timeline.restorable_until;
  add_holes(timeline, report);
  ASSIGN(RestorePlan plan, make_plan(repository, Moment::newest(), {}, {.stop = std::move(stop)}));
  report.notes = std::move(plan.notes);
  if (!timeline.taken_in.everything()) {
    report.notes.push_back("backups take in a part of the account: " + timeline.taken_in.text());
  }
  report.restorable = true;
  return {};
}

}  // namespace

Result<VerifyReport> verify(repo::Repository& repository, const repo::CheckOptions& options) {
  VerifyReport report;
  ASSIGN(report.check, repo::check(repository, options));
  if (const Status tried = try_restore(repository, options.stop, report); !tried) {
    if (tried.error().code == Code::cancelled) return fail(tried.error());
    report.restorable = false;
    report.not_restorable = tried.error().to_string();
  }
  return report;
}

}  // namespace halley::recovery
