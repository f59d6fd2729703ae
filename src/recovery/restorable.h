// The restorable seconds of a lane, exact stretches and sync points alike, as intervals that can be intersected.
#pragma once

#include <vector>

#include "repo/coverage.h"

namespace halley::recovery {

// Disjoint and in order; a sync point is an interval of one second.
std::vector<repo::Interval> restorable_seconds(const repo::LaneState& lane);

// What is in both; each side disjoint and in order.
std::vector<repo::Interval> common_seconds(const std::vector<repo::Interval>& a, const std::vector<repo::Interval>& b);

// The nearest seconds of `intervals` at or before `moment`, and after it.
repo::Nearest nearest_seconds(const std::vector<repo::Interval>& intervals, Second moment);

}  // namespace halley::recovery
