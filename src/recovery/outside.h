// The refusal of a moment outside coverage, worded in one place.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "repo/coverage.h"

namespace halley::recovery {

// Code::outside_coverage: `what` can't be brought to `moment`; the hint names the nearest good moments.
Error outside_coverage(std::string_view what, Second moment, std::string hint);

// "nearest moments that can be restored: … and …", or that there is none.
std::string nearest_text(const repo::Nearest& nearest);

}  // namespace halley::recovery
