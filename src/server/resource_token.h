// Resource tokens: what a permission hands out, and what a request that shows one may do with it
// (docs/wire-protocol.md, resource tokens).
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"
#include "server/exchange.h"

namespace halley::server {

// A token for the permission with this rid, good until `expiry`. `key` is the account's, decoded.
std::string make_resource_token(std::string_view key, std::string_view permission_rid, Second expiry);

// How long the tokens of a reply are to live, as its request asks. Refuses with 400 what is not 10 minutes to a day.
Result<std::int64_t> token_seconds(const Call& call);

// Refuses with 401 a signature of no token of this account, and with 403 one that has expired at `now`, whose
// permission is gone, or whose permission does not cover the request.
Status authorize_by_token(const Call& call, std::string_view signature, std::string_view key, Second now,
                          Engine& engine);

}  // namespace halley::server
