#include "json/number.h"

#include <charconv>
#include <cstdlib>

#include "base/check.h"
#include "json/number_text.h"

namespace halley::json {
namespace {

constexpr double kTwoTo63 = 9223372036854775808.0;

const char* skip_digits(const char* at, const char* end) {
  while (at != end && is_digit(*at)) ++at;
  return at;
}

// The decimal exponent of the leading non-zero digit of a number's text is above zero: it is too large, else too small.
bool is_large(const char* at, const char* end) {
  std::int64_t exponent = 0;
  bool seen = false;
  bool after_point = false;
  for (; at != end && *at != 'e' && *at != 'E'; ++at) {
    if (*at == '.') {
      after_point = true;
    } else if (is_digit(*at)) {
      seen = seen || *at != '0';
      exponent += after_point ? (seen ? 0 : -1) : (seen ? 1 : 0);
    }
  }
  if (at == end) return exponent > 0;
  const bool negative = *++at == '-';
  if (*at == '-' || *at == '+') ++at;
  std::int64_t written = 0;
  for (; at != end && written < 1'000'000'000'000; ++at) written = written * 10 + (*at - '0');
  return exponent + (negative ? -written : written) > 0;
}

}  // namespace

namespace internal {

bool read_number_exactly(const char* begin, const char* end, double& value) {
  // std::from_chars takes more than the JSON grammar does, so that is checked first.
  const char* at = begin;
  if (at != end && *at == '-') ++at;
  const char* const whole = at;
  at = skip_digits(at, end);
  if (at == whole || (*whole == '0' && at - whole > 1)) return false;
  if (at != end && *at == '.') {
    const char* const fraction = ++at;
    at = skip_digits(at, end);
    if (at == fraction) return false;
  }
  if (at != end && (*at == 'e' || *at == 'E')) {
    ++at;
    if (at != end && (*at == '+' || *at == '-')) ++at;
    const char* const exponent = at;
    at = skip_digits(at, end);
    if (at == exponent) return false;
  }
  if (at != end) return false;
  const auto [stop, error] = std::from_chars(begin, end, value);
  if (error == std::errc::result_out_of_range) {
    if (is_large(begin, end)) return false;
    value = 0;
    return true;
  }
  return error == std::errc() && stop == end && std::isfinite(value);
}

}  // namespace internal

std::string format_double(double value) {
  CHECK(std::isfinite(value));
  std::array<char, 32> buffer;
  if (std::abs(value) < kTwoTo63 && std::trunc(value) == value) {
    const auto [end, error] =
        std::to_chars(buffer.data(), buffer.data() + buffer.size(), static_cast<std::int64_t>(value));
    return {buffer.data(), end};
  }
  if (std::abs(value) < kTwoTo63 && std::abs(value) >= 1e-6) {
    const auto [end, error] =
        std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed);
    return {buffer.data(), end};
  }
  const auto [end, error] =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::scientific);
  std::string text(buffer.data(), end);
  // to_chars writes an exponent of at least two digits, the service of at least one.
  const std::size_t exponent = text.find('e') + 2;
  if (text[exponent] == '0') text.erase(exponent, 1);
  return text;
}

Result<std::string> canonical_number(std::string_view number_text) {
  double value = 0;
  if (!read_number(number_text.data(), number_text.data() + number_text.size(), value)) {
    return fail(Code::invalid_argument, "not a JSON number, or one outside the range of a double");
  }
  return format_double(value);
}

}  // namespace halley::json
