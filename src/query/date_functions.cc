// Functions over dates and times. An argument that is none makes the result undefined.
#include <array>
#include <chrono>
#include <cmath>
#include <optional>

#include "query/date_time.h"
#include "query/functions.h"

namespace halley::query {
namespace {

Value made(const Call& call, const std::optional<std::int64_t>& ticks) {
  if (!ticks || !is_moment(*ticks)) return {};
  return Value::string(call.arena().copy(format_date_time(*ticks)));
}

std::optional<std::int64_t> moment(const Value& value) {
  return value.is(Type::string) ? parse_date_time(value.text()) : std::nullopt;
}
std::optional<DatePart> part_of(const Value& value) {
  return value.is(Type::string) ? parse_date_part(value.text()) : std::nullopt;
}
// Whole numbers that a count of ticks of any moment fits in.
std::optional<std::int64_t> integer(const Value& value) {
  constexpr double kMost = 1e18;
  if (!value.is(Type::number) || std::trunc(value.number()) != value.number()) return std::nullopt;
  if (std::abs(value.number()) > kMost) return std::nullopt;
  return static_cast<std::int64_t>(value.number());
}

std::int64_t floor_divide(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

// Ticks of a part from days to microseconds; 0 for the others.
std::int64_t ticks_of(DatePart part) {
  switch (part) {
    case DatePart::day:
      return kTicksPerDay;
    case DatePart::hour:
      return 3600 * kTicksPerSecond;
    case DatePart::minute:
      return 60 * kTicksPerSecond;
    case DatePart::second:
      return kTicksPerSecond;
    case DatePart::millisecond:
      return kTicksPerMillisecond;
    case DatePart::microsecond:
      return 10;
    default:
      return 0;
  }
}

Value now_text(const Call& call) { return made(call, call.context.now_ms * kTicksPerMillisecond); }
Value now_ticks(const Call& call) {
  return Value::number(static_cast<double>(call.context.now_ms * kTicksPerMillisecond));
}
Value now_timestamp(const Call& call) { return Value::number(static_cast<double>(call.context.now_ms)); }

// Months later, the day cut to what the month has.
std::optional<std::int64_t> add_months(std::int64_t ticks, std::int64_t months) {
  constexpr std::int64_t kMost = 12 * 10'000;
  if (std::abs(months) > kMost) return std::nullopt;
  DateTime at = DateTime::of_ticks(ticks);
  const std::int64_t total = at.year * 12 + at.month - 1 + months;
  at.year = floor_divide(total, 12);
  at.month = static_cast<unsigned>(total - at.year * 12 + 1);
  if (at.year < 1 || at.year > 9999) return std::nullopt;
  const std::chrono::year_month_day_last last(std::chrono::year(static_cast<int>(at.year)),
                                              std::chrono::month_day_last(std::chrono::month(at.month)));
  at.day = std::min(at.day, static_cast<unsigned>(last.day()));
  return at.ticks();
}

Value date_time_add(const Call& call) {
  const auto part = part_of(call[0]);
  const auto count = integer(call[1]);
  const auto start = moment(call[2]);
  if (!part || !count || !start) return {};
  if (*part == DatePart::year)
    return made(call, std::abs(*count) > 10'000 ? std::nullopt : add_months(*start, *count * 12));
  if (*part == DatePart::month) return made(call, add_months(*start, *count));
  if (*part == DatePart::nanosecond) return made(call, *start + floor_divide(*count, 100));
  const double span = static_cast<double>(*count) * static_cast<double>(ticks_of(*part));
  if (std::abs(span) > 1e18) return {};
  return made(call, *start + *count * ticks_of(*part));
}

// How many boundaries of the part lie between two moments.
Value date_time_diff(const Call& call) {
  const auto part = part_of(call[0]);
  const auto start = moment(call[1]);
  const auto end = moment(call[2]);
  if (!part || !start || !end) return {};
  const DateTime a = DateTime::of_ticks(*start);
  const DateTime b = DateTime::of_ticks(*end);
  const auto months = [](const DateTime& at) { return at.year * 12 + at.month; };
  if (*part == DatePart::year) return Value::number(static_cast<double>(b.year - a.year));
  if (*part == DatePart::month) return Value::number(static_cast<double>(months(b) - months(a)));
  if (*part == DatePart::nanosecond) return Value::number(static_cast<double>(*end - *start) * 100);
  const std::int64_t size = ticks_of(*part);
  return Value::number(static_cast<double>(floor_divide(*end, size) - floor_divide(*start, size)));
}

Value date_time_bin(const Call& call) {
  const auto at = moment(call[0]);
  const auto part = part_of(call[1]);
  if (!at || !part || *part == DatePart::year || *part == DatePart::month) return {};
  std::int64_t size = 1;
  std::int64_t origin = 0;
  if (call.count() > 2) {
    const auto given = integer(call[2]);
    constexpr std::int64_t kMost = 100'000'000;
    if (!given || *given < 1 || *given > kMost) return {};
    size = *given;
  }
  if (call.count() > 3) {
    const auto given = moment(call[3]);
    if (!given) return {};
    origin = *given;
  }
  // A tick has 100 nanoseconds: bins of fewer are single ticks.
  const std::int64_t nanosecond_ticks = size / 100;
  const double bin = *part == DatePart::nanosecond ? std::max(1.0, static_cast<double>(nanosecond_ticks))
                                                   : static_cast<double>(size) * static_cast<double>(ticks_of(*part));
  if (bin > 1e18) return made(call, origin);
  const auto bin_ticks = static_cast<std::int64_t>(bin);
  return made(call, origin + floor_divide(*at - origin, bin_ticks) * bin_ticks);
}

Value date_time_format(const Call& call) {
  const auto at = moment(call[0]);
  if (!at || !call[1].is(Type::string)) return {};
  return Value::string(call.arena().copy(format_date_time(*at, call[1].text())));
}

Value date_time_from_parts(const Call& call) {
  unsigned parts[7] = {1, 1, 1, 0, 0, 0, 0};
  for (std::size_t i = 0; i < call.count(); ++i) {
    const auto number = integer(call[i]);
    if (!number || *number < 0 || *number >= kTicksPerSecond) return {};
    parts[i] = static_cast<unsigned>(*number);
  }
  return made(call, DateTime{parts[0], parts[1], parts[2], parts[3], parts[4], parts[5], parts[6]}.ticks());
}

std::int64_t number_of(DatePart part, const DateTime& at) {
  switch (part) {
    case DatePart::year:
      return at.year;
    case DatePart::month:
      return at.month;
    case DatePart::day:
      return at.day;
    case DatePart::hour:
      return at.hour;
    case DatePart::minute:
      return at.minute;
    case DatePart::second:
      return at.second;
    case DatePart::millisecond:
      return at.fraction / 10'000;
    case DatePart::microsecond:
      return at.fraction / 10;
    case DatePart::nanosecond:
      break;
  }
  return std::int64_t{at.fraction} * 100;
}

Value date_time_part(const Call& call) {
  const auto part = part_of(call[0]);
  const auto at = moment(call[1]);
  return part && at ? Value::number(static_cast<double>(number_of(*part, DateTime::of_ticks(*at)))) : Value();
}

template <DatePart Part>
Value one_part(const Call& call) {
  const auto at = moment(call[0]);
  return at ? Value::number(static_cast<double>(number_of(Part, DateTime::of_ticks(*at)))) : Value();
}

Value date_time_to_ticks(const Call& call) {
  const auto at = moment(call[0]);
  return at ? Value::number(static_cast<double>(*at)) : Value();
}

Value date_time_to_timestamp(const Call& call) {
  const auto at = moment(call[0]);
  return at ? Value::number(static_cast<double>(floor_divide(*at, kTicksPerMillisecond))) : Value();
}

Value ticks_to_date_time(const Call& call) { return made(call, integer(call[0])); }

Value timestamp_to_date_time(const Call& call) {
  const auto milliseconds = integer(call[0]);
  constexpr std::int64_t kMost = 1'000'000'000'000'000;
  if (!milliseconds || std::abs(*milliseconds) > kMost / 2) return {};
  return made(call, *milliseconds * kTicksPerMillisecond);
}

constexpr std::array kDateFunctions = {
    Function{"DATETIMEADD", 3, 3, date_time_add},
    Function{"DATETIMEBIN", 2, 4, date_time_bin},
    Function{"DATETIMEDIFF", 3, 3, date_time_diff},
    Function{"DATETIMEFORMAT", 2, 2, date_time_format},
    Function{"DATETIMEFROMPARTS", 3, 7, date_time_from_parts},
    Function{"DATETIMEPART", 2, 2, date_time_part},
    Function{"DATETIMETOTICKS", 1, 1, date_time_to_ticks},
    Function{"DATETIMETOTIMESTAMP", 1, 1, date_time_to_timestamp},
    Function{"DAY", 1, 1, one_part<DatePart::day>},
    Function{"GETCURRENTDATETIME", 0, 0, now_text},
    Function{"GETCURRENTDATETIMESTATIC", 0, 0, now_text},
    Function{"GETCURRENTTICKS", 0, 0, now_ticks},
    Function{"GETCURRENTTICKSSTATIC", 0, 0, now_ticks},
    Function{"GETCURRENTTIMESTAMP", 0, 0, now_timestamp},
    Function{"GETCURRENTTIMESTAMPSTATIC", 0, 0, now_timestamp},
    Function{"MONTH", 1, 1, one_part<DatePart::month>},
    Function{"TICKSTODATETIME", 1, 1, ticks_to_date_time},
    Function{"TIMESTAMPTODATETIME", 1, 1, timestamp_to_date_time},
    Function{"YEAR", 1, 1, one_part<DatePart::year>},
};

}  // namespace

std::span<const Function> date_functions() { return kDateFunctions; }

}  // namespace halley::query
