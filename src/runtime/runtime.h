// The only door to clock, randomness, sleep, threads and their waiting for each other. Production code gets a Runtime&
// and never asks the system itself, so that a simulation can own them all (docs/decisions/0018-the-baton.md).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "runtime/condition.h"
#include "runtime/thread.h"

namespace halley {

using Milliseconds = std::chrono::milliseconds;
using SteadyTime = std::chrono::steady_clock::time_point;

class Runtime {
 public:
  virtual ~Runtime() = default;

  // This machine's wall clock. Server time is never taken from here (see docs/guarantees.md).
  virtual std::chrono::system_clock::time_point wall_now() = 0;
  virtual SteadyTime steady_now() = 0;

  // Sleeps for `duration` or until `stop`; false when stopped early.
  virtual bool sleep(Milliseconds duration, std::stop_token stop) = 0;

  // Cryptographically strong random bytes.
  virtual void fill_random(std::span<unsigned char> out) = 0;

  // Starts a named thread; joined (after a stop request) when the handle goes. Fails with io where the system has no
  // room for another.
  virtual Result<Thread> start_thread(std::string name, std::function<void(std::stop_token)> body) = 0;

  // A condition for threads of this runtime. It must not outlive the runtime.
  virtual std::unique_ptr<Condition> make_condition() = 0;

  Second wall_second();
  std::string random_bytes(std::size_t count);
  std::uint64_t random_u64();
};

// The machine's own clock, randomness and threads. One for the whole process, never destroyed.
Runtime& real_runtime();

}  // namespace halley
