// What the token endpoints of Entra and of managed identities answer.
#pragma once

#include <string>

#include "base/result.h"
#include "http/transport.h"
#include "identity/credential.h"

namespace halley::identity {

// The token of an answer received at `now` (access_token; expires_in or expires_on; refresh_in), or the error that a
// refusal stands for: one line without trace ids, with a hint for the common ones. An answer that is no token is
// `corrupt`. `secret` is what was sent: if the answer's words hold it they are not shown.
Result<AccessToken> read_token(const http::Response& response, Second now, const std::string& secret);

// A token of this text that lives until `expires`, asked for at `now`: refreshed five minutes ahead, or at half of its
// life when that is short.
AccessToken make_token(std::string text, Second now, Second expires);

// The first line of foreign words, bounded, without anything that looks like a token in it.
std::string one_safe_line(std::string_view text);

}  // namespace halley::identity
