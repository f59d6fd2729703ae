#include "capture/coverage_rules.h"

#include <algorithm>

#include "capture/margins.h"

namespace halley::capture {
namespace {

using cosmos::HashRange;
using cosmos::PartitionKeyRange;
using repo::ExactInterval;
using repo::RangeState;

HashRange overlap(const HashRange& a, const HashRange& b) { return {std::max(a.min, b.min), std::min(a.max, b.max)}; }

// The parts of `range` by the live ranges they lie in.
std::vector<HashRange> pieces_of(const HashRange& range, const std::vector<PartitionKeyRange>& live) {
  std::vector<HashRange> pieces;
  for (const PartitionKeyRange& physical : live) {
    if (physical.range.overlaps(range)) pieces.push_back(overlap(physical.range, range));
  }
  return pieces;
}

const PartitionKeyRange& home_of(const HashRange& range, const std::vector<PartitionKeyRange>& live) {
  return *std::find_if(live.begin(), live.end(),
                       [&](const PartitionKeyRange& physical) { return physical.range.contains(range); });
}

}  // namespace

std::vector<RangeSource> fit_to_ranges(const std::vector<PartitionKeyRange>& live, std::vector<RangeState>& states,
                                       std::vector<ExactInterval>& exact) {
  if (states.empty()) states.emplace_back();
  std::vector<RangeState> fitted;
  for (const RangeState& state : states) {
    for (const HashRange& piece : pieces_of(state.range, live)) {
      RangeState part = state;
      part.range = piece;
      const PartitionKeyRange& home = home_of(piece, live);
      const bool moved = home.id != state.range_id;
      if (moved && !state.range_id.empty()) ++part.epoch;
      if (moved) part.range_id = home.range == piece ? home.id : "";
      fitted.push_back(std::move(part));
    }
  }
  std::vector<ExactInterval> fitted_exact;
  for (const ExactInterval& interval : exact) {
    for (const RangeState& state : fitted) {
      if (state.range.overlaps(interval.range)) {
        fitted_exact.push_back({overlap(state.range, interval.range), interval.from, interval.until});
      }
    }
  }
  std::vector<RangeSource> sources;
  for (const RangeState& state : fitted) {
    const PartitionKeyRange& home = home_of(state.range, live);
    sources.push_back({home.id, home.range == state.range ? std::nullopt : std::optional<HashRange>(state.range)});
  }
  states = std::move(fitted);
  exact = std::move(fitted_exact);
  return sources;
}

bool is_refusal(const Error& error) {
  return (error.code == Code::invalid_argument && error.status == 400) || error.code == Code::unsupported;
}

bool not_offered(const Error& error) { return is_refusal(error) || error.status == 500; }

void advance_on_not_modified(RangeState& state, const cosmos::FeedPage& page) {
  const auto round_trip = std::chrono::ceil<std::chrono::seconds>(page.round_trip).count();
  state.until = std::max(state.until, page.server_time - round_trip - kCoverageMarginSeconds);
  state.last_304 = std::max(state.last_304, page.server_time);
}

void advance_on_items(RangeState& state) { state.until = std::max(state.until, state.newest); }

void begin_behind(RangeState& state, const std::vector<repo::Version>& versions) {
  if (!state.base_done) return;
  for (const repo::Version& version : versions) {
    if (version.position.lsn <= state.base_end_lsn) state.base_end_time = std::max(state.base_end_time, version.time);
  }
}

void extend_exact(std::vector<ExactInterval>& exact, const RangeState& state, const std::vector<Second>& late,
                  Second claimed_until) {
  if (!state.base_done || state.lsn < state.base_end_lsn) return;
  const Second from = state.base_end_time;
  ExactInterval* current = nullptr;
  for (ExactInterval& interval : exact) {
    const bool ours = interval.range == state.range && interval.from >= from;
    if (ours && (current == nullptr || interval.from > current->from)) current = &interval;
  }
  if (current == nullptr) {
    if (state.until > from) exact.push_back({state.range, from, state.until});
    return;
  }
  if (late.empty()) {
    current->until = std::max(current->until, state.until);
    return;
  }
  // A late version takes exactness away from its second up to what had been claimed.
  const Second first_late = *std::min_element(late.begin(), late.end());
  for (ExactInterval& interval : exact) {
    if (interval.range == state.range) interval.until = std::min(interval.until, std::max(interval.from, first_late));
  }
  std::erase_if(exact, [&](const ExactInterval& interval) { return interval.until <= interval.from; });
  // The next one begins there at once, be it empty still: it keeps the hole from being filled by what comes.
  exact.push_back({state.range, std::max(from, claimed_until), std::max(from, state.until)});
}

}  // namespace halley::capture
