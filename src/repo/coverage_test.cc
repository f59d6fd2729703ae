#include "repo/coverage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace halley::repo {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const cosmos::HashRange kLow{"", "\x40"};
const cosmos::HashRange kHigh{"\x40", "\xFF"};

LaneState exact_lane(std::vector<ExactInterval> intervals) {
  LaneState lane;
  lane.mode = CaptureMode::all_versions;
  lane.exact = std::move(intervals);
  return lane;
}

TEST(ExactIntervals, AreNoneWithoutCoverage) { EXPECT_THAT(exact_intervals(LaneState()), IsEmpty()); }

TEST(ExactIntervals, HoldOnlyWhereEveryHashIntervalIsCovered) {
  const LaneState lane = exact_lane({{kLow, {100}, {200}}, {kHigh, {120}, {180}}});
  EXPECT_THAT(exact_intervals(lane), ElementsAre(Interval{{120}, {180}}));
}

TEST(ExactIntervals, AreNoneWhenAPartOfTheHashSpaceHasNoCoverage) {
  EXPECT_THAT(exact_intervals(exact_lane({{kHigh, {100}, {200}}})), IsEmpty());
  EXPECT_THAT(exact_intervals(exact_lane({{kLow, {100}, {200}}})), IsEmpty());
}

TEST(ExactIntervals, JoinWhatTouches) {
  const LaneState lane = exact_lane({{{}, {100}, {150}}, {kLow, {150}, {170}}, {kHigh, {150}, {160}}});
  EXPECT_THAT(exact_intervals(lane), ElementsAre(Interval{{100}, {160}}));
}

TEST(ExactIntervals, KeepHolesApart) {
  const LaneState lane = exact_lane({{{}, {100}, {150}}, {kLow, {160}, {200}}, {kHigh, {155}, {190}}});
  EXPECT_THAT(exact_intervals(lane), ElementsAre(Interval{{100}, {150}}, Interval{{160}, {190}}));
}

TEST(CutAt, IsByTimeInsideExactCoverageAndRefusedOutside) {
  const LaneState lane = exact_lane({{{}, {100}, {200}}});
  EXPECT_FALSE(cut_at(lane, {99}));
  EXPECT_EQ(cut_at(lane, {100})->time, Second{100});
  EXPECT_EQ(cut_at(lane, {199})->time, Second{199});
  EXPECT_FALSE(cut_at(lane, {200})) << "until is exclusive";
}

TEST(CutAt, IsByPositionAtASyncPointAndRefusedBetween) {
  LaneState lane;
  lane.mode = CaptureMode::latest;
  lane.sync_points = {{{100}, {{{}, {0, 7}}}}, {{150}, {{{}, {0, 9}}}}};
  ASSERT_TRUE(cut_at(lane, {150}));
  EXPECT_EQ(cut_at(lane, {150})->time, Second{150}) << "what was read later than the moment is left out";
  EXPECT_THAT(cut_at(lane, {150})->positions, ElementsAre(RangePosition{{}, {0, 9}}));
  EXPECT_FALSE(cut_at(lane, {149}));
  EXPECT_FALSE(cut_at(lane, {151}));
}

TEST(NewestCut, IsRefusedWhileTheBaseIsIncomplete) {
  LaneState lane;
  lane.mode = CaptureMode::all_versions;
  lane.ranges.resize(2);
  lane.ranges[0].base_done = true;
  lane.ranges[0].last_304 = {500};
  EXPECT_FALSE(newest_cut(lane));
  lane.ranges[1].base_done = true;
  ASSERT_TRUE(newest_cut(lane));
  EXPECT_EQ(newest_cut(lane)->at, Second{500});
}

TEST(NewestCut, OfLatestModeNeedsNoSyncPoint) {
  LaneState lane;
  lane.mode = CaptureMode::latest;
  lane.ranges.resize(2);
  lane.ranges[0].base_done = true;
  EXPECT_FALSE(newest_cut(lane));
  lane.ranges[1].base_done = true;
  EXPECT_TRUE(newest_cut(lane));
}

TEST(NewestCut, IsRefusedUntilTheFeedHasBroughtWhatTheBaseLeftToIt) {
  LaneState lane;
  lane.mode = CaptureMode::all_versions;
  lane.ranges.resize(1);
  lane.ranges[0].base_done = true;
  lane.ranges[0].base_end_lsn = 20;
  lane.ranges[0].lsn = 19;
  EXPECT_FALSE(newest_cut(lane));
  lane.ranges[0].lsn = 20;
  EXPECT_TRUE(newest_cut(lane));
}

TEST(NewestCut, WhileANewBaseIsReadIsTheNewestThatWasCoveredBeforeAsOfTheNewestCommit) {
  LaneState lane = exact_lane({{{}, {100}, {200}}});
  lane.seq = 5;
  lane.ranges.resize(1);
  ASSERT_TRUE(newest_cut(lane));
  EXPECT_EQ(newest_cut(lane)->at, Second{199});
  EXPECT_EQ(newest_cut(lane)->cut.time, Second{199});
  EXPECT_EQ(newest_cut(lane)->cut.commit, 5U);
  lane.sync_points = {{{250}, {{{}, {0, 7}}}}};
  EXPECT_EQ(newest_cut(lane)->at, Second{250});
  EXPECT_THAT(newest_cut(lane)->cut.positions, ElementsAre(RangePosition{{}, {0, 7}}));
  EXPECT_EQ(newest_cut(lane)->cut.commit, 5U);
}

TEST(RestorableSeconds, AreTheExactOnesAndTheSyncPoints) {
  LaneState lane = exact_lane({{{}, {100}, {150}}});
  lane.sync_points = {{{120}, {}}, {{150}, {}}, {{170}, {}}};
  EXPECT_THAT(restorable_seconds(lane), ElementsAre(Interval{{100}, {151}}, Interval{{170}, {171}}));
}

}  // namespace
}  // namespace halley::repo
