// Reading the text of a JSON number. Inline, for it is in the loops that see every byte of every page.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>

namespace halley::json {

namespace internal {

// The way to the double that is right for every number: slower than what read_number() tries first.
bool read_number_exactly(const char* begin, const char* end, double& value);

inline constexpr std::array<double, 23> kPowersOfTen = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                        1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                        1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

}  // namespace internal

inline bool is_digit(char c) { return static_cast<unsigned char>(c - '0') < 10; }

// Gives the double nearest to the JSON number that is exactly the bytes from `begin` to `end`; one too small to be told
// from zero gives zero. False for what is not a JSON number, and for one beyond the largest double.
inline bool read_number(const char* begin, const char* end, double& value) {
  const char* at = begin;
  const bool negative = at != end && *at == '-';
  at += negative;
  const char* const digits = at;
  std::uint64_t mantissa = 0;
  while (at != end && is_digit(*at)) mantissa = mantissa * 10 + static_cast<std::uint64_t>(*at++ - '0');
  auto count = at - digits;
  if (count == 0 || (*digits == '0' && count > 1)) return false;
  if (at == end && count <= 18) {
    const auto whole = static_cast<double>(static_cast<std::int64_t>(mantissa));
    value = negative ? -whole : whole;
    return true;
  }
  if (at == end || *at != '.') return internal::read_number_exactly(begin, end, value);
  const char* const fraction = ++at;
  while (at != end && is_digit(*at)) mantissa = mantissa * 10 + static_cast<std::uint64_t>(*at++ - '0');
  const auto places = at - fraction;
  count += places;
  // Both operands are exact, so the quotient is rounded once, rightly.
  if (at == end && places > 0 && count <= 18 && mantissa <= (std::uint64_t{1} << 53)) {
    const double quotient = static_cast<double>(mantissa) / internal::kPowersOfTen[static_cast<std::size_t>(places)];
    value = negative ? -quotient : quotient;
    return true;
  }
  return internal::read_number_exactly(begin, end, value);
}

}  // namespace halley::json
