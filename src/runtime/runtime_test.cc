#include "runtime/runtime.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <array>
#include <future>

#include "runtime/deadline.h"
#include "runtime/guid.h"

namespace halley {
namespace {

using namespace std::chrono_literals;

TEST(RealRuntime, SleepsAtLeastAsLongAsAsked) {
  Runtime& runtime = real_runtime();
  const SteadyTime before = runtime.steady_now();
  EXPECT_TRUE(runtime.sleep(5ms, {}));
  EXPECT_GE(runtime.steady_now() - before, 5ms);
}

TEST(RealRuntime, StopEndsASleep) {
  Runtime& runtime = real_runtime();
  std::stop_source stop;
  auto slept = std::async(std::launch::async, [&] { return runtime.sleep(1h, stop.get_token()); });
  stop.request_stop();
  EXPECT_FALSE(slept.get());
  EXPECT_FALSE(runtime.sleep(1h, stop.get_token()));
}

TEST(RealRuntime, RandomBytesDiffer) {
  Runtime& runtime = real_runtime();
  const std::string first = runtime.random_bytes(32);
  EXPECT_EQ(first.size(), 32U);
  EXPECT_NE(first, runtime.random_bytes(32));
  EXPECT_NE(runtime.random_u64(), runtime.random_u64());
  EXPECT_EQ(runtime.random_bytes(0), "");
}

TEST(RealRuntime, GuidsAreRandomAndOfVersionFour) {
  const std::string guid = new_guid(real_runtime());
  EXPECT_THAT(guid, ::testing::MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
  EXPECT_NE(guid, new_guid(real_runtime()));
}

TEST(RealRuntime, ThreadsHaveTheirNameAndStopWhenTheHandleGoes) {
  Runtime& runtime = real_runtime();
  std::string name;
  bool stopped = false;
  {
    const auto thread = runtime.start_thread("a-name-longer-than-15", [&](std::stop_token stop) {
      std::array<char, 32> buffer{};
      pthread_getname_np(pthread_self(), buffer.data(), buffer.size());
      name = buffer.data();
      stopped = !real_runtime().sleep(1h, stop);
    });
  }
  EXPECT_EQ(name, "a-name-longer-t");
  EXPECT_TRUE(stopped);
}

// A runtime whose clocks stand where a test puts them.
class StandingRuntime final : public Runtime {
 public:
  std::chrono::system_clock::time_point wall_now() override { return wall; }
  SteadyTime steady_now() override { return steady; }
  bool sleep(Milliseconds, std::stop_token) override { return true; }
  void fill_random(std::span<unsigned char> out) override { std::fill(out.begin(), out.end(), std::uint8_t{7}); }
  Result<Thread> start_thread(std::string, std::function<void(std::stop_token)>) override { return Thread(); }
  std::unique_ptr<Condition> make_condition() override { return real_runtime().make_condition(); }

  std::chrono::system_clock::time_point wall{};
  SteadyTime steady{};
};

TEST(Runtime, WallSecondIsFloored) {
  StandingRuntime runtime;
  runtime.wall = std::chrono::system_clock::time_point(1999ms);
  EXPECT_EQ(runtime.wall_second(), Second{1});
  runtime.wall = std::chrono::system_clock::time_point(-1ms);
  EXPECT_EQ(runtime.wall_second(), Second{-1});
}

TEST(Runtime, AllRandomnessComesThroughFillRandom) {
  StandingRuntime runtime;
  EXPECT_EQ(runtime.random_u64(), 0x0707070707070707U);
  EXPECT_EQ(runtime.random_bytes(3), "\x07\x07\x07");
}

TEST(Deadline, PassesAtItsMoment) {
  StandingRuntime runtime;
  const Deadline deadline = Deadline::after(runtime, 100ms);
  EXPECT_FALSE(deadline.passed(runtime));
  EXPECT_EQ(deadline.left(runtime), 100ms);
  runtime.steady += 99ms;
  EXPECT_FALSE(deadline.passed(runtime));
  EXPECT_EQ(deadline.left(runtime), 1ms);
  runtime.steady += 1ms;
  EXPECT_TRUE(deadline.passed(runtime));
  runtime.steady += 1s;
  EXPECT_EQ(deadline.left(runtime), 0ms);
}

}  // namespace
}  // namespace halley
