// The server's clock: the machine's, moved by an offset, or standing still until it is moved.
#pragma once

#include <atomic>
#include <cstdint>

#include "runtime/runtime.h"

namespace halley::server {

class VirtualClock {
 public:
  explicit VirtualClock(Runtime& runtime) : runtime_(runtime) {}

  Second now() const { return {frozen_ ? at_.load() : runtime_.wall_second().value + offset_.load()}; }

  // Forward, or with a negative number back, as a clock that is set right does.
  void advance(std::int64_t seconds) { frozen_ ? at_ += seconds : offset_ += seconds; }
  // From now on time stands still at `moment` but for advance().
  void freeze(Second moment) {
    at_ = moment.value;
    frozen_ = true;
  }

 private:
  Runtime& runtime_;
  std::atomic<bool> frozen_{false};
  std::atomic<std::int64_t> at_{0};
  std::atomic<std::int64_t> offset_{0};
};

}  // namespace halley::server
