// Requests of one message each, repeated while a repeat can help: what Entra, the metadata service of a virtual machine
// and Resource Manager ask of their clients. (The account itself has rules of its own: cosmos/retry.h.)
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "http/transport.h"

namespace halley::http {

struct RepeatPolicy {
  int attempts = 5;
  Milliseconds attempt_timeout{60000};
  Milliseconds first_wait{1000};
  Milliseconds longest_wait{60000};  // no more is believed of a Retry-After
  // What may be done twice is repeated even after an answer that leaves open whether it was done (a lost connection,
  // 408, 500, 502, 504); else only what certainly was not done is (not connected, 429, 503).
  bool may_be_done_twice = true;
  std::vector<int> also_passing;  // further statuses that a repeat may change, of who is asked
  // Told of each repeat: why, and how long it waits.
  std::function<void(const std::string& why, Milliseconds wait)> on_repeat;
};

// When the answer asks to come back: Retry-After in seconds or as a date, or retry-after-ms; nothing when it does not
// say, or says it badly.
std::optional<Milliseconds> retry_after(const Response& response, Second now);

// Whether a repeat can get another answer than this status.
bool is_passing(int status);

// Sends until there is an answer that a repeat would not change, or no attempt is left. The last answer, whatever its
// status, or the last error of the transport; `cancelled` when stopped while waiting.
Result<Response> send_repeating(Runtime& runtime, Transport& transport, const Request& request,
                                const RepeatPolicy& policy, std::stop_token stop);

}  // namespace halley::http
