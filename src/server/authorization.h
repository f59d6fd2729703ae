// Whether a request is signed with the account's master key (docs/wire-protocol.md, authentication).
#pragma once

#include "server/exchange.h"

namespace halley::server {

// Refuses with 401 a missing or wrong signature and with 403 a date more than 15 minutes from `wall_now`. `key` is
// decoded.
Status authorize(const Call& call, std::string_view key, Second wall_now);

}  // namespace halley::server
