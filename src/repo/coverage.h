// Which moments of a lane can be restored: pure questions to its state (docs/guarantees.md, coverage).
#pragma once

#include <optional>
#include <vector>

#include "repo/interval.h"
#include "repo/lane.h"
#include "repo/repository.h"

namespace halley::repo {

// The seconds that are exact over the whole hash space, as disjoint intervals in order.
std::vector<Interval> exact_intervals(const LaneState& lane);

// All seconds that can be restored, exact ones and sync points (one second each), as disjoint intervals in order.
std::vector<Interval> restorable_seconds(const LaneState& lane);

// Whether `moment` can be restored, and by which cut.
std::optional<Cut> cut_at(const LaneState& lane, Second moment);

// The newest cut captured: everything. Its time is the newest second up to which anything is known. While a new base is
// read over an older history it is the cut of the newest second that was covered before: that may be a sync point.
// What later commits bring is no part of it.
struct NewestCut {
  Second at;
  Cut cut;
};
std::optional<NewestCut> newest_cut(const LaneState& lane);

}  // namespace halley::repo
