// A wall clock that goes on by some seconds whenever it is looked at: who looks twice at what should be one moment gets
// two. All else is the machine's.
#pragma once

#include <atomic>
#include <utility>

#include "runtime/runtime.h"

namespace halley::testing {

class DriftingRuntime final : public Runtime {
 public:
  explicit DriftingRuntime(std::chrono::seconds step) : step_(step) {}

  std::chrono::system_clock::time_point wall_now() override { return real_runtime().wall_now() + step_ * ++looks_; }
  SteadyTime steady_now() override { return real_runtime().steady_now(); }
  bool sleep(Milliseconds duration, std::stop_token stop) override {
    return real_runtime().sleep(duration, std::move(stop));
  }
  void fill_random(std::span<unsigned char> out) override { real_runtime().fill_random(out); }
  Result<Thread> start_thread(std::string name, std::function<void(std::stop_token)> body) override {
    return real_runtime().start_thread(std::move(name), std::move(body));
  }
  std::unique_ptr<Condition> make_condition() override { return real_runtime().make_condition(); }

 private:
  const std::chrono::seconds step_;
  std::atomic<int> looks_ = 0;
};

}  // namespace halley::testing
