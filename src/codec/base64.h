// Standard base64 with padding.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace halley::codec {

std::string base64_encode(std::string_view bytes);
// Fails with invalid_argument unless `text` is canonical, padded base64.
Result<std::string> base64_decode(std::string_view text);

}  // namespace halley::codec
