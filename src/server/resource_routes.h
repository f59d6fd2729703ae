// Requests about everything that is not a document.
#pragma once

#include "server/exchange.h"

namespace halley::server {

// `token_key` is what the tokens of permissions are sealed with.
Result<Reply> serve_resources(const Call& call, Engine& engine, std::string_view token_key);

}  // namespace halley::server
