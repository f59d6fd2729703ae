// Moments as the language has them: UTC, in ticks of 100 nanoseconds since 1970, from the year 1 to 9999.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace halley::query {

inline constexpr std::int64_t kTicksPerMillisecond = 10'000;
inline constexpr std::int64_t kTicksPerSecond = 10'000'000;
inline constexpr std::int64_t kTicksPerDay = 86'400 * kTicksPerSecond;

struct DateTime {
  std::int64_t year = 1970;
  unsigned month = 1;
  unsigned day = 1;
  unsigned hour = 0;
  unsigned minute = 0;
  unsigned second = 0;
  unsigned fraction = 0;  // ticks

  static DateTime of_ticks(std::int64_t ticks);
  // Nothing when a part is out of range, as February 30.
  std::optional<std::int64_t> ticks() const;
};

bool is_moment(std::int64_t ticks);

// YYYY-MM-DD, with the time behind a T or a space: hh:mm, seconds, up to seven digits of a fraction, Z; each of these
// may be missing. Nothing for any other text.
std::optional<std::int64_t> parse_date_time(std::string_view text);
// "2021-01-08T18:35:00.0000000Z"
std::string format_date_time(std::int64_t ticks);
// By a format of .NET's letters: yyyy yy MM M dd d HH H hh h mm m ss s f… F… tt; a backslash lets the next character
// stand for itself.
std::string format_date_time(std::int64_t ticks, std::string_view format);

enum class DatePart : std::uint8_t { year, month, day, hour, minute, second, millisecond, microsecond, nanosecond };

// By its names: "yyyy", "mm", "day" and so on, in whatever case.
std::optional<DatePart> parse_date_part(std::string_view name);

}  // namespace halley::query
