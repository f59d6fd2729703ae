// The central promise: what a restore to T gives is what was true at T, at every T that is offered, and no other T is
// offered.
#include <gtest/gtest.h>

#include <cstdlib>

#include "recovery/plan.h"
#include "repo/coverage.h"
#include "world.h"

namespace halley::sim {
namespace {

// HALLEY_SIM_SEEDS sets how many worlds are run, HALLEY_SIM_SEED runs a single one.
struct Seeds {
  std::uint64_t first = 1;
  std::uint64_t count = 60;
};

Seeds seeds() {
  Seeds seeds;
  if (const char* one = std::getenv("HALLEY_SIM_SEED")) return {std::strtoull(one, nullptr, 10), 1};
  if (const char* count = std::getenv("HALLEY_SIM_SEEDS")) seeds.count = std::strtoull(count, nullptr, 10);
  return seeds;
}

WorldOptions options_for(std::uint64_t seed, bool all_versions) {
  WorldOptions options;
  options.seed = seed;
  options.all_versions = all_versions;
  options.partitions = static_cast<int>(1 + seed % 3);
  options.hierarchical_key = seed % 4 == 0;
  if (seed % 3 == 1) options.default_ttl = -1;
  if (seed % 3 == 2) options.default_ttl = 20;
  // The latest-version feed can't tell of deletes while it is read: there the world holds still during a pass.
  options.writes_during_backup = all_versions && seed % 2 == 1 ? 0.3 : 0;
  return options;
}

void live_a_while(World& world, std::uint64_t seed, int step) {
  for (std::uint64_t i = 0; i < 10 + (seed * 7 + static_cast<std::uint64_t>(step)) % 25; ++i) world.change();
  if ((seed + static_cast<std::uint64_t>(step)) % 4 == 0) world.split();
}

TEST(History, EveryExactSecondIsRestoredAsItWas) {
  const Seeds range = seeds();
  for (std::uint64_t seed = range.first; seed < range.first + range.count; ++seed) {
    World world(options_for(seed, true));
    const Second start = world.now();
    for (int step = 0; step < 4; ++step) {
      live_a_while(world, seed, step);
      const Second began = world.now();
      const auto report = world.backup(step % 3 != 1);
      ASSERT_TRUE(report) << world.describe() << ": " << report.error().to_string();
      ASSERT_TRUE(report->incomplete.empty()) << world.describe() << ": " << report->incomplete[0].error.to_string();
      if (step % 3 != 1) {
        EXPECT_TRUE(repo::cut_at(world.lane(), began) || step == 0)
            << world.describe() << ": the pass covers its beginning";
      }
      expect_truth(world, start);
      if (::testing::Test::HasFailure()) return;
    }
    EXPECT_FALSE(repo::exact_intervals(world.lane()).empty()) << world.describe();
  }
}

TEST(History, EverySyncPointIsRestoredAsItWas) {
  const Seeds range = seeds();
  for (std::uint64_t seed = range.first; seed < range.first + range.count; ++seed) {
    World world(options_for(seed, false));
    const Second start = world.now();
    std::vector<Second> sync_points;
    for (int step = 0; step < 4; ++step) {
      live_a_while(world, seed, step);
      const auto report = world.backup();
      ASSERT_TRUE(report) << world.describe() << ": " << report.error().to_string();
      ASSERT_TRUE(report->incomplete.empty()) << world.describe() << ": " << report->incomplete[0].error.to_string();
      if (sync_points.empty() || sync_points.back() != *report->restorable_until) {
        sync_points.push_back(*report->restorable_until);
      }
      EXPECT_EQ(expect_truth(world, start), sync_points.size()) << world.describe() << ": only sync points are offered";
      if (::testing::Test::HasFailure()) return;
    }
  }
}

TEST(History, AMomentOutsideCoverageIsRefusedNamingTheNearestGoodOnes) {
  World world(options_for(1, true));
  live_a_while(world, 1, 0);
  ASSERT_TRUE(world.backup());
  live_a_while(world, 1, 1);
  ASSERT_TRUE(world.backup());
  const auto intervals = repo::exact_intervals(world.lane());
  ASSERT_FALSE(intervals.empty());
  for (const Second outside : {intervals.front().from - 1, intervals.back().until}) {
    recovery::Moment moment;
    moment.at = outside;
    const auto plan = recovery::make_plan(world.repository(), moment, {});
    ASSERT_FALSE(plan);
    EXPECT_EQ(plan.error().code, Code::outside_coverage);
    const Second nearest = outside < intervals.front().from ? intervals.front().from : intervals.back().until - 1;
    EXPECT_NE(plan.error().hint.find(format_rfc3339(nearest)), std::string::npos) << plan.error().hint;
  }
}

}  // namespace
}  // namespace halley::sim
