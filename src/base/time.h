// Moments of server time: whole seconds since 1970-01-01T00:00:00Z, and the texts people and HTTP write them in.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace halley {

// A whole second of server time. Intervals of it are half-open, [from, until).
struct Second {
  std::int64_t value = 0;

  friend auto operator<=>(const Second&, const Second&) = default;
  friend Second operator+(Second moment, std::int64_t seconds) { return {moment.value + seconds}; }
  friend Second operator-(Second moment, std::int64_t seconds) { return {moment.value - seconds}; }
  friend std::int64_t operator-(Second a, Second b) { return a.value - b.value; }
};

// "2026-01-17T10:00:00Z"
std::string format_rfc3339(Second moment);

// Parses RFC 3339 with "Z" or an offset; a fraction of a second is floored. Fails with invalid_argument.
Result<Second> parse_rfc3339(std::string_view text);

// "Sun, 22 Nov 2026 12:01:37 GMT", as HTTP's Date and x-ms-date have it.
std::string format_http_date(Second moment);
Result<Second> parse_http_date(std::string_view text);

// Parses an age such as "-2h", "-3d12h", "-45s", "-10m" into seconds (positive). Fails with invalid_argument.
Result<std::int64_t> parse_age(std::string_view text);

}  // namespace halley
