// Whether a request may be done: signed with the account's master key, or covered by a resource token
// (docs/wire-protocol.md, authentication).
#pragma once

#include "server/exchange.h"

namespace halley::server {

// Refuses with 401 a missing or wrong signature and with 403 a date more than 15 minutes from `wall_now`, or what a
// resource token does not cover; tokens expire by the clock of the engine. `key` is decoded.
Status authorize(const Call& call, std::string_view key, Second wall_now, Engine& engine);

}  // namespace halley::server
