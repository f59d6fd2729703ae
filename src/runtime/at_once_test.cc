#include "runtime/at_once.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include "testing/few_threads.h"

namespace halley {
namespace {

using ::testing::Each;

TEST(AtOnce, RunsEachOnceOnNoMoreThreadsThanAsked) {
  for (const std::size_t at_once : {0U, 1U, 3U, 200U}) {
    std::vector<int> runs(100);  // by number
    std::mutex mutex;
    std::set<std::thread::id> threads;
    const auto step = [&](std::size_t number) -> Status {
      const std::lock_guard lock(mutex);
      ++runs[number];
      threads.insert(std::this_thread::get_id());
      return {};
    };
    ASSERT_TRUE(run_at_once(real_runtime(), "step", runs.size(), at_once, step));
    EXPECT_THAT(runs, Each(1)) << at_once;
    EXPECT_LE(threads.size(), std::max<std::size_t>(1, at_once));
  }
  EXPECT_TRUE(
      run_at_once(real_runtime(), "step", 0, 4, [](std::size_t) -> Status { return fail(Code::internal, ""); }));
}

TEST(AtOnce, RunsAllOnAsManyThreadsAsThereIsRoomFor) {
  for (const int room : {0, 1, 2}) {
    testing::FewThreads runtime(Second{0}, room);
    std::atomic<int> runs = 0;
    const auto step = [&](std::size_t) -> Status {
      ++runs;
      return {};
    };
    EXPECT_TRUE(run_at_once(runtime, "step", 100, 8, step));
    EXPECT_EQ(runs, 100) << room;
  }
  testing::FewThreads none(Second{0}, 0);
  const auto started = start_workers(none, "worker", 3, [](std::stop_token) {});
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, Code::io);
}

TEST(AtOnce, AFailureEndsIt) {
  int runs = 0;
  const auto third = [&](std::size_t number) -> Status {
    ++runs;
    return number == 2 ? Status(fail(Code::corrupt, "2")) : Status();
  };
  EXPECT_EQ(run_at_once(real_runtime(), "step", 100, 1, third).error().message, "2");
  EXPECT_EQ(runs, 3);
}

TEST(AtOnce, OfSeveralFailuresTheFirstInOrderIsTold) {
  std::atomic<int> begun{0};
  // All are begun before one ends.
  const auto step = [&](std::size_t number) -> Status {
    ++begun;
    while (begun < 4) std::this_thread::yield();
    return fail(Code::corrupt, std::to_string(number));
  };
  EXPECT_EQ(run_at_once(real_runtime(), "step", 100, 4, step).error().message, "0");
}

}  // namespace
}  // namespace halley
