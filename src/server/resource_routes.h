// Requests about everything that is not a document.
#pragma once

#include "server/exchange.h"

namespace halley::server {

Result<Reply> serve_resources(const Call& call, Engine& engine);

}  // namespace halley::server
