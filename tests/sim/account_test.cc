// Several containers in one account, which are dropped and made again while they are captured: what is restored of a
// second is the whole account of it, and there is one second of all of it after each pass.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>

#include "coverage_watch.h"
#include "recovery/plan.h"
#include "repo/coverage.h"
#include "seeds.h"
#include "truth.h"

namespace halley::sim {
namespace {

WorldOptions options_for(std::uint64_t seed) {
  WorldOptions options;
  options.kind = "account";
  options.seed = seed;
  options.all_versions = seed % 3 != 0;
  options.containers = static_cast<int>(2 + seed % 2);
  options.partitions = static_cast<int>(1 + seed % 3);
  options.hierarchical_key = seed % 5 == 0;
  if (seed % 4 == 1) options.default_ttl = 20;
  options.writing_pace = Milliseconds(seed % 2 == 1 ? 800 : 4000);
  options.weather.drop = seed % 4 == 3 ? 0 : 0.1;
  options.request_units = seed % 7 == 0 ? 40 : 0;
  options.left_out = seed % 5 == 2 ? 0.4 : 0;
  return options;
}

// A container that is dropped while it is read, or made again while its drop is confirmed, leaves a pass incomplete;
// nothing else does.
void expect_honest(const World& world, const capture::BackupReport& report, std::size_t changes) {
  if (changes == 0) {
    EXPECT_TRUE(report.incomplete.empty()) << world.describe() << report.incomplete[0].error.to_string();
  }
  for (const capture::Incomplete& each : report.incomplete) {
    EXPECT_TRUE(each.error.code == Code::not_found || each.error.code == Code::precondition ||
                each.error.code == Code::gone)
        << world.describe() << each.what << ": " << each.error.to_string();
  }
}

std::size_t dropped_in(const World& world) {
  const auto& all = world.incarnations();
  return static_cast<std::size_t>(
      std::count_if(all.begin(), all.end(), [](const Incarnation& each) { return each.dropped.has_value(); }));
}

TEST(AccountWorlds, TheWholeAccountIsRestoredAsItWas) {
  const Seeds range = Seeds::asked_for(50);
  std::size_t passes = 0, whole = 0, dropped = 0, common = 0;
  Truth truth;
  for (std::uint64_t seed = range.first; seed < range.first + range.count; ++seed) {
    World world(options_for(seed));
    CoverageWatch watch;
    for (int step = 0; step < 4; ++step) {
      for (std::size_t i = 0; i < 6 + world.pick(12); ++i) world.change();
      if (world.chance(0.3)) world.split();
      if (world.chance(0.3) && world.options().weather.drop > 0) world.drop_or_make();
      if (step == 3) world.calm();
      const std::size_t before = world.incarnations().size() + dropped_in(world);
      const Second began = world.now();
      const auto report = world.backup();
      if (!report && world.left_out() && report.error().code == Code::invalid_argument) continue;  // nothing was left
      ASSERT_TRUE(report) << world.describe() << report.error().to_string();
      watch.expect_no_less(world, report->incomplete.empty() && !world.left_out(), began);
      expect_honest(world, *report, world.incarnations().size() + dropped_in(world) - before);
      ++passes;
      whole += report->incomplete.empty() ? 1U : 0U;
      if (report->restorable_until && !world.left_out()) {
        const auto plan = recovery::make_plan(world.repository(), recovery::Moment::of(*report->restorable_until), {});
        EXPECT_TRUE(plan) << world.describe() << plan.error().to_string();
        ++common;
      }
      if (step == 3) {
        EXPECT_TRUE(report->incomplete.empty()) << world.describe();
      }
      truth.add(expect_truth(world, kStart));
      if (::testing::Test::HasFailure()) return;
    }
    dropped += dropped_in(world);
  }
  std::printf(
      "%zu passes, %zu whole, %zu with a second of all; %zu containers dropped; of containers: %zu exact seconds, "
      "%zu sync points; %zu refused\n",
      passes, whole, common, dropped, truth.exact_seconds, truth.sync_points, truth.refused);
  if (!range.many()) return;
  EXPECT_GT(whole, passes / 2);
  EXPECT_GT(dropped, range.count / 2);
  EXPECT_GT(common, passes / 2);
}

}  // namespace
}  // namespace halley::sim
