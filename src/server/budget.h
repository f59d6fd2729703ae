// A container's request units: what may be spent in each second.
#pragma once

#include <atomic>
#include <mutex>
#include <optional>

#include "runtime/runtime.h"

namespace halley::server {

class Budget {
 public:
  // `units_per_second`: 0 = no limit.
  Budget(Runtime& runtime, std::int64_t units_per_second) : runtime_(runtime), limit_(units_per_second) {}
  void set_limit(std::int64_t units_per_second) { limit_ = units_per_second; }

  // How long to wait when this second's units are spent; nothing when there are some left. The last request of a second
  // may go over.
  std::optional<Milliseconds> wait() {
    const std::int64_t limit = limit_;
    if (limit == 0) return std::nullopt;
    const std::lock_guard lock(mutex_);
    const SteadyTime now = runtime_.steady_now();
    if (now - began_ >= std::chrono::seconds(1)) {
      began_ = now;
      spent_ = 0;
    }
    if (spent_ < static_cast<double>(limit)) return std::nullopt;
    return std::chrono::ceil<Milliseconds>(began_ + std::chrono::seconds(1) - now);
  }

  void spend(double units) {
    const std::lock_guard lock(mutex_);
    spent_ += units;
  }

 private:
  Runtime& runtime_;
  std::atomic<std::int64_t> limit_;
  std::mutex mutex_;
  SteadyTime began_{};
  double spent_ = 0;
};

}  // namespace halley::server
