#include "base/time.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>

namespace halley {
namespace {

constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::int64_t kDay = 86400;

struct Civil {
  std::int64_t year;
  int month, day, hour, minute, second, weekday;
};

// Days since 1970-01-01 of a proleptic Gregorian date (Howard Hinnant's days_from_civil).
std::int64_t days_from_civil(std::int64_t year, int month, int day) {
  year -= month <= 2;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const std::int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

Civil civil_from_second(Second moment) {
  std::int64_t days = moment.value / kDay;
  std::int64_t rest = moment.value % kDay;
  if (rest < 0) {
    rest += kDay;
    --days;
  }
  const std::int64_t z = days + 719468;
  const std::int64_t era = (z >= 0 ? z : z - 146096) / 146097;
  const std::int64_t day_of_era = z - era * 146097;
  const std::int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t shifted = (5 * day_of_year + 2) / 153;
  const int day = static_cast<int>(day_of_year - (153 * shifted + 2) / 5 + 1);
  const int month = static_cast<int>(shifted < 10 ? shifted + 3 : shifted - 9);
  const std::int64_t weekday = ((days + 4) % 7 + 7) % 7;
  return {year_of_era + era * 400 + (month <= 2),
          month,
          day,
          static_cast<int>(rest / 3600),
          static_cast<int>(rest / 60 % 60),
          static_cast<int>(rest % 60),
          static_cast<int>(weekday)};
}

// Reads exactly `digits` decimal digits off the front of `text`.
std::optional<int> take_digits(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take_char(std::string_view& text, std::string_view allowed) {
  if (text.empty() || allowed.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

int days_in_month(std::int64_t year, int month) {
  constexpr std::array<int, 12> kLengths = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : kLengths[static_cast<std::size_t>(month - 1)];
}

std::optional<Second> second_of(int year, int month, int day, int hour, int minute, int second) {
  if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) return std::nullopt;
  if (hour > 23 || minute > 59 || second > 60) return std::nullopt;
  return Second{days_from_civil(year, month, day) * kDay + hour * 3600 + minute * 60 + second};
}

// The offset of RFC 3339, in seconds east of UTC.
std::optional<int> take_offset(std::string_view& text) {
  if (take_char(text, "Zz")) return 0;
  const bool west = !text.empty() && text.front() == '-';
  if (!take_char(text, "+-")) return std::nullopt;
  const auto hours = take_digits(text, 2);
  if (!hours || !take_char(text, ":")) return std::nullopt;
  const auto minutes = take_digits(text, 2);
  if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  const int seconds = *hours * 3600 + *minutes * 60;
  return west ? -seconds : seconds;
}

std::optional<Second> parse_rfc3339_or_nothing(std::string_view text) {
  const auto year = take_digits(text, 4);
  if (!year || !take_char(text, "-")) return std::nullopt;
  const auto month = take_digits(text, 2);
  if (!month || !take_char(text, "-")) return std::nullopt;
  const auto day = take_digits(text, 2);
  if (!day || !take_char(text, "Tt ")) return std::nullopt;
  const auto hour = take_digits(text, 2);
  if (!hour || !take_char(text, ":")) return std::nullopt;
  const auto minute = take_digits(text, 2);
  if (!minute || !take_char(text, ":")) return std::nullopt;
  const auto second = take_digits(text, 2);
  if (!second) return std::nullopt;
  if (take_char(text, ".")) {
    if (!take_digits(text, 1)) return std::nullopt;
    while (take_digits(text, 1)) {
    }
  }
  const auto offset = take_offset(text);
  if (!offset || !text.empty()) return std::nullopt;
  const auto local = second_of(*year, *month, *day, *hour, *minute, *second);
  if (!local) return std::nullopt;
  return *local - *offset;
}

}  // namespace

std::string format_rfc3339(Second moment) {
  const Civil c = civil_from_second(moment);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", c.year, c.month, c.day, c.hour, c.minute, c.second);
}

Result<Second> parse_rfc3339(std::string_view text) {
  if (const auto moment = parse_rfc3339_or_nothing(text)) return *moment;
  return fail(Code::invalid_argument, fmt::format("'{}' is not a time", text),
              "write it as 2026-01-17T10:00:00Z, with an offset such as +01:00, as an age such as -2h, or as latest");
}

std::string format_http_date(Second moment) {
  const Civil c = civil_from_second(moment);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[static_cast<std::size_t>(c.weekday)], c.day,
                     kMonths[static_cast<std::size_t>(c.month - 1)], c.year, c.hour, c.minute, c.second);
}

Result<Second> parse_http_date(std::string_view text) {
  const auto bad = [&] { return fail(Code::corrupt, fmt::format("'{}' is not an HTTP date", text)); };
  std::string_view rest = text;
  if (rest.size() != 29 || rest.substr(3, 2) != ", " || rest.substr(25) != " GMT") return bad();
  rest.remove_prefix(5);
  const auto day = take_digits(rest, 2);
  if (!day || !take_char(rest, " ")) return bad();
  int month = 0;
  for (std::size_t i = 0; i < kMonths.size(); ++i) {
    if (rest.substr(0, 3) == kMonths[i]) month = static_cast<int>(i) + 1;
  }
  rest.remove_prefix(3);
  if (month == 0 || !take_char(rest, " ")) return bad();
  const auto year = take_digits(rest, 4);
  if (!year || !take_char(rest, " ")) return bad();
  const auto hour = take_digits(rest, 2);
  if (!hour || !take_char(rest, ":")) return bad();
  const auto minute = take_digits(rest, 2);
  if (!minute || !take_char(rest, ":")) return bad();
  const auto second = take_digits(rest, 2);
  if (!second) return bad();
  const auto moment = second_of(*year, month, *day, *hour, *minute, *second);
  if (!moment) return bad();
  return *moment;
}

Result<std::int64_t> parse_age(std::string_view text) {
  const auto bad = [&] {
    return fail(Code::invalid_argument, fmt::format("'{}' is not an age", text),
                "write it as -2h, -3d12h, -10m or -45s");
  };
  std::string_view rest = text;
  if (!take_char(rest, "-") || rest.empty()) return bad();
  std::int64_t total = 0;
  while (!rest.empty()) {
    std::int64_t count = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), count);
    if (error != std::errc() || count < 0 || end == rest.data() + rest.size()) return bad();
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    std::int64_t unit = 0;
    switch (rest.front()) {
      case 's':
        unit = 1;
        break;
      case 'm':
        unit = 60;
        break;
      case 'h':
        unit = 3600;
        break;
      case 'd':
        unit = kDay;
        break;
      case 'w':
        unit = 7 * kDay;
        break;
      default:
        return bad();
    }
    rest.remove_prefix(1);
    if (count > (std::numeric_limits<std::int64_t>::max() / 4 - total) / unit) return bad();
    total += count * unit;
  }
  return total;
}

}  // namespace halley
