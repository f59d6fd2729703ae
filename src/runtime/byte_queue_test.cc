#include "runtime/byte_queue.h"

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <thread>
#include <vector>

namespace halley {
namespace {

// Long enough to see that a call waits; nothing depends on it being exceeded.
constexpr std::chrono::milliseconds kGlimpse{20};

bool is_waiting(const std::future<bool>& call) { return call.wait_for(kGlimpse) == std::future_status::timeout; }

TEST(ByteQueue, GivesItemsInOrder) {
  ByteQueue<std::unique_ptr<int>> queue(real_runtime(), 100);
  const std::stop_token never;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(queue.push(std::make_unique<int>(i), 10, never));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(**queue.pop(never), i);
}

TEST(ByteQueue, PushWaitsForRoom) {
  ByteQueue<int> queue(real_runtime(), 10);
  const std::stop_token never;
  ASSERT_TRUE(queue.push(1, 6, never));
  ASSERT_TRUE(queue.push(2, 4, never));  // Just fits.
  auto third = std::async(std::launch::async, [&] { return queue.push(3, 5, never); });
  EXPECT_TRUE(is_waiting(third));
  EXPECT_EQ(queue.pop(never), 1);
  EXPECT_TRUE(third.get());
  EXPECT_EQ(queue.pop(never), 2);
  EXPECT_EQ(queue.pop(never), 3);
}

TEST(ByteQueue, AnItemLargerThanTheQueuePassesAlone) {
  ByteQueue<int> queue(real_runtime(), 10);
  const std::stop_token never;
  ASSERT_TRUE(queue.push(1, 1000, never));
  auto second = std::async(std::launch::async, [&] { return queue.push(2, 1, never); });
  EXPECT_TRUE(is_waiting(second));
  EXPECT_EQ(queue.pop(never), 1);
  EXPECT_TRUE(second.get());
}

TEST(ByteQueue, CloseLetsTheRestBePoppedAndNothingIn) {
  ByteQueue<int> queue(real_runtime(), 10);
  const std::stop_token never;
  ASSERT_TRUE(queue.push(1, 10, never));
  auto waiting = std::async(std::launch::async, [&] { return queue.push(2, 10, never); });
  EXPECT_TRUE(is_waiting(waiting));
  queue.close();
  EXPECT_FALSE(waiting.get());
  EXPECT_FALSE(queue.push(3, 1, never));
  EXPECT_EQ(queue.pop(never), 1);
  EXPECT_EQ(queue.pop(never), std::nullopt);
}

TEST(ByteQueue, CloseEndsAWaitingPop) {
  ByteQueue<int> queue(real_runtime(), 10);
  auto ended = std::async(std::launch::async, [&] { return !queue.pop({}).has_value(); });
  EXPECT_TRUE(is_waiting(ended));
  queue.close();
  EXPECT_TRUE(ended.get());
}

TEST(ByteQueue, StopEndsWaiting) {
  ByteQueue<int> full(real_runtime(), 10);
  ByteQueue<int> empty(real_runtime(), 10);
  ASSERT_TRUE(full.push(1, 10, {}));
  std::stop_source stop;
  auto push = std::async(std::launch::async, [&] { return full.push(2, 1, stop.get_token()); });
  auto pop = std::async(std::launch::async, [&] { return empty.pop(stop.get_token()).has_value(); });
  EXPECT_TRUE(is_waiting(push));
  EXPECT_TRUE(is_waiting(pop));
  stop.request_stop();
  EXPECT_FALSE(push.get());
  EXPECT_FALSE(pop.get());
}

TEST(ByteQueue, NothingPassesOnceStopWasRequested) {
  ByteQueue<int> queue(real_runtime(), 10);
  ASSERT_TRUE(queue.push(1, 1, {}));
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(queue.push(2, 1, stop.get_token()));
  EXPECT_EQ(queue.pop(stop.get_token()), std::nullopt);
  EXPECT_EQ(queue.pop({}), 1);
}

TEST(ByteQueue, ManyThreadsLoseAndDoubleNothing) {
  constexpr int kPerProducer = 2000;
  ByteQueue<int> queue(real_runtime(), 64);
  std::vector<std::atomic<int>> seen(3 * kPerProducer);
  {
    std::vector<std::jthread> consumers;
    for (int c = 0; c < 3; ++c) {
      consumers.emplace_back([&] {
        while (const auto item = queue.pop({})) ++seen[static_cast<std::size_t>(*item)];
      });
    }
    {
      std::vector<std::jthread> producers;
      for (int p = 0; p < 3; ++p) {
        producers.emplace_back([&, p] {
          for (int i = 0; i < kPerProducer; ++i) queue.push(p * kPerProducer + i, static_cast<std::size_t>(i % 30), {});
        });
      }
    }
    queue.close();
  }
  for (const auto& count : seen) ASSERT_EQ(count, 1);
}

}  // namespace
}  // namespace halley
