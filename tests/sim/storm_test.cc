// Everything at once: partitions split and merge, expiry is switched, the service's clock steps, regions fail, requests
// are struck by every fault there is, passes die at any call. What is offered is true at every moment of it; once it is
// calm, one pass covers what time and order allow, and what is restored through more of the same is what was.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdio>

#include "coverage_watch.h"
#include "recovery/plan.h"
#include "repo/check.h"
#include "repo/coverage.h"
#include "rescue.h"
#include "seeds.h"
#include "truth.h"

namespace halley::sim {
namespace {

WorldOptions options_for(std::uint64_t seed) {
  std::mt19937_64 dice(seed * 7919);
  const auto any_of = [&](auto... values) {
    const std::array all{values...};
    return all[dice() % all.size()];
  };
  WorldOptions options;
  options.seed = seed;
  options.kind = "storm";
  options.all_versions = dice() % 3 != 0;
  options.hierarchical_key = dice() % 4 == 0;
  options.containers = any_of(1, 1, 2, 3);
  options.partitions = any_of(1, 2, 3);
  options.regions = any_of(1, 1, 2, 3);
  options.default_ttl = any_of(TimeToLive(), TimeToLive(-1), TimeToLive(20));
  options.writing_pace = Milliseconds(any_of(0, 600, 1500, 5000));
  options.weather.split = any_of(0.0, 0.03, 0.1);
  options.weather.merge = any_of(0.0, 0.0, 0.05);
  options.weather.held = any_of(0.0, 0.5);
  options.weather.failover = any_of(0.0, 0.1);
  options.weather.region_down = any_of(0.0, 0.1);
  options.weather.region_removed = any_of(0.0, 0.05);
  options.weather.clock_steps = any_of(0, 0, 3, 150);
  if (options.weather.clock_steps != 0) options.weather.clock_step = 0.05;
  if (options.weather.clock_steps == 0) options.date_skew = any_of(-4, 0, 4);
  if (options.weather.clock_steps == 0) options.weather.drop = any_of(0.0, 0.0, 0.03);
  options.request_units = any_of(0, 0, 0, 30, 100);
  if (options.weather.clock_steps == 0) options.weather.lag = any_of(0.0, 0.3);
  options.latest_mode = any_of(0.0, 0.0, 0.2);
  options.left_out = any_of(0.0, 0.0, 0.2);
  // A feed that has caught up again can't be told apart: behind a restore in place nothing is written, purged or
  // merged.
  options.restored_in_place = options.weather.clock_steps == 0 && any_of(0, 0, 1) != 0;
  if (options.restored_in_place) options.weather.merge = 0;
  if (options.restored_in_place) options.default_ttl.reset();
  return options;
}

// Some of all kinds of faults, each of some requests.
std::vector<std::string> faults_of(World& world) {
  static const std::vector<std::string> kFaults = {
      R"("kind":"throttle","retry_after_ms":300)",
      R"("kind":"throttle","retry_after_ms":4000)",
      R"("kind":"status","status":503)",
      R"("kind":"status","status":500)",
      R"("kind":"status","status":408)",
      R"("kind":"status","status":449)",
      R"("kind":"status","status":410,"sub_status":1007)",
      R"("kind":"status","status":410,"sub_status":1002,"operation":"change_feed")",
      R"("kind":"status","status":410,"sub_status":1000,"operation":"change_feed")",
      R"("kind":"status","status":410,"sub_status":1008)",
      R"("kind":"status","status":410,"sub_status":1022)",
      R"("kind":"status","status":502)",
      R"("kind":"status","status":504)",
      R"("kind":"status","status":408,"processed":true)",
      R"("kind":"status","status":503,"processed":true)",
      R"("kind":"drop")",
      R"("kind":"lose_reply")",
      R"("kind":"truncate")",
      R"("kind":"delay","delay_ms":1000)",
      R"("kind":"delay","delay_ms":3000)",
  };
  // A replica that lags answers many in a row. Not of a feed: it may lag within the margin only (World::lag()).
  static const std::vector<std::string> kLags = {
      R"("kind":"stale","behind":2,"operation":"point_read")",
      R"("kind":"stale","behind":3,"operation":"read_feed")",
  };
  std::vector<std::string> armed;
  for (const std::string& fault : kFaults) {
    if (!world.chance(0.25)) continue;
    armed.push_back(fmt::format(R"({{{},"probability":0.0{},"seed":{}}})", fault, 1 + world.pick(9), world.pick(1000)));
  }
  for (const std::string& lag : kLags) {
    if (!world.chance(0.25)) continue;
    armed.push_back(fmt::format(R"({{{},"probability":0.{},"seed":{}}})", lag, 1 + world.pick(5), world.pick(1000)));
  }
  return armed;
}

// Between two passes.
void live_a_while(World& world) {
  for (std::size_t i = 0; i < 4 + world.pick(16); ++i) world.change();
  if (world.chance(0.3)) world.write_twice();
  if (world.chance(0.3)) world.split();
  if (world.options().weather.merge > 0 && world.chance(0.3)) world.merge();
  if (world.chance(0.1)) world.forget_feed();
  if (world.options().all_versions && world.chance(0.15)) world.offer_feed(world.chance(0.6));
  if (world.chance(0.3)) world.change_script();
  if (world.options().weather.drop > 0 && world.chance(0.2)) world.drop_or_make();
  const bool expiry = world.options().weather.clock_steps == 0 && !world.options().restored_in_place;
  if (expiry && world.chance(0.25)) {
    const std::array<TimeToLive, 4> rules = {TimeToLive(), TimeToLive(-1), TimeToLive(20), TimeToLive(5)};
    world.set_default_ttl(rules[world.pick(rules.size())]);
  }
  if (world.options().weather.clock_steps != 0 && world.chance(0.3)) {
    const auto span = static_cast<std::size_t>(2 * world.options().weather.clock_steps + 1);
    world.step_clock(static_cast<std::int64_t>(world.pick(span)) - world.options().weather.clock_steps);
  }
  for (std::size_t i = 0; i < world.pick(8); ++i) world.change();
}

// How a pass under faults may end: nothing of it is a defect, and nothing is corrupt.
void expect_honest(const World& world, const Error& error) {
  EXPECT_TRUE(error.code != Code::internal && error.code != Code::corrupt && error.code != Code::invalid_argument)
      << world.describe() << error.to_string();
}

const std::vector<std::string> kStatuses = {"503/0",    "500/0",      "502/0",     "504/0",    "408/0",
                                            "449/0",    "410/1000",   "410/1002",  "410/1007", "410/1008",
                                            "410/1022", "408/0 done", "503/0 done"};
const std::vector<std::string> kTroubles = {"throttle", "drop", "lose_reply", "truncate", "delay", "stale"};

struct Storms {
  Truth truth;
  std::size_t passes = 0, whole = 0, died = 0, restores = 0, resumed = 0;
  std::map<std::string, std::uint64_t> struck;
  std::map<std::string, std::uint64_t> events;

