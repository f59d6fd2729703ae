#include "capture/coverage_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace halley::capture {
namespace {

using repo::ExactInterval;
using repo::RangeState;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const cosmos::HashRange kAll;
const cosmos::HashRange kLow{"", "\x20"};
const cosmos::HashRange kHigh{"\x20", "\xFF"};

RangeState state_of(const cosmos::HashRange& range, std::string id) {
  RangeState state;
  state.range = range;
  state.range_id = std::move(id);
  state.feed = "\"17\"";
  state.lsn = 17;
  return state;
}

TEST(FitToRanges, ASplitGivesEachChildTheParentsContinuationInANewEpoch) {
  std::vector<RangeState> states = {state_of(kAll, "0")};
  std::vector<ExactInterval> exact = {{kAll, {100}, {200}}};
  const auto sources = fit_to_ranges({{"1", kLow, {"0"}}, {"2", kHigh, {"0"}}}, states, exact);
  ASSERT_EQ(states.size(), 2U);
  EXPECT_EQ(states[0].range, kLow);
  EXPECT_EQ(states[1].range, kHigh);
  for (const RangeState& state : states) {
    EXPECT_EQ(state.feed, "\"17\"");
    EXPECT_EQ(state.epoch, 1U);
  }
  EXPECT_EQ(sources[0].range_id, "1");
  EXPECT_FALSE(sources[0].part);
  EXPECT_THAT(exact, ElementsAre(ExactInterval{kLow, {100}, {200}}, ExactInterval{kHigh, {100}, {200}}));
}

TEST(FitToRanges, AMergeKeepsTheIntervalsAsPartsInANewEpoch) {
  std::vector<RangeState> states = {state_of(kLow, "1"), state_of(kHigh, "2")};
  std::vector<ExactInterval> exact;
  const auto sources = fit_to_ranges({{"3", kAll, {"1", "2"}}}, states, exact);
  ASSERT_EQ(states.size(), 2U);
  EXPECT_EQ(states[1].epoch, 1U);
  EXPECT_EQ(sources[1].range_id, "3");
  EXPECT_EQ(sources[1].part, kHigh);
}

TEST(FitToRanges, NothingChangesWhenNothingMoved) {
  std::vector<RangeState> states = {state_of(kLow, "1"), state_of(kHigh, "2")};
  const std::vector<RangeState> before = states;
  std::vector<ExactInterval> exact = {{kLow, {1}, {2}}, {kHigh, {1}, {2}}};
  fit_to_ranges({{"1", kLow, {}}, {"2", kHigh, {}}}, states, exact);
  EXPECT_EQ(states, before);
  EXPECT_THAT(exact, ElementsAre(ExactInterval{kLow, {1}, {2}}, ExactInterval{kHigh, {1}, {2}}));
}

TEST(Advance, A304CoversUpToItsDateLessRoundTripAndMargin) {
  RangeState state;
  cosmos::FeedPage page;
  page.server_time = {1000};
  page.round_trip = Milliseconds(1200);
  advance_on_not_modified(state, page);
  EXPECT_EQ(state.until, Second{993});
  page.server_time = {990};
  advance_on_not_modified(state, page);
  EXPECT_EQ(state.until, Second{993}) << "coverage never steps back";
}

TEST(Advance, APageWithItemsCoversUpToItsNewestSecondExclusive) {
  RangeState state;
  state.newest = {500};
  advance_on_items(state);
  EXPECT_EQ(state.until, Second{500});
}

RangeState covered(Second until) {
  RangeState state = state_of(kAll, "0");
  state.base_done = true;
  state.base_end_lsn = 10;
  state.base_end_time = {100};
  state.until = until;
  return state;
}

TEST(ExtendExact, BeginsWhereTheBaseEndedOnceTheFeedHasPassedIt) {
  std::vector<ExactInterval> exact;
  RangeState state = covered({150});
  state.lsn = 9;
  extend_exact(exact, state, {}, {0});
  EXPECT_THAT(exact, IsEmpty()) << "the feed has not reached the position where the base ended";
  state.lsn = 10;
  extend_exact(exact, state, {}, {0});
  EXPECT_THAT(exact, ElementsAre(ExactInterval{kAll, {100}, {150}}));
  state.until = {180};
  extend_exact(exact, state, {}, {150});
  EXPECT_THAT(exact, ElementsAre(ExactInterval{kAll, {100}, {180}}));
}

TEST(ExtendExact, ALateVersionTakesExactnessAwayFromItsSecondToWhatWasClaimed) {
  std::vector<ExactInterval> exact = {{kAll, {100}, {150}}};
  extend_exact(exact, covered({170}), {{140}, {145}}, {150});
  EXPECT_THAT(exact, ElementsAre(ExactInterval{kAll, {100}, {140}}, ExactInterval{kAll, {150}, {170}}));
}

TEST(ExtendExact, WhatALateVersionTookAwayDoesNotComeBack) {
  std::vector<ExactInterval> exact = {{kAll, {100}, {150}}};
  extend_exact(exact, covered({150}), {{140}}, {150});
  extend_exact(exact, covered({150}), {{145}}, {150});
  extend_exact(exact, covered({170}), {}, {150});
  EXPECT_THAT(exact, ElementsAre(ExactInterval{kAll, {100}, {140}}, ExactInterval{kAll, {150}, {170}}));
  extend_exact(exact, covered({170}), {{160}}, {170});
  extend_exact(exact, covered({180}), {}, {170});
  EXPECT_THAT(exact, ElementsAre(ExactInterval{kAll, {100}, {140}}, ExactInterval{kAll, {150}, {160}},
                                 ExactInterval{kAll, {170}, {180}}));
}

TEST(ExtendExact, ALateVersionFromBeforeExactnessLeavesTheHoleToWhatWasClaimed) {
  std::vector<ExactInterval> exact = {{kAll, {100}, {150}}};
  extend_exact(exact, covered({150}), {{90}}, {150});
  extend_exact(exact, covered({170}), {}, {150});
  EXPECT_THAT(exact, ElementsAre(ExactInterval{kAll, {150}, {170}}));
}

TEST(ExtendExact, ANewBaseBeginsAnIntervalOfItsOwn) {
  std::vector<ExactInterval> exact = {{kAll, {50}, {80}}};
  extend_exact(exact, covered({150}), {}, {0});
  EXPECT_THAT(exact, ElementsAre(ExactInterval{kAll, {50}, {80}}, ExactInterval{kAll, {100}, {150}}));
}

}  // namespace
}  // namespace halley::capture
