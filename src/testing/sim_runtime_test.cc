#include "testing/sim_runtime.h"

#include <gtest/gtest.h>

#include <set>

#include "runtime/byte_queue.h"

namespace halley::testing {
namespace {

using namespace std::chrono_literals;

constexpr Second kStart{1'800'000'000};

TEST(SimRuntime, TimeMovesOnlyWhenAllSleepAndToWhereTheFirstWakes) {
  SimRuntime runtime(kStart, 1);
  std::vector<std::pair<std::string, Milliseconds>> woken;
  const SteadyTime began = runtime.steady_now();
  const auto sleep = [&](const char* name, Milliseconds duration) {
    return [&, name, duration](const std::stop_token&) {
      EXPECT_TRUE(runtime.sleep(duration, {}));
      woken.emplace_back(name, std::chrono::duration_cast<Milliseconds>(runtime.steady_now() - began));
    };
  };
  Thread late = *runtime.start_thread("late", sleep("late", 1h));
  Thread early = *runtime.start_thread("early", sleep("early", 1s));
  late.join();
  early.join();
  const std::vector<std::pair<std::string, Milliseconds>> expected = {{"early", 1s}, {"late", 1h}};
  EXPECT_EQ(woken, expected);
  EXPECT_EQ(runtime.wall_second(), kStart + 3600);
}

TEST(SimRuntime, AStopEndsASleepAndAWait) {
  SimRuntime runtime(kStart, 1);
  ByteQueue<int> queue(runtime, 10);
  bool slept = true;
  bool popped = true;
  {
    const auto sleeping =
        runtime.start_thread("sleeping", [&](const std::stop_token& stop) { slept = runtime.sleep(1h, stop); });
    const auto waiting =
        runtime.start_thread("waiting", [&](const std::stop_token& stop) { popped = queue.pop(stop).has_value(); });
    EXPECT_TRUE(runtime.sleep(1s, {}));
  }
  EXPECT_FALSE(slept);
  EXPECT_FALSE(popped);
  EXPECT_EQ(runtime.wall_second(), kStart + 1);
}

// What producers and consumers of a small queue do, in the order in which it happens.
std::pair<std::vector<int>, std::uint64_t> run_of(std::uint64_t seed) {
  SimRuntime runtime(kStart, seed);
  ByteQueue<int> queue(runtime, 3);
  std::vector<int> order;
  {
    std::vector<Thread> consumers;
    for (int i = 0; i < 2; ++i) {
      consumers.push_back(*runtime.start_thread("consumer", [&](const std::stop_token& stop) {
        while (const auto item = queue.pop(stop)) {
          order.push_back(*item);
          runtime.yield();
        }
      }));
    }
    std::vector<Thread> producers;
    for (int i = 0; i < 3; ++i) {
      producers.push_back(*runtime.start_thread("producer", [&, i](const std::stop_token&) {
        for (int k = 0; k < 5; ++k) {
          EXPECT_TRUE(runtime.sleep(Milliseconds(runtime.random_u64() % 3), {}));
          EXPECT_TRUE(queue.push(10 * i + k, 1, {}));
        }
      }));
    }
    for (Thread& producer : producers) producer.join();
    queue.close();
    for (Thread& consumer : consumers) consumer.join();
  }
  return {order, runtime.digest()};
}

TEST(SimRuntime, TheSameSeedGivesTheSameOrder) {
  std::set<std::vector<int>> orders;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const auto run = run_of(seed);
    EXPECT_EQ(run, run_of(seed));
    EXPECT_EQ(run.first.size(), 15U);
    orders.insert(run.first);
  }
  EXPECT_GT(orders.size(), 10U) << "other seeds give other orders";
}

TEST(SimRuntimeDeathTest, AStandstillIsTold) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto wait_for_nobody = [] {
    SimRuntime runtime(kStart, 1);
    ByteQueue<int> queue(runtime, 3);
    (void)queue.pop({});
  };
  EXPECT_DEATH(wait_for_nobody(), "standstill");
}

}  // namespace
}  // namespace halley::testing
