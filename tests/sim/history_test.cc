// The central promise: what a restore to T gives is what was true at T, at every T that is offered, and no other T is
// offered.
#include <gtest/gtest.h>

#include <cstdio>
#include <map>

#include "coverage_watch.h"
#include "recovery/plan.h"
#include "repo/coverage.h"
#include "seeds.h"
#include "truth.h"

namespace halley::sim {
namespace {

WorldOptions options_for(std::uint64_t seed, std::string_view kind, bool all_versions) {
  WorldOptions options;
  options.kind = kind;
  options.seed = seed;
  options.all_versions = all_versions;
  options.partitions = static_cast<int>(1 + seed % 3);
  options.hierarchical_key = seed % 4 == 0;
  if (seed % 3 == 1) options.default_ttl = -1;
  if (seed % 3 == 2) options.default_ttl = 20;
  if (seed % 2 == 1) options.writing_pace = Milliseconds(seed % 4 == 1 ? 800 : 6000);
  return options;
}

void live_a_while(World& world, std::uint64_t seed, int step) {
  for (std::uint64_t i = 0; i < 10 + (seed * 7 + static_cast<std::uint64_t>(step)) % 25; ++i) world.change();
  if (seed % 3 == 0) world.write_twice();
  if ((seed + static_cast<std::uint64_t>(step)) % 4 == 0) world.split();
}

TEST(ExactWorlds, EverySecondIsRestoredAsItWas) {
  const Seeds range = Seeds::asked_for(60);
  for (std::uint64_t seed = range.first; seed < range.first + range.count; ++seed) {
    WorldOptions options = options_for(seed, "exact", true);
    options.date_skew = static_cast<std::int64_t>(seed / 2 % 3 * 4) - 4;  // within the margin
    World world(options);
    const Second start = world.now();
    CoverageWatch watch;
    for (int step = 0; step < 4; ++step) {
      live_a_while(world, seed, step);
      const Second began = world.now() + options.date_skew;
      const bool wait = step % 3 != 1;
      const auto report = world.backup(wait);
      ASSERT_TRUE(report) << world.describe() << ": " << report.error().to_string();
      ASSERT_TRUE(report->incomplete.empty()) << world.describe() << ": " << report->incomplete[0].error.to_string();
      expect_early_exactness(world, world.incarnations().front());
      watch.expect_no_less(world, wait, began);
      for (const repo::Event& event : world.lane().events) EXPECT_EQ(event.kind, "order") << world.describe();
      expect_truth(world, start);
      if (::testing::Test::HasFailure()) return;
    }
  }
}

// Whether a pass gave up to reach the end of what is written as fast as it is read: rare, and no sync point.
bool is_outrun(const World& world, const capture::BackupReport& report) {
  return world.options().writing_pace.count() > 0 && !report.incomplete.empty() &&
         report.incomplete.front().error.message.find("is written faster than") != std::string::npos;
}

TEST(SyncWorlds, EverySyncPointIsRestoredAsItWas) {
  const Seeds range = Seeds::asked_for(60);
  Truth busy;
  Truth calm;  // with few writes during a pass
  std::size_t outrun_passes = 0;
  for (std::uint64_t seed = range.first; seed < range.first + range.count; ++seed) {
    const WorldOptions options = options_for(seed, "sync", false);
    World world(options);
    const Second start = world.now();
    CoverageWatch watch;
    std::vector<Second> sync_points;
    Truth truth;
    for (int step = 0; step < 5; ++step) {
      live_a_while(world, seed, step);
      if (step == 4) world.calm();  // the last pass finds every delete that the others could not know of
      const bool wait = step % 3 != 1;
      const Second began = world.now();
      const auto report = world.backup(wait);
      ASSERT_TRUE(report) << world.describe() << ": " << report.error().to_string();
      watch.expect_no_less(world, wait, began);
      const bool outrun = is_outrun(world, *report);
      outrun_passes += outrun ? 1U : 0U;
      ASSERT_TRUE(outrun || report->incomplete.empty())
          << world.describe() << ": " << report->incomplete[0].error.to_string();
      if (wait && !outrun) sync_points.push_back(*report->restorable_until);
      truth = expect_truth(world, start);
      EXPECT_EQ(truth.sync_points, sync_points.size()) << world.describe() << ": only sync points are offered";
      EXPECT_EQ(truth.exact_seconds, 0U) << world.describe();
      if (::testing::Test::HasFailure()) return;
    }
    if (options.writing_pace.count() == 0 && !options.default_ttl) {
      EXPECT_EQ(truth.uncertain + truth.untold, 0U) << world.describe() << ": a world at rest leaves nothing open";
    } else if (options.writing_pace.count() > 0) {
      busy.add(truth);
      if (options.writing_pace.count() > 1000 && !options.default_ttl) calm.add(truth);
    }
  }
  std::printf("busy worlds: %zu sync points, %zu documents, %zu uncertain, %zu untold\n", busy.sync_points,
              busy.documents, busy.uncertain, busy.untold);
  std::printf("the calmer of them: %zu documents, %zu uncertain, %zu untold\n", calm.documents, calm.uncertain,
              calm.untold);
  if (!range.many()) return;
  EXPECT_GT(busy.uncertain, 0U);
  EXPECT_LE(outrun_passes * 100, range.count) << "few passes are outrun by writers";
  EXPECT_LT(calm.uncertain + calm.untold, calm.documents / 2) << "most documents are vouched for";
}

// What happens to a container between two passes, besides its documents.
void upset(World& world, std::uint64_t dice) {
  switch (dice % 5) {
    case 0:
      world.forget_feed();
      break;
    case 1:
      world.offer_feed(false);
      break;
    case 2:
      world.offer_feed(true);
      break;
    default:
      break;
  }
}

TEST(GapWorlds, WhatIsOfferedIsTrueThroughGapsAndChangesOfTheFeed) {
  const Seeds range = Seeds::asked_for(40);
  std::map<std::string, std::size_t> events;
  for (std::uint64_t seed = range.first; seed < range.first + range.count; ++seed) {
    WorldOptions options = options_for(seed, "gap", true);
    options.latest_mode = seed % 3 == 2 ? 0.3 : 0;
    World world(options);
    const Second start = world.now();
    CoverageWatch watch;
    std::uint64_t dice = seed;
    for (int step = 0; step < 6; ++step) {
      live_a_while(world, seed, step);
      if (step > 0) upset(world, dice);
      dice = dice / 5 + seed * 7;
      if (step == 5) world.calm();
      const Second began = world.now();
      const bool wait = step % 3 != 1;
      const auto report = world.backup(wait);
      ASSERT_TRUE(report) << world.describe() << ": " << report.error().to_string();
      ASSERT_TRUE(report->incomplete.empty()) << world.describe() << ": " << report->incomplete[0].error.to_string();
      watch.expect_no_less(world, wait, began);
      expect_truth(world, start);
      if (::testing::Test::HasFailure()) return;
    }
    for (const repo::Event& event : world.lane().events) ++events[event.kind];
  }
  for (const auto& [kind, count] : events) std::printf("%s: %zu\n", kind.c_str(), count);
  if (!range.many()) return;
  EXPECT_GT(events["gap"], 0U);
  EXPECT_GT(events["mode"], 0U);
}

// Between the restore in place and the pass nothing is written or purged: a feed that has caught up again can't be
// told apart.
TEST(ForkWorlds, ARestoreInPlaceEndsCoverageAndBeginsItAnew) {
  const Seeds range = Seeds::asked_for(40);
  std::size_t forks = 0;
  for (std::uint64_t seed = range.first; seed < range.first + range.count; ++seed) {
    WorldOptions options = options_for(seed, "fork", seed % 2 == 0);
    options.writing_pace = Milliseconds(0);
    options.default_ttl.reset();
    World world(options);
    const Second start = world.now();
    CoverageWatch watch;
    for (int step = 0; step < 4; ++step) {
      const bool fork = step % 2 == 1;
      if (fork) {
        ASSERT_TRUE(world.restore_in_place()) << world.describe();
      } else {
        live_a_while(world, seed, step);
      }
      const Second began = world.now();
      const auto report = world.backup();
      ASSERT_TRUE(report) << world.describe() << ": " << report.error().to_string();
      ASSERT_TRUE(report->incomplete.empty()) << world.describe() << ": " << report->incomplete[0].error.to_string();
      watch.expect_no_less(world, true, began);
      const Truth truth = expect_truth(world, start);
      EXPECT_EQ(truth.uncertain + truth.untold, 0U) << world.describe();
      if (step == 2) {
        EXPECT_TRUE(repo::cut_at(world.lane(), *report->restorable_until))
            << world.describe() << ": after a fork coverage goes on";
      }
      if (::testing::Test::HasFailure()) return;
    }
    for (const repo::Event& event : world.lane().events) forks += event.kind == "fork" ? 1U : 0U;
  }
  std::printf("fork: %zu\n", forks);
  if (!range.many()) return;
  EXPECT_GT(forks, range.count / 2);
}

TEST(ExactWorlds, AMomentOutsideCoverageIsRefusedNamingTheNearestGoodOnes) {
  World world(options_for(1, "exact", true));
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
