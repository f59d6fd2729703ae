// Every mutation that a backup makes of its store goes wrong in turn: nothing acknowledged is lost, and the next
// backup completes.
#include <gtest/gtest.h>

#include "repo/check.h"
#include "truth.h"

namespace halley::sim {
namespace {

using testing::Fault;
using testing::FaultPlan;

constexpr std::uint64_t kMostMutations = 200;

// Two passes over a changing world under the plan; whatever they answer, a restart and one more pass must put
// everything right. False once the plan's mutation lies beyond the last.
bool survives(Fault fault, bool crash, std::uint64_t at, bool all_versions) {
  auto plan = std::make_shared<FaultPlan>();
  plan->at = at;
  plan->fault = fault;
  plan->crash = crash;
  WorldOptions options;
  options.seed = 3;
  options.all_versions = all_versions;
  options.partitions = 2;
  options.faults = plan;
  World world(options);
  const Second start = world.now();
  for (int step = 0; step < 2; ++step) {
    for (int i = 0; i < 15; ++i) world.change();
    const auto report = world.backup();
    const bool whole = report && report->incomplete.empty();
    EXPECT_TRUE(whole || plan->mutations >= at) << "a backup failed though nothing went wrong: mutation " << at;
    if (fault == Fault::ambiguous && !crash) {
      EXPECT_TRUE(whole) << "a lost answer is settled by reading back: mutation " << at;
    }
  }
  const bool happened = plan->mutations >= at;
  world.restart();
  const auto report = world.backup();
  EXPECT_TRUE(report) << report.error().to_string();
  if (!report) return happened;
  for (const capture::Incomplete& incomplete : report->incomplete) {
    ADD_FAILURE() << incomplete.what << ": " << incomplete.error.to_string();
  }
  const Truth truth = expect_truth(world, start);
  EXPECT_GT(truth.exact_seconds + truth.sync_points, 0U);
  const auto checked = repo::check(world.repository(), {.read_data = 1, .progress = {}, .stop = {}});
  EXPECT_TRUE(checked) << checked.error().to_string();
  if (checked) {
    EXPECT_TRUE(checked->damaged.empty()) << checked->damaged.front().object << ": " << checked->damaged.front().why;
  }
  return happened;
}

void expect_survival(Fault fault, bool crash) {
  for (const bool all_versions : {true, false}) {
    std::uint64_t at = 1;
    while (at < kMostMutations && survives(fault, crash, at, all_versions)) {
      ASSERT_FALSE(::testing::Test::HasFailure()) << "mutation " << at << " all_versions " << all_versions;
      ++at;
    }
    EXPECT_GT(at, 6U) << "a backup makes more mutations than that";
    EXPECT_LT(at, kMostMutations);
  }
}

TEST(Crash, NothingIsLostWhenAnyPutIsRefused) { expect_survival(Fault::refused, false); }
TEST(Crash, NothingIsLostWhenTheStoreIsFullAtAnyPut) { expect_survival(Fault::no_space, false); }
TEST(Crash, NothingIsLostWhenAnyPutIsTorn) { expect_survival(Fault::torn, true); }
TEST(Crash, NothingIsLostOrDoubledWhenTheAnswerToAnyPutIsLost) { expect_survival(Fault::ambiguous, false); }
TEST(Crash, NothingIsLostWhenTheProcessDiesBeforeAnyPut) { expect_survival(Fault::refused, true); }
TEST(Crash, NothingIsLostWhenTheProcessDiesAfterAnyPut) { expect_survival(Fault::ambiguous, true); }

}  // namespace
}  // namespace halley::sim
