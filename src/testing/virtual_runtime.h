// A runtime whose clock moves only when someone sleeps, and whose randomness repeats.
#pragma once

#include <mutex>
#include <vector>

#include "runtime/runtime.h"

namespace halley::testing {

class VirtualRuntime : public Runtime {
 public:
  explicit VirtualRuntime(Second start) : start_(start) {}

  std::chrono::system_clock::time_point wall_now() override {
    const std::lock_guard lock(mutex_);
    return std::chrono::system_clock::time_point(std::chrono::seconds(start_.value) + slept_);
  }
  SteadyTime steady_now() override {
    const std::lock_guard lock(mutex_);
    return SteadyTime(std::chrono::hours(1) + slept_);
  }
  bool sleep(Milliseconds duration, std::stop_token stop) override {
    const std::lock_guard lock(mutex_);
    if (stop.stop_requested()) return false;
    slept_ += duration;
    sleeps_.push_back(duration);
    return true;
  }
  void fill_random(std::span<unsigned char> out) override {
    const std::lock_guard lock(mutex_);
    for (unsigned char& byte : out) {
      state_ = state_ * 6364136223846793005u + 1442695040888963407u;
      byte = static_cast<unsigned char>(state_ >> 56);
    }
  }
  Result<Thread> start_thread(std::string name, std::function<void(std::stop_token)> body) override {
    return real_runtime().start_thread(std::move(name), std::move(body));
  }
  std::unique_ptr<Condition> make_condition() override { return real_runtime().make_condition(); }

  std::vector<Milliseconds> sleeps() {
    const std::lock_guard lock(mutex_);
    return sleeps_;
  }

 private:
  const Second start_;
  std::mutex mutex_;
  Milliseconds slept_{0};
  std::vector<Milliseconds> sleeps_;
  std::uint64_t state_ = 1;
};

}  // namespace halley::testing