  void print() const {
    std::printf(
        "%zu passes, %zu whole, %zu died; %zu exact seconds, %zu sync points, %zu refused, %zu under another rule;"
        " %zu restores, %zu of them resumed\n",
        passes, whole, died, truth.exact_seconds, truth.sync_points, truth.refused, truth.unknown_rule, restores,
        resumed);
    for (const auto& [kind, count] : struck) std::printf("struck by %s: %lu\n", kind.c_str(), count);
    for (const auto& [kind, count] : events) std::printf("event %s: %lu\n", kind.c_str(), count);
  }

  // That none of it was idle.
  void expect_all_happened() const {
    for (const auto& all : {kStatuses, kTroubles}) {
      for (const std::string& kind : all) EXPECT_TRUE(struck.count(kind) != 0 && struck.at(kind) > 0) << kind;
    }
    for (const char* kind : {"mode", "gap", "fork"}) EXPECT_TRUE(events.count(kind)) << kind;
    EXPECT_GT(whole, passes / 4);
    EXPECT_GT(died, passes / 20);
    EXPECT_GT(restores, 10U);
    EXPECT_GT(resumed, 1U);
    EXPECT_GT(truth.exact_seconds, 1000U);
    EXPECT_GT(truth.sync_points, 50U);
  }
};

void weather_a_pass(World& world, Storms& storms, CoverageWatch& watch, testing::FaultPlan& plan) {
  if (world.chance(0.15)) {
    plan.fault = world.chance(0.5) ? testing::Fault::refused : testing::Fault::ambiguous;
    plan.at = plan.mutations + 1 + world.pick(5);
  }
  const Second began = world.now() + world.options().date_skew;
  const bool wait = world.chance(0.8);
  const auto report = world.backup(wait, world.chance(0.3) ? 1 + world.pick(150) : 0);
  watch.expect_no_less(world, wait && report && report->incomplete.empty() && !world.left_out(), began);
  ++storms.passes;
  storms.died += world.died() ? 1U : 0U;
  if (!report && world.left_out() && report.error().code == Code::invalid_argument) return;  // nothing was left
  if (!report) expect_honest(world, report.error());
  if (!report) return;
  storms.whole += report->incomplete.empty() ? 1U : 0U;
  for (const capture::Incomplete& each : report->incomplete) expect_honest(world, each.error);
}

// The storm is over: a pass is whole and covers all it can.
void expect_calm_pass(World& world, CoverageWatch& watch) {
  const Second began = world.now() + world.options().date_skew;
  const auto report = world.backup();
  ASSERT_TRUE(report) << world.describe() << report.error().to_string();
  ASSERT_TRUE(report->incomplete.empty())
      << world.describe() << report->incomplete[0].what << ": " << report->incomplete[0].error.to_string();
  watch.expect_no_less(world, true, began);
  // After the clock was set back it may be some time before it has passed what was covered.
  const bool steady = began >= world.newest_second();
  bool any = false;
  auto lanes = world.lanes();
  for (const Incarnation& each : world.incarnations()) {
    if (each.dropped) continue;
    any = true;
    const repo::LaneState& lane = lanes[each.rid];
    if (lane.mode == repo::CaptureMode::latest) {
      ASSERT_FALSE(lane.sync_points.empty()) << world.describe();
      EXPECT_GE(lane.sync_points.back().at, began) << world.describe();
    }
    if (!steady) continue;
    ASSERT_TRUE(report->restorable_until) << world.describe() << world.history_of(each, {});
    EXPECT_GE(*report->restorable_until, began) << world.describe() << world.history_of(each, {});
    EXPECT_TRUE(repo::cut_at(lane, *report->restorable_until)) << world.describe() << world.history_of(each, {});
  }
  if (!any || !steady) return;
  const auto plan = recovery::make_plan(world.repository(), recovery::Moment::of(*report->restorable_until), {});
  EXPECT_TRUE(plan) << world.describe() << "one second of the whole account: " << plan.error().to_string();
}

void weather_a_storm(std::uint64_t seed, Storms& storms) {
  WorldOptions options = options_for(seed);
  const auto plan = std::make_shared<testing::FaultPlan>();
  options.faults = plan;
  World world(options);
  CoverageWatch watch;
  world.arm(faults_of(world));
  const std::size_t passes = 1 + world.pick(3);
  for (std::size_t i = 0; i < passes; ++i) {
    live_a_while(world);
    weather_a_pass(world, storms, watch, *plan);
    if (world.chance(0.4)) storms.truth.add(expect_truth(world, kStart));
    if (::testing::Test::HasFailure()) return;
  }
  live_a_while(world);
  if (world.options().restored_in_place && !world.restore_in_place()) return;
  for (const auto& [kind, count] : world.struck()) storms.struck[kind] += count;
  world.calm();
  plan->at = 0;
  expect_calm_pass(world, watch);
  if (::testing::Test::HasFailure()) return;
  storms.truth.add(expect_truth(world, kStart));
  for (const auto& [rid, lane] : world.lanes()) {
    for (const repo::Event& event : lane.events) ++storms.events[event.kind];
  }
  if (seed % 3 == 0) {
    const Rescue rescue = expect_restore(world, faults_of(world));
    storms.restores += rescue.restored ? 1U : 0U;
    storms.resumed += rescue.resumed ? 1U : 0U;
  }
  if (seed % 4 != 0) return;
  const auto checked = repo::check(world.repository(), {.read_data = 1, .progress = {}, .stop = {}});
  ASSERT_TRUE(checked) << world.describe() << checked.error().to_string();
  EXPECT_TRUE(checked->damaged.empty()) << world.describe() << checked->damaged.front().why;
}

TEST(StormWorlds, WhatIsOfferedIsTrueWhateverHappens) {
  const Seeds range = Seeds::asked_for(100);
  Storms storms;
  for (std::uint64_t seed = range.first; seed < range.first + range.count; ++seed) {
    weather_a_storm(seed, storms);
    if (::testing::Test::HasFailure()) break;
  }
  storms.print();
  if (range.many() && !::testing::Test::HasFailure()) storms.expect_all_happened();
}

TEST(StormWorlds, TheSameSeedGivesTheSameRun) {
  for (const std::uint64_t seed : {3U, 11U}) {
    std::array<std::pair<std::uint64_t, std::uint64_t>, 2> runs;
    for (auto& run : runs) {
      WorldOptions options = options_for(seed);
      options.writing_pace = Milliseconds(400);
      World world(options);
      world.arm(faults_of(world));
      for (int i = 0; i < 3; ++i) {
        live_a_while(world);
        (void)world.backup(true, i == 1 ? 40 : 0);
      }
      run = {world.runtime().digest(), world.runtime().notes()};
    }
    EXPECT_EQ(runs[0], runs[1]);
    EXPECT_GT(runs[0].second, 100U);
  }
}

}  // namespace
}  // namespace halley::sim
