// The one place that decides what is repeated, how often, when and where (docs/wire-protocol.md, repeats).
//
// Every request of this client may be repeated: reads change nothing; upserts, replacements and deletes come to the
// same when done twice; creations are followed by a look when they meet themselves (client.h).
#pragma once

#include <optional>

#include "base/error.h"
#include "cosmos/retry_reason.h"
#include "cosmos/status_error.h"
#include "runtime/runtime.h"

namespace halley::cosmos {

struct RetryLimits {
  int max_attempts = 10;
  Milliseconds throttle_patience{120000};
};

// What of a call matters to repeating it.
struct RetriedCall {
  Effect effect = Effect::read;
  bool names_range = false;     // with x-ms-documentdb-partitionkeyrangeid: only its caller knows the range to ask next
  bool endpoint_known = false;  // it has answered before, so a refused connection is worth more patience than a typo
  bool keeps_session = false;   // an answer from behind what was seen would be worse than none
};

// How many endpoints may be asked.
struct Endpoints {
  std::size_t of_call = 1;     // for this call: one that writes may have a single region to go to
  std::size_t of_account = 1;  // for any: another region among them may take the writes over
};

// The next attempt.
struct Repeat {
  enum class Where : std::uint8_t {
    here,                // at the same endpoint
    elsewhere,           // at another region's endpoint where there is one that may be asked
    after_account_read,  // the same, once the account record has said anew which regions there are
  };
  RetryReason reason = RetryReason::throttled;
  Milliseconds wait{0};
  Where where = Where::here;
  bool endpoint_down = false;    // other calls should go elsewhere too, for a while
  bool without_session = false;  // the session token asks for what no region has: forget it
};

// The attempts of one call.
class Retry {
 public:
  Retry(Runtime& runtime, const RetryLimits& limits, const RetriedCall& call)
      : runtime_(runtime), limits_(limits), call_(call) {}

  // What follows an attempt that failed with `error`; nothing when the error stands.
  std::optional<Repeat> next(const Error& error, const Endpoints& endpoints);

  // Whether an attempt so far may have been carried out although its answer did not come.
  bool may_have_worked() const { return may_have_worked_; }

 private:
  struct Waited {
    int times = 0;
    Milliseconds altogether{0};
  };
  void choose_session(Repeat& repeat, std::size_t places);

  Runtime& runtime_;
  const RetryLimits limits_;
  const RetriedCall call_;
  int failures_ = 0;  // throttling, write races and failovers aside
  int failovers_ = 0;
  int session_failures_ = 0;
  Waited throttled_;
  Waited raced_;
  bool may_have_worked_ = false;
};

// What the answer to a bulk request, or to one of its operations, asks of the writer. It is the same table; but whoever
// writes in bulk has other documents to go on with, and gives up when nothing at all was done for kBulkPatience, not
// after a number of attempts.
struct BulkReaction {
  enum class Step : std::uint8_t {
    done,
    repeat,
    route_anew,  // after reading the partition key ranges again
    alone,       // too large for a request of several: divide it, or write the document by itself
    refuse,      // the refusal stands
  };
  Step step = Step::refuse;
  RetryReason reason = RetryReason::throttled;  // of repeat and route_anew
  bool may_have_worked = false;                 // although it is repeated
};

inline constexpr Milliseconds kBulkPatience{600000};

BulkReaction bulk_reaction(int status, int sub_status);  // of an operation
BulkReaction bulk_reaction(const Error& error);          // of a request

// How long to wait before what `error` refused is done again; `repeats` is 1 when something was done just before.
Milliseconds bulk_pause(Runtime& runtime, const Error& error, int repeats);

}  // namespace halley::cosmos
