// Refusals: errors that carry the HTTP status, and where the service has one the sub-status (cosmos/sub_status.h), they
// are answered with.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "cosmos/sub_status.h"

namespace halley::server {

tl::unexpected<Error> refuse(int status, std::string message, int sub_status = 0);

// The `code` member of an error body for a status: 404 -> "NotFound".
std::string_view status_name(int status);

}  // namespace halley::server
