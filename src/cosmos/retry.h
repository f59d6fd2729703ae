// The one place that decides what is repeated, how often and when (docs/wire-protocol.md, repeats).
//
// Every request of this client may be repeated: reads change nothing; upserts, replacements and deletes come to the
// same when done twice; creations are followed by a look when they meet themselves (client.h).
#pragma once

#include <optional>

#include "base/error.h"
#include "runtime/runtime.h"

namespace halley::cosmos {

struct RetryLimits {
  int max_attempts = 10;
  Milliseconds throttle_patience{120000};
};

// The attempts of one call.
class Retry {
 public:
  // `endpoint_known`: it has answered before, so that a refused connection is worth more patience than a wrong address.
  Retry(Runtime& runtime, const RetryLimits& limits, bool endpoint_known)
      : runtime_(runtime), limits_(limits), endpoint_known_(endpoint_known) {}

  // How long to wait before the next attempt, after one that failed with `error`; nothing when the error stands.
  std::optional<Milliseconds> next(const Error& error);

  // Whether an attempt so far may have been carried out although its answer did not come.
  bool may_have_worked() const { return may_have_worked_; }

 private:
  std::optional<Milliseconds> next_throttled(const Error& error);
  int attempts_allowed(const Error& error) const;
  Milliseconds back_off(Milliseconds first, Milliseconds longest, int repeats);

  Runtime& runtime_;
  const RetryLimits limits_;
  const bool endpoint_known_;
  int failures_ = 0;  // throttling aside
  int throttled_ = 0;
  Milliseconds throttled_for_{0};
  bool may_have_worked_ = false;
};

}  // namespace halley::cosmos
