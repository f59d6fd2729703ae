// The answer to GET /: what the account is and where it is reached.
#pragma once

#include <string>
#include <string_view>

#include "server/emulator.h"

namespace halley::server {

// `host` is the request's Host header: clients go on with the endpoints this names, so they must be the ones they came
// by.
std::string account_record(const AccountOptions& options, std::string_view host);

}  // namespace halley::server
