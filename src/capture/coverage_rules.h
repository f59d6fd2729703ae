// How capture moves the ranges and the coverage of a lane. Pure functions; docs/guarantees.md states the rules they
// follow.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cosmos/client.h"
#include "repo/lane.h"

namespace halley::capture {

// What to ask for one interval of a lane: a physical range, and the part of it when the range is wider than the
// interval.
struct RangeSource {
  std::string range_id;
  std::optional<cosmos::HashRange> part;
};

// Fits the lane's intervals to the live ranges, which tile the hash space in order: an interval that was split becomes
// one per child, each with the parent's continuations; a merge leaves the intervals as they are, read as parts.
// Whatever changed its place begins a new epoch. An interval of a merged range names no `range_id` until that range has
// answered its continuation: until then its position is one of another log. Exact intervals are split alike. Returns
// the source of each interval.
std::vector<RangeSource> fit_to_ranges(const std::vector<cosmos::PartitionKeyRange>& live,
                                       std::vector<repo::RangeState>& states, std::vector<repo::ExactInterval>& exact);

// The service's way of saying that a feed is not to be had, or not from where it was.
bool is_refusal(const Error& error);
// Of a poll from now a lasting 500 says so too (containers that were merged).
bool not_offered(const Error& error);

// A 304 from `page`: everything before its Date less round trip and margin is captured.
void advance_on_not_modified(repo::RangeState& state, const cosmos::FeedPage& page);
// A page with items, the newest of them at `state.newest`: everything before that second is captured.
void advance_on_items(repo::RangeState& state);

// `versions` came through the feed: exactness begins behind those the base may have skipped, up to where it ended.
void begin_behind(repo::RangeState& state, const std::vector<repo::Version>& versions);

// Writes the range's exactness down in the lane's list: [where its base ended, until), once the feed has passed that
// position. Seconds in `late` (a version came for a second already claimed) end the present interval there; the next
// begins at `claimed_until`, empty while nothing more is covered.
void extend_exact(std::vector<repo::ExactInterval>& exact, const repo::RangeState& state,
                  const std::vector<Second>& late, Second claimed_until);

}  // namespace halley::capture
