// Functions that read values from strings and write them as strings.
#include <array>
#include <string>

#include "json/number_text.h"
#include "json/value.h"
#include "query/functions.h"

namespace halley::query {
namespace {

std::string_view without_blanks_around(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\n\r";
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

// A JSON text of a type, white space around it or not; undefined for any other.
template <Type Wanted>
Value read_text(const Call& call) {
  if (!call[0].is(Type::string)) return {};
  const std::string_view text = without_blanks_around(call[0].text());
  if (text.empty()) return {};
  if (Wanted == Type::number) {
    double number = 0;
    if (!json::read_number(text.data(), text.data() + text.size(), number)) return {};
    return Value::number(number);
  }
  const Value value = parse_value(text, call.arena());
  return value.is(Wanted) ? value : Value();
}

Value to_string(const Call& call) {
  if (call[0].is(Type::string)) return call[0];
  std::string text;
  return call[0].append_to(text, call.context.bounds()) ? Value::string(call.arena().copy(text)) : Value();
}

constexpr std::array kTextFunctions = {
    Function{"STRINGTOARRAY", 1, 1, read_text<Type::array>},
    Function{"STRINGTOBOOLEAN", 1, 1, read_text<Type::boolean>},
    Function{"STRINGTONULL", 1, 1, read_text<Type::null>},
    Function{"STRINGTONUMBER", 1, 1, read_text<Type::number>},
    Function{"STRINGTOOBJECT", 1, 1, read_text<Type::object>},
    Function{"TOSTRING", 1, 1, to_string},
};

}  // namespace

std::span<const Function> text_functions() { return kTextFunctions; }

}  // namespace halley::query
