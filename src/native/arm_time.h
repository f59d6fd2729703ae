// Moments as Resource Manager writes them.
#pragma once

#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace halley::native {

// RFC 3339 with any fraction, or American ("6/25/2024 11:29:09 PM", always UTC), as latestRestorableTimestamp has it.
// Fails with corrupt.
Result<Second> parse_arm_time(std::string_view text);

}  // namespace halley::native
