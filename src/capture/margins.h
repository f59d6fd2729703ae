// Every safety margin of capture, in one place (docs/guarantees.md, coverage).
#pragma once

#include <cstdint>

#include "runtime/runtime.h"

namespace halley::capture {

// A 304 proves what was committed this long before its Date, not later: commit times and Date come from different
// clocks.
inline constexpr std::int64_t kCoverageMarginSeconds = 5;
// A version whose time steps back further than this behind its range's newest is reported.
inline constexpr std::int64_t kStepBackSeconds = 60;
// A version whose time is further than this beyond the Date of its page is corrupt.
inline constexpr std::int64_t kMaxSecondsAhead = 24 * 60 * 60;
// How often the all-versions feed is followed while the base is still being read.
inline constexpr Milliseconds kFollowWhileBase{15000};
// In latest mode a range that still brings documents after so many pages beyond the second asked for is written faster
// than it can be read to its end.
inline constexpr int kPagesBeyond = 500;
// How often an unfinished range is polled again at the end of a pass.
inline constexpr Milliseconds kSettlePoll{500};
// A range whose answers stay behind its continuation for so long is not a slow replica: its feed began anew.
inline constexpr Milliseconds kForkPatience{60000};
// How often a range that answers from behind its continuation is asked again.
inline constexpr Milliseconds kBehindPoll{5000};

}  // namespace halley::capture
