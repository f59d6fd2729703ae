#include "native/arm_time.h"

#include <fmt/core.h>

#include <charconv>
#include <string>

namespace halley::native {
namespace {

// Takes a number off the front, and the separator behind it; negative when there is none.
int take_number(std::string_view& text, char separator) {
  int number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return -1;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (text.empty() || text.front() != separator) return -1;
  text.remove_prefix(1);
  return number;
}

Result<Second> parse_american(std::string_view text) {
  const int month = take_number(text, '/');
  const int day = take_number(text, '/');
  const int year = take_number(text, ' ');
  int hour = take_number(text, ':');
  const int minute = take_number(text, ':');
  const int second = take_number(text, ' ');
  const bool afternoon = text == "PM";
  if ((text != "AM" && !afternoon) || month < 1 || day < 1 || year < 1 || hour < 1 || hour > 12 || minute < 0 ||
      second < 0) {
    return fail(Code::invalid_argument, "no moment");
  }
  hour = hour % 12 + (afternoon ? 12 : 0);
  return parse_rfc3339(fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", year, month, day, hour, minute, second));
}

}  // namespace

Result<Second> parse_arm_time(std::string_view text) {
  auto moment = text.find('/') == std::string_view::npos ? parse_rfc3339(text) : parse_american(text);
  if (moment) return moment;
  return fail(Code::corrupt, "'" + std::string(text.substr(0, 40)) + "' is no moment that Resource Manager writes");
}

}  // namespace halley::native
