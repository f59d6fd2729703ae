// A runtime whose threads run one at a time, in an order that a seed decides, and whose clock moves only when all of
// them sleep: the same seed gives the same run.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/runtime.h"

namespace halley::testing {

// The baton is with one thread: at first the one that makes the runtime, which is the only thread from outside that may
// call it. It is passed on at sleeps, at waits for a condition or for the end of a thread, where a thread ends, and now
// and then at yield(). When nobody can go on, time moves to where the first sleeper wakes. When nobody sleeps either,
// the program has come to a standstill: the runtime says what each thread waits for, and aborts.
class SimRuntime final : public Runtime {
 public:
  SimRuntime(Second start, std::uint64_t seed);
  // Every thread must have been joined.
  ~SimRuntime() override;

  std::chrono::system_clock::time_point wall_now() override;
  SteadyTime steady_now() override;
  bool sleep(Milliseconds duration, std::stop_token stop) override;
  void fill_random(std::span<unsigned char> out) override;
  Result<Thread> start_thread(std::string name, std::function<void(std::stop_token)> body) override;
  std::unique_ptr<Condition> make_condition() override;

  // A point at which another thread may go on instead.
  void yield();

  // Everything that happens is told here, for the digest: two runs are the same when their digests are.
  void note(std::string_view what);
  std::uint64_t digest() const { return digest_; }
  std::uint64_t notes() const { return notes_; }
  // Each note is printed too, to find where two runs part or what led to a failure.
  void print_notes() { printing_ = true; }

 private:
  struct Task;
  class SimCondition;
  friend class SimCondition;

  void wake(Task& task);
  void wait_on(const void* what, const std::stop_token& stop, const std::function<bool()>& ready);
  void suspend(std::unique_lock<std::mutex>& lock, const std::stop_token& stop);
  void pass_on(std::unique_lock<std::mutex>& lock);
  Task& choose_next();
  void move_time();
  [[noreturn]] void stand_still();
  void notify(const void* what);
  void mix(std::uint64_t value);

  const Second start_;
  std::mutex mutex_;  // over all below; the baton is passed under it
  std::mt19937_64 choices_;
  std::mt19937_64 bytes_;
  std::uint64_t restlessness_;  // of 16 yields so many may pass the baton on
  Milliseconds elapsed_{0};
  std::vector<std::unique_ptr<Task>> tasks_;  // those that have not ended, oldest first
  Task* current_;                             // who has the baton
  std::uint64_t started_ = 0;
  std::uint64_t digest_ = 0;
  std::uint64_t notes_ = 0;
  bool printing_ = false;
};

}  // namespace halley::testing
