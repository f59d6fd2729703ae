// Intervals of seconds and what can be computed with them.
#pragma once

#include <optional>
#include <vector>

#include "base/time.h"

namespace halley::repo {

struct Interval {
  Second from;
  Second until;  // exclusive
  friend bool operator==(const Interval&, const Interval&) = default;
};

// The same seconds as disjoint intervals in order: empty ones left out, those that overlap or touch made one.
std::vector<Interval> joined(std::vector<Interval> intervals);

// What is in both; each side disjoint and in order, as joined() gives them, and so is the result.
std::vector<Interval> common(const std::vector<Interval>& a, const std::vector<Interval>& b);

// What is in `a` and not in `b`, likewise.
std::vector<Interval> without(const std::vector<Interval>& a, const std::vector<Interval>& b);

// Those of the seconds that are not in the intervals, in order, each once.
std::vector<Second> seconds_outside(std::vector<Second> seconds, const std::vector<Interval>& intervals);

// The nearest seconds in the intervals, which are disjoint and in order: at or before a moment, and after it.
struct Nearest {
  std::optional<Second> before;
  std::optional<Second> after;
};
Nearest nearest(const std::vector<Interval>& intervals, Second moment);

}  // namespace halley::repo
