#include "coverage_watch.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "capture/margins.h"
#include "repo/coverage.h"

namespace halley::sim {
namespace {

bool contains(const std::vector<repo::Interval>& intervals, Second moment) {
  return std::any_of(intervals.begin(), intervals.end(), [&](const repo::Interval& interval) {
    return interval.from <= moment && moment < interval.until;
  });
}

// The first second in [from, until) that is not in the intervals.
std::optional<Second> first_missing(const std::vector<repo::Interval>& intervals, Second from, Second until) {
  for (Second moment = from; moment < until; moment = moment + 1) {
    if (!contains(intervals, moment)) return moment;
  }
  return std::nullopt;
}

std::size_t count_events(const repo::LaneState& lane, std::string_view kind) {
  return static_cast<std::size_t>(std::count_if(lane.events.begin(), lane.events.end(),
                                                [&](const repo::Event& event) { return event.kind == kind; }));
}

// The oldest second that the events of late changes behind the first `known` name.
Second first_late(const repo::LaneState& lane, std::size_t known) {
  Second first{std::numeric_limits<std::int64_t>::max()};
  for (const repo::Event& event : lane.events) {
    if (event.kind != "late_change" || known-- > 0) continue;
    const auto second = parse_rfc3339(event.text.substr(event.text.rfind(' ') + 1));
    EXPECT_TRUE(second) << event.text;
    if (second) first = std::min(first, *second);
  }
  return first;
}

// Whether its feed was not to be had for some time, or read anew: then there may be seconds that nothing covers.
bool was_interrupted(const repo::LaneState& lane) {
  return lane.mode != repo::CaptureMode::all_versions || count_events(lane, "gap") != 0 ||
         count_events(lane, "mode") != 0 || count_events(lane, "fork") != 0;
}

}  // namespace

void CoverageWatch::expect_no_less(World& world, bool waited, Second began) {
  std::set<std::string> living;
  for (const Incarnation& each : world.incarnations()) {
    if (!each.dropped && each.made + world.options().date_skew < began) living.insert(each.rid);
  }
  for (const auto& [rid, lane] : world.lanes()) {
    Seen& seen = seen_[rid];
    const auto covered = repo::restorable_seconds(lane);
    const Second late = first_late(lane, seen.late_changes);
    for (const repo::Interval& before : seen.covered) {
      const auto lost = first_missing(covered, before.from, std::min(before.until, late));
      EXPECT_FALSE(lost) << world.describe() << rid << ": " << *lost - kStart << " s was covered, and is not any more";
    }
    seen.late_changes = count_events(lane, "late_change");
    seen.covered = covered;
    if (!rid.empty()) seen.interrupted = seen.interrupted || was_interrupted(lane);
    const bool alive = rid.empty() || living.count(rid) != 0;
    const bool steady = world.options().weather.clock_steps == 0;
    if (waited && alive && steady && !rid.empty() && lane.mode == repo::CaptureMode::latest) {
      ASSERT_FALSE(lane.sync_points.empty()) << world.describe() << rid << ": a whole pass gave no sync point";
      EXPECT_GE(lane.sync_points.back().at, began) << world.describe() << rid;
    }
    // Where the clock was set back nothing is covered until it has passed what there was.
    if (!waited || !alive || !steady || seen.interrupted || seen.late_changes != 0) continue;
    ASSERT_FALSE(covered.empty()) << world.describe() << rid << ": a whole pass covers nothing";
    const auto missing = first_missing(covered, covered.front().from, began + 1);
    EXPECT_FALSE(missing) << world.describe() << rid << ": " << *missing - kStart << " s is not covered";
  }
}

void expect_early_exactness(World& world, const Incarnation& container) {
  const auto exact = repo::exact_intervals(world.lane(container));
  ASSERT_FALSE(exact.empty()) << world.describe();
  EXPECT_EQ(exact.front().from, container.base_read + capture::kCoverageMarginSeconds) << world.describe();
}

}  // namespace halley::sim
