#include "query/date_time.h"

#include <fmt/format.h>

#include <array>
#include <chrono>

namespace halley::query {
namespace {

// The first `digits` characters as a number, taken off `text`.
bool take_digits(std::string_view& text, std::size_t digits, unsigned& number) {
  if (text.size() < digits) return false;
  number = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    number = number * 10 + static_cast<unsigned>(text[i] - '0');
  }
  text.remove_prefix(digits);
  return true;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

bool take_fraction(std::string_view& text, unsigned& ticks) {
  std::size_t digits = 0;
  ticks = 0;
  for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
    if (digits == 7) return false;
    ticks = ticks * 10 + static_cast<unsigned>(text[digits] - '0');
  }
  text.remove_prefix(digits);
  for (std::size_t i = digits; i < 7; ++i) ticks *= 10;
  return digits > 0;
}

// One run of the same letter of a format.
std::string formatted(const DateTime& at, char letter, std::size_t count) {
  const auto number = [&](auto value) { return fmt::format("{:0{}}", value, count == 1 ? 1 : 2); };
  switch (letter) {
    case 'y':
      return count <= 2 ? number(at.year % 100) : fmt::format("{:0{}}", at.year, count);
    case 'M':
      return number(at.month);
    case 'd':
      return number(at.day);
    case 'H':
      return number(at.hour);
    case 'h':
      return number(at.hour % 12 == 0 ? 12U : at.hour % 12);
    case 'm':
      return number(at.minute);
    case 's':
      return number(at.second);
    case 't':
      return std::string(at.hour < 12 ? "AM" : "PM").substr(0, count);
    default: {
      std::string digits = fmt::format("{:07}", at.fraction).substr(0, std::min<std::size_t>(count, 7));
      if (letter == 'F') digits.erase(digits.find_last_not_of('0') + 1);
      return digits;
    }
  }
}

}  // namespace

DateTime DateTime::of_ticks(std::int64_t ticks) {
  std::int64_t days = ticks / kTicksPerDay;
  if (ticks % kTicksPerDay < 0) --days;
  const std::int64_t of_day = ticks - days * kTicksPerDay;
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(days))};
  DateTime at;
  at.year = static_cast<int>(date.year());
  at.month = static_cast<unsigned>(date.month());
  at.day = static_cast<unsigned>(date.day());
  const std::int64_t seconds = of_day / kTicksPerSecond;
  at.hour = static_cast<unsigned>(seconds / 3600);
  at.minute = static_cast<unsigned>(seconds / 60 % 60);
  at.second = static_cast<unsigned>(seconds % 60);
  at.fraction = static_cast<unsigned>(of_day % kTicksPerSecond);
  return at;
}

std::optional<std::int64_t> DateTime::ticks() const {
  if (year < 1 || year > 9999 || hour > 23 || minute > 59 || second > 59 || fraction >= kTicksPerSecond) return {};
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(year)), std::chrono::month(month),
                                         std::chrono::day(day)};
  if (!date.ok()) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return days * kTicksPerDay + ((hour * 60 + minute) * 60 + second) * kTicksPerSecond + fraction;
}

bool is_moment(std::int64_t ticks) {
  static const std::int64_t first = *DateTime{1, 1, 1, 0, 0, 0, 0}.ticks();
  static const std::int64_t last = *DateTime{9999, 12, 31, 23, 59, 59, 9'999'999}.ticks();
  return ticks >= first && ticks <= last;
}

std::optional<std::int64_t> parse_date_time(std::string_view text) {
  DateTime at;
  unsigned year = 0;
  const bool date = take_digits(text, 4, year) && take(text, '-') && take_digits(text, 2, at.month) &&
                    take(text, '-') && take_digits(text, 2, at.day);
  if (!date) return std::nullopt;
  at.year = year;
  if (text.empty()) return at.ticks();
  if (!take(text, 'T') && !take(text, ' ')) return std::nullopt;
  if (!take_digits(text, 2, at.hour) || !take(text, ':') || !take_digits(text, 2, at.minute)) return std::nullopt;
  if (take(text, ':')) {
    if (!take_digits(text, 2, at.second)) return std::nullopt;
    if (take(text, '.') && !take_fraction(text, at.fraction)) return std::nullopt;
  }
  take(text, 'Z');
  return text.empty() ? at.ticks() : std::nullopt;
}

std::string format_date_time(std::int64_t ticks) {
  const DateTime at = DateTime::of_ticks(ticks);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:07}Z", at.year, at.month, at.day, at.hour, at.minute,
                     at.second, at.fraction);
}

std::string format_date_time(std::int64_t ticks, std::string_view format) {
  constexpr std::string_view kLetters = "yMdHhmsfFt";
  const DateTime at = DateTime::of_ticks(ticks);
  std::string out;
  for (std::size_t i = 0; i < format.size();) {
    if (format[i] == '\\' && i + 1 < format.size()) {
      out += format[i + 1];
      i += 2;
    } else if (kLetters.find(format[i]) == std::string_view::npos) {
      out += format[i++];
    } else {
      const std::size_t end = std::min(format.find_first_not_of(format[i], i), format.size());
      constexpr std::size_t kLongest = 16;
      out += formatted(at, format[i], std::min(end - i, kLongest));
      i = end;
    }
  }
  return out;
}

std::optional<DatePart> parse_date_part(std::string_view name) {
  struct Name {
    std::string_view name;
    DatePart part;
  };
  static constexpr std::array<Name, 23> kNames = {{
      {"year", DatePart::year},       {"yyyy", DatePart::year},
      {"yy", DatePart::year},         {"month", DatePart::month},
      {"mm", DatePart::month},        {"m", DatePart::month},
      {"day", DatePart::day},         {"dd", DatePart::day},
      {"d", DatePart::day},           {"hour", DatePart::hour},
      {"hh", DatePart::hour},         {"minute", DatePart::minute},
      {"mi", DatePart::minute},       {"n", DatePart::minute},
      {"second", DatePart::second},   {"ss", DatePart::second},
      {"s", DatePart::second},        {"millisecond", DatePart::millisecond},
      {"ms", DatePart::millisecond},  {"microsecond", DatePart::microsecond},
      {"mcs", DatePart::microsecond}, {"nanosecond", DatePart::nanosecond},
      {"ns", DatePart::nanosecond},
  }};
  std::string lower(name);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  for (const Name& known : kNames) {
    if (known.name == lower) return known.part;
  }
  return std::nullopt;
}

}  // namespace halley::query
