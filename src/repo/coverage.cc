#include "repo/coverage.h"

#include <algorithm>
#include <set>

namespace halley::repo {
namespace {

// Sorted and merged, touching intervals joined.
std::vector<Interval> joined(std::vector<Interval> intervals) {
  std::sort(intervals.begin(), intervals.end(), [](const Interval& a, const Interval& b) { return a.from < b.from; });
  std::vector<Interval> result;
  for (const Interval& interval : intervals) {
    if (interval.until <= interval.from) continue;
    if (!result.empty() && interval.from <= result.back().until) {
      result.back().until = std::max(result.back().until, interval.until);
    } else {
      result.push_back(interval);
    }
  }
  return result;
}

// What is in both; each side is sorted and disjoint.
std::vector<Interval> common(const std::vector<Interval>& a, const std::vector<Interval>& b) {
  std::vector<Interval> result;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() && j < b.size()) {
    const Interval both{std::max(a[i].from, b[j].from), std::min(a[i].until, b[j].until)};
    if (both.from < both.until) result.push_back(both);
    (a[i].until < b[j].until ? i : j) += 1;
  }
  return result;
}

bool base_complete(const LaneState& lane) {
  return !lane.ranges.empty() && std::all_of(lane.ranges.begin(), lane.ranges.end(), [](const RangeState& range) {
    return range.base_done && range.lsn >= range.base_end_lsn;  // what the base left to the feed has come
  });
}

}  // namespace

std::vector<Interval> exact_intervals(const LaneState& lane) {
  // The bounds of all intervals cut the hash space into cells; a second is exact when it is so in every cell.
  const cosmos::HashRange everything;
  std::set<std::string> bounds = {everything.min};
  for (const ExactInterval& interval : lane.exact) {
    bounds.insert(interval.range.min);
    if (interval.range.max < everything.max) bounds.insert(interval.range.max);
  }
  std::optional<std::vector<Interval>> result;
  for (const std::string& cell : bounds) {
    std::vector<Interval> of_cell;
    for (const ExactInterval& interval : lane.exact) {
      if (interval.range.contains(cell)) of_cell.push_back({interval.from, interval.until});
    }
    of_cell = joined(std::move(of_cell));
    result = result ? common(*result, of_cell) : std::move(of_cell);
  }
  return std::move(*result);
}

std::optional<Cut> cut_at(const LaneState& lane, Second moment) {
  for (const Interval& interval : exact_intervals(lane)) {
    if (interval.from <= moment && moment < interval.until) return Cut{moment, {}};
  }
  // Of two sync points in one second the later is nearer to its end.
  for (auto point = lane.sync_points.rbegin(); point != lane.sync_points.rend(); ++point) {
    if (point->at == moment) return Cut{std::nullopt, point->cut};
  }
  return std::nullopt;
}

std::optional<NewestCut> newest_cut(const LaneState& lane) {
  if (lane.mode == CaptureMode::all_versions && !base_complete(lane)) return std::nullopt;
  if (lane.mode == CaptureMode::latest && lane.sync_points.empty()) return std::nullopt;
  if (lane.mode == CaptureMode::definitions && lane.exact.empty()) return std::nullopt;
  NewestCut newest;
  for (const RangeState& range : lane.ranges) newest.at = std::max({newest.at, range.newest, range.last_304});
  for (const SyncPoint& point : lane.sync_points) newest.at = std::max(newest.at, point.at);
  for (const ExactInterval& interval : lane.exact) newest.at = std::max(newest.at, interval.until - 1);
  return newest;
}

Nearest nearest_moments(const LaneState& lane, Second moment) {
  Nearest nearest;
  const auto offer = [&](Second good) {
    if (good <= moment && (!nearest.before || *nearest.before < good)) nearest.before = good;
    if (good > moment && (!nearest.after || good < *nearest.after)) nearest.after = good;
  };
  for (const Interval& interval : exact_intervals(lane)) {
    offer(interval.from);
    offer(interval.until - 1);
  }
  for (const SyncPoint& point : lane.sync_points) offer(point.at);
  return nearest;
}

}  // namespace halley::repo
