// What the service's refusals mean (docs/wire-protocol.md, statuses).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "http/transport.h"

namespace halley::cosmos {

// Whether a request changes anything: an unclear failure of a read is merely a failure, that of a write is ambiguous.
enum class Effect : std::uint8_t { read, write };

// Whether the status is an answer rather than a refusal: 2xx, or 304.
bool is_answer(int status);

// The error code that a refusal stands for.
Code code_of(int status, int sub_status, Effect effect);

// What may be shown of a message of the service: one line, bounded, without what was signed; none of its words when
// they hold `key`, the base64 text of the account's key.
std::string shown_words(std::string said, std::string_view key);

// The error a refusal stands for, with status, sub-status and retry-after. Of what the service said its message has
// shown_words(). `now` is this machine's clock, for the hint on a signature refused for its date.
Error status_error(const http::Response& response, Effect effect, Second now, std::string_view key);

}  // namespace halley::cosmos
