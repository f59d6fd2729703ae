// Which moments of a lane can be restored: pure questions to its state (docs/guarantees.md, coverage).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "repo/lane.h"
#include "repo/repository.h"

namespace halley::repo {

struct Interval {
  Second from;
  Second until;  // exclusive
  friend bool operator==(const Interval&, const Interval&) = default;
};

// The seconds that are exact over the whole hash space, as disjoint intervals in order.
std::vector<Interval> exact_intervals(const LaneState& lane);

// Whether `moment` can be restored, and by which cut.
std::optional<Cut> cut_at(const LaneState& lane, Second moment);

// The newest cut captured: everything. Its time is the newest second up to which anything is known.
struct NewestCut {
  Second at;
  Cut cut;
};
std::optional<NewestCut> newest_cut(const LaneState& lane);

// The nearest restorable moments at or before, and after, one that is not.
struct Nearest {
  std::optional<Second> before;
  std::optional<Second> after;
};
Nearest nearest_moments(const LaneState& lane, Second moment);

}  // namespace halley::repo
