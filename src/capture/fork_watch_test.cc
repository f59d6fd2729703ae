#include "capture/fork_watch.h"

#include <gtest/gtest.h>

#include "capture/margins.h"

namespace halley::capture {
namespace {

using Verdict = ForkWatch::Verdict;

constexpr SteadyTime kStart{std::chrono::hours(1)};

TEST(SessionToken, NamesVersionAndLsn) {
  const auto position = parse_session_token("3:-1#41#2=40");
  ASSERT_TRUE(position);
  EXPECT_EQ(position->version, -1);
  EXPECT_EQ(position->lsn, 41U);
  for (const char* other : {"", "41", "3:41", "3:x#41", "3:1#x", "3:1#", "1#2:3"}) {
    EXPECT_FALSE(parse_session_token(other)) << other;
  }
}

TEST(ForkWatch, AReplicaThatIsBehindForAWhileIsNoFork) {
  ForkWatch watch;
  EXPECT_EQ(watch.judge("0", 40, "0:1#40", kStart), Verdict::fine);
  EXPECT_EQ(watch.judge("0", 40, "0:1#30", kStart), Verdict::behind);
  EXPECT_EQ(watch.judge("0", 40, "0:1#39", kStart + kForkPatience - Milliseconds(1)), Verdict::behind);
  EXPECT_EQ(watch.judge("0", 40, "0:1#40", kStart + kForkPatience), Verdict::fine);
  EXPECT_EQ(watch.judge("0", 40, "0:1#39", kStart + kForkPatience), Verdict::behind) << "the wait begins anew";
  EXPECT_FALSE(watch.found());
}

TEST(ForkWatch, StayingBehindIsAFork) {
  ForkWatch watch;
  EXPECT_EQ(watch.judge("0", 40, "0:1#30", kStart), Verdict::behind);
  EXPECT_EQ(watch.judge("1", 40, "1:1#30", kStart + kForkPatience), Verdict::behind) << "each range for itself";
  EXPECT_EQ(watch.judge("0", 40, "0:1#35", kStart + kForkPatience), Verdict::forked);
  EXPECT_TRUE(watch.found());
  watch.forget();
  EXPECT_FALSE(watch.found());
  EXPECT_EQ(watch.judge("0", 35, "0:1#35", kStart + kForkPatience), Verdict::fine);
}

TEST(ForkWatch, AnotherVersionWithALowerLsnIsAForkAtOnce) {
  ForkWatch watch;
  EXPECT_EQ(watch.judge("0", 40, "0:1#40", kStart), Verdict::fine);
  EXPECT_EQ(watch.judge("0", 40, "0:2#50", kStart), Verdict::fine) << "a failover: the LSN goes on";
  EXPECT_EQ(watch.judge("0", 50, "0:3#49", kStart), Verdict::forked);
}

TEST(ForkWatch, KnowsWhereTheLogStoodAtTheNewestAnswer) {
  ForkWatch watch;
  EXPECT_FALSE(watch.log_end("0"));
  watch.judge("0", 40, "0:1#42", kStart);
  EXPECT_EQ(watch.log_end("0"), 42U);
  watch.judge("0", 42, "0:1#41", kStart);
  EXPECT_FALSE(watch.log_end("0")) << "the answer came from behind";
  watch.judge("0", 42, "0:1#42", kStart);
  watch.judge("0", 42, "", kStart);
  EXPECT_FALSE(watch.log_end("0")) << "the answer does not tell";
}

TEST(ForkWatch, AnAnswerWithoutATokenSaysNothing) {
  ForkWatch watch;
  EXPECT_EQ(watch.judge("0", 40, "", kStart), Verdict::fine);
}

}  // namespace
}  // namespace halley::capture
