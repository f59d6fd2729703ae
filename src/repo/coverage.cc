#include "repo/coverage.h"

#include <algorithm>
#include <set>

namespace halley::repo {
namespace {

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

std::vector<Interval> restorable_seconds(const LaneState& lane) {
  std::vector<Interval> seconds = exact_intervals(lane);
  for (const SyncPoint& point : lane.sync_points) seconds.push_back({point.at, point.at + 1});
  return joined(std::move(seconds));
}

std::optional<Cut> cut_at(const LaneState& lane, Second moment) {
  for (const Interval& interval : exact_intervals(lane)) {
    if (interval.from <= moment && moment < interval.until) return Cut{moment, {}};
  }
  // Of two sync points in one second the later is nearer to its end.
  for (auto point = lane.sync_points.rbegin(); point != lane.sync_points.rend(); ++point) {
    if (point->at == moment) return Cut{moment, point->cut};
  }
  return std::nullopt;
}

std::optional<NewestCut> newest_cut(const LaneState& lane) {
  if (lane.mode == CaptureMode::definitions && lane.exact.empty()) return std::nullopt;
  if (lane.mode != CaptureMode::definitions && !base_complete(lane)) {
    // While a new base is read the newest of what was covered before counts.
    const std::vector<Interval> before = restorable_seconds(lane);
    if (before.empty()) return std::nullopt;
    NewestCut newest{before.back().until - 1, {}};
    newest.cut = *cut_at(lane, newest.at);
    newest.cut.commit = lane.seq;
    return newest;
  }
  NewestCut newest;
  newest.cut.commit = lane.seq;  // what is captured later is of later moments
  for (const RangeState& range : lane.ranges) newest.at = std::max({newest.at, range.newest, range.last_304});
  for (const SyncPoint& point : lane.sync_points) newest.at = std::max(newest.at, point.at);
  for (const ExactInterval& interval : lane.exact) newest.at = std::max(newest.at, interval.until - 1);
  return newest;
}

}  // namespace halley::repo
