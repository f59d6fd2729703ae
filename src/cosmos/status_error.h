// What the service's refusals mean (docs/wire-protocol.md, statuses).
#pragma once

#include "base/result.h"
#include "http/transport.h"

namespace halley::cosmos {

// Whether a request changes anything: an unclear failure of a read is merely a failure, that of a write is ambiguous.
enum class Effect : std::uint8_t { read, write };

// Whether the status is an answer rather than a refusal: 2xx, or 304.
bool is_answer(int status);

// The error a refusal stands for, with status, sub-status and retry-after. Its message is bounded and holds nothing
// that was signed, and nothing of the service's words when they hold `key`, the base64 text of the account's key.
// `now` is this machine's clock, for the hint on a signature refused for its date.
Error status_error(const http::Response& response, Effect effect, Second now, std::string_view key);

}  // namespace halley::cosmos
