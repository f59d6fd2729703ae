// Request units of a container, or of several that share them: what may be spent in each second.
#pragma once

#include <atomic>
#include <mutex>
#include <optional>

#include "runtime/runtime.h"

namespace halley::server {

class Budget {
 public:
  // Without a limit.
  explicit Budget(Runtime& runtime) : runtime_(runtime) {}
  // 0 = no limit.
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
  std::atomic<std::int64_t> limit_{0};
  std::mutex mutex_;
  SteadyTime began_{};
  double spent_ = 0;
};

}  // namespace halley::server
