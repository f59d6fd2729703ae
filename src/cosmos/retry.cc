#include "cosmos/retry.h"

#include <algorithm>

namespace halley::cosmos {
namespace {

// Some failures tend to last: more attempts than these only delay the message.
constexpr int kUnknownEndpointAttempts = 3;
constexpr int kTimeoutAttempts = 3;
constexpr int kServerErrorAttempts = 3;
constexpr int kMovingPartitionAttempts = 6;

constexpr Milliseconds kFirstBackOff{100};
constexpr Milliseconds kLongestBackOff{5000};
constexpr Milliseconds kFirstRaceBackOff{10};  // 449: two writes met
constexpr Milliseconds kLongestRaceBackOff{1000};
constexpr Milliseconds kShortestThrottle{5};

}  // namespace

std::optional<Milliseconds> Retry::next(const Error& error) {
  if (error.code == Code::ambiguous || error.code == Code::timeout) may_have_worked_ = true;
  if (error.code == Code::throttled) return next_throttled(error);
  if (++failures_ >= attempts_allowed(error)) return std::nullopt;
  if (error.status == 449) return back_off(kFirstRaceBackOff, kLongestRaceBackOff, failures_);
  // A kept connection that broke before any answer is replaced by a fresh one at once.
  if (error.code == Code::ambiguous && error.status == 0 && failures_ == 1) return Milliseconds(0);
  return std::max(error.retry_after.value_or(Milliseconds(0)), back_off(kFirstBackOff, kLongestBackOff, failures_));
}

std::optional<Milliseconds> Retry::next_throttled(const Error& error) {
  ++throttled_;
  const Milliseconds asked = error.retry_after ? std::max(*error.retry_after, kShortestThrottle)
                                               : back_off(kFirstBackOff, kLongestBackOff, throttled_);
  // Spread out, so that callers throttled together do not come back together.
  const Milliseconds wait =
      asked + Milliseconds(runtime_.random_u64() % (static_cast<std::uint64_t>(asked.count()) / 4 + 1));
  if (throttled_for_ + wait > limits_.throttle_patience) return std::nullopt;
  throttled_for_ += wait;
  return wait;
}

int Retry::attempts_allowed(const Error& error) const {
  const auto at_most = [&](int attempts) { return std::min(attempts, limits_.max_attempts); };
  switch (error.code) {
    case Code::unavailable:
      if (error.status == 0 && !endpoint_known_) return at_most(kUnknownEndpointAttempts);
      return error.status == 500 ? at_most(kServerErrorAttempts) : limits_.max_attempts;
    case Code::ambiguous:
      return error.status == 500 ? at_most(kServerErrorAttempts) : limits_.max_attempts;
    case Code::timeout:
      return at_most(kTimeoutAttempts);
    case Code::gone:
      // A split, merge or migration is just completing; the other kinds need fresh ranges first, which is the
      // caller's part.
      return error.sub_status == 1007 || error.sub_status == 1008 ? at_most(kMovingPartitionAttempts) : 0;
    default:
      return 0;
  }
}

// Doubles with every repeat, and takes between half and all of that.
Milliseconds Retry::back_off(Milliseconds first, Milliseconds longest, int repeats) {
  const Milliseconds full = std::min(longest, first * (1 << std::min(repeats - 1, 16)));
  const auto half = static_cast<std::uint64_t>(full.count()) / 2;
  return Milliseconds(half + runtime_.random_u64() % (half + 1));
}

}  // namespace halley::cosmos
