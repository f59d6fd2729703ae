#include "recovery/restorable.h"

#include <algorithm>

namespace halley::recovery {

using repo::Interval;

std::vector<Interval> restorable_seconds(const repo::LaneState& lane) {
  std::vector<Interval> all = repo::exact_intervals(lane);
  for (const repo::SyncPoint& point : lane.sync_points) all.push_back({point.at, point.at + 1});
  std::sort(all.begin(), all.end(), [](const Interval& a, const Interval& b) { return a.from < b.from; });
  std::vector<Interval> joined;
  for (const Interval& interval : all) {
    if (!joined.empty() && interval.from <= joined.back().until) {
      joined.back().until = std::max(joined.back().until, interval.until);
    } else {
      joined.push_back(interval);
    }
  }
  return joined;
}

std::vector<Interval> common_seconds(const std::vector<Interval>& a, const std::vector<Interval>& b) {
  std::vector<Interval> result;
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    const Interval both{std::max(a[i].from, b[j].from), std::min(a[i].until, b[j].until)};
    if (both.from < both.until) result.push_back(both);
    (a[i].until < b[j].until ? i : j) += 1;
  }
  return result;
}

repo::Nearest nearest_seconds(const std::vector<Interval>& intervals, Second moment) {
  repo::Nearest nearest;
  for (const Interval& interval : intervals) {
    if (interval.from > moment) {
      nearest.after = interval.from;
      break;
    }
    nearest.before = std::min(moment, interval.until - 1);
    if (moment + 1 < interval.until) {
      nearest.after = moment + 1;
      break;
    }
  }
  return nearest;
}

}  // namespace halley::recovery
