// Base64: the standard one with padding, and the one that URLs take.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace halley::codec {

std::string base64_encode(std::string_view bytes);
// Fails with invalid_argument unless `text` is canonical, padded base64.
Result<std::string> base64_decode(std::string_view text);

// The alphabet for URLs (- and _), without padding, as JWTs have it.
std::string base64url_encode(std::string_view bytes);

}  // namespace halley::codec
