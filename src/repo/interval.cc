#include "repo/interval.h"

#include <algorithm>

namespace halley::repo {

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

std::vector<Interval> common(const std::vector<Interval>& a, const std::vector<Interval>& b) {
  std::vector<Interval> result;
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    const Interval both{std::max(a[i].from, b[j].from), std::min(a[i].until, b[j].until)};
    if (both.from < both.until) result.push_back(both);
    (a[i].until < b[j].until ? i : j) += 1;
  }
  return result;
}

std::vector<Interval> without(const std::vector<Interval>& a, const std::vector<Interval>& b) {
  std::vector<Interval> result;
  auto hole = b.begin();
  for (const Interval& interval : a) {
    Second from = interval.from;
    while (hole != b.end() && hole->from < interval.until) {
      if (from < hole->from) result.push_back({from, hole->from});
      from = std::max(from, hole->until);
      if (hole->until > interval.until) break;  // it may reach into the next one, too
      ++hole;
    }
    if (from < interval.until) result.push_back({from, interval.until});
  }
  return result;
}

std::vector<Second> seconds_outside(std::vector<Second> seconds, const std::vector<Interval>& intervals) {
  std::sort(seconds.begin(), seconds.end());
  seconds.erase(std::unique(seconds.begin(), seconds.end()), seconds.end());
  std::erase_if(seconds, [&](Second second) {
    return std::any_of(intervals.begin(), intervals.end(),
                       [&](const Interval& interval) { return interval.from <= second && second < interval.until; });
  });
  return seconds;
}

Nearest nearest(const std::vector<Interval>& intervals, Second moment) {
  Nearest nearest;
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

}  // namespace halley::repo
