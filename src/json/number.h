// Numbers as the service keeps them: IEEE doubles, printed the way it prints them.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace halley::json {

// The text the service returns for a JSON number it was sent (docs/wire-protocol.md, numbers). The number becomes the
// nearest IEEE double and is printed
//   - as all its digits when it is whole and its magnitude is below 2^63: `1.0` -> `1`, `2e1` -> `20`, `-0` -> `0`,
//     `28423844363879210` -> `28423844363879208`;
//   - else as the shortest digits that read back as the same double: plainly from 1e-6 up (`0.1`), with an exponent
//     below that (`1e-7`) and from 2^63 on (`9.223372036854776e+18`, `1e+20`), the exponent signed when positive and
//     without leading zeros.
// This is what JavaScript's Number.prototype.toString gives, but for whole numbers beyond 2^53. A number too small for
// a double is 0. Fails with invalid_argument for one beyond the largest double, and for what is no JSON number.
Result<std::string> canonical_number(std::string_view number_text);
// The same for a double, which must be finite.
std::string format_double(double value);

// Re-serialises a whole JSON text as the service does: white space dropped, numbers canonical, escapes normalised (only
// `"`, `\` and control characters stay escaped; so does a lone surrogate), member order kept. Fails with
// invalid_argument naming the place for what is not JSON, is nested deeper than 128 levels, or is not UTF-8.
Result<std::string> normalise(std::string_view text);

}  // namespace halley::json
