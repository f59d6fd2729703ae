// Functions over strings. An argument of another type than they take makes the result undefined.
#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "query/characters.h"
#include "query/functions.h"

namespace halley::query {
namespace {

constexpr std::size_t kMaxReplicated = 10000;  // characters

Value made(const Call& call, std::string_view text) { return Value::string(call.arena().copy(text)); }

bool all_strings(const Call& call, std::size_t first, std::size_t count) {
  for (std::size_t i = first; i < first + count && i < call.count(); ++i) {
    if (!call[i].is(Type::string)) return false;
  }
  return true;
}

// A whole number of characters, what is beyond a string's size as large as it gets; nothing for what is no number.
std::optional<std::int64_t> whole(const Value& value) {
  constexpr double kMost = 1e15;
  if (!value.is(Type::number) || std::isnan(value.number())) return std::nullopt;
  return static_cast<std::int64_t>(std::trunc(std::clamp(value.number(), -kMost, kMost)));
}

Value concat(const Call& call) {
  if (!all_strings(call, 0, call.count())) return {};
  std::size_t size = 0;
  for (const Value& part : call.arguments) size += part.text().size();
  char* const at = static_cast<char*>(call.arena().allocate(size));
  if (at == nullptr) return {};
  char* end = at;
  for (const Value& part : call.arguments) end = std::copy(part.text().begin(), part.text().end(), end);
  return Value::string({at, size});
}

Value length(const Call& call) {
  if (!call[0].is(Type::string)) return {};
  return Value::number(static_cast<double>(character_count(call[0].text())));
}

template <std::string (*Change)(std::string_view)>
Value changed(const Call& call) {
  return call[0].is(Type::string) ? made(call, Change(call[0].text())) : Value();
}

std::string reversed(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  std::vector<std::size_t> begins;
  for (std::size_t at = 0; at < text.size(); at += character_size(text, at)) begins.push_back(at);
  for (auto begin = begins.rbegin(); begin != begins.rend(); ++begin) {
    out += text.substr(*begin, character_size(text, *begin));
  }
  return out;
}

using Compare = bool (*)(std::string_view text, std::string_view part);
bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }
bool starts_with(std::string_view text, std::string_view part) { return text.starts_with(part); }
bool ends_with(std::string_view text, std::string_view part) { return text.ends_with(part); }
bool is_same(std::string_view text, std::string_view part) { return text == part; }

// The third argument, true, makes the comparison blind for case.
template <Compare Matches>
Value compare_strings(const Call& call) {
  if (!all_strings(call, 0, 2)) return {};
  if (call.count() == 3 && call[2].is_defined() && !call[2].is(Type::boolean)) return {};
  const bool ignore_case = call.count() == 3 && call[2].is_true();
  if (!ignore_case) return Value::boolean(Matches(call[0].text(), call[1].text()));
  return Value::boolean(Matches(to_lower(call[0].text()), to_lower(call[1].text())));
}

// As CONTAINS of each further argument joined by AND or OR.
template <bool All, bool IgnoreCase>
Value contains_several(const Call& call) {
  const std::string folded = IgnoreCase && call[0].is(Type::string) ? to_lower(call[0].text()) : std::string();
  bool any_undefined = false;
  for (std::size_t i = 1; i < call.count(); ++i) {
    if (!call[0].is(Type::string) || !call[i].is(Type::string)) {
      any_undefined = true;
      continue;
    }
    const bool found =
        IgnoreCase ? contains(folded, to_lower(call[i].text())) : contains(call[0].text(), call[i].text());
    if (found != All) return Value::boolean(!All);
  }
  return any_undefined ? Value() : Value::boolean(All);
}

Value index_of(const Call& call) {
  if (!all_strings(call, 0, 2)) return {};
  std::size_t from = 0;
  if (call.count() == 3) {
    const auto start = whole(call[2]);
    if (!start) return {};
    from = byte_of_character(call[0].text(), static_cast<std::size_t>(std::max<std::int64_t>(*start, 0)));
  }
  const std::size_t found = call[0].text().find(call[1].text(), from);
  if (found == std::string_view::npos) return Value::number(-1);
  return Value::number(static_cast<double>(character_count(call[0].text().substr(0, found))));
}

Value last_index_of(const Call& call) {
  if (!all_strings(call, 0, 2)) return {};
  std::size_t from = std::string_view::npos;
  if (call.count() == 3) {
    const auto start = whole(call[2]);
    if (!start) return {};
    if (*start < 0) return Value::number(-1);
    from = byte_of_character(call[0].text(), static_cast<std::size_t>(*start));
  }
  const std::size_t found = call[0].text().rfind(call[1].text(), from);
  if (found == std::string_view::npos) return Value::number(-1);
  return Value::number(static_cast<double>(character_count(call[0].text().substr(0, found))));
}

Value left(const Call& call) {
  const auto count = whole(call[1]);
  if (!call[0].is(Type::string) || !count) return {};
  const std::string_view text = call[0].text();
  if (*count <= 0) return Value::string({});
  return Value::string(text.substr(0, byte_of_character(text, static_cast<std::size_t>(*count))));
}

Value right(const Call& call) {
  const auto count = whole(call[1]);
  if (!call[0].is(Type::string) || !count) return {};
  const std::string_view text = call[0].text();
  if (*count <= 0) return Value::string({});
  const std::size_t characters = character_count(text);
  const std::size_t skipped = characters - std::min(characters, static_cast<std::size_t>(*count));
  return Value::string(text.substr(byte_of_character(text, skipped)));
}

Value substring(const Call& call) {
  const auto start = whole(call[1]);
  const auto count = whole(call[2]);
  if (!call[0].is(Type::string) || !start || !count) return {};
  if (*start < 0 || *count <= 0) return Value::string({});
  const std::string_view text = call[0].text();
  const std::string_view rest = text.substr(byte_of_character(text, static_cast<std::size_t>(*start)));
  return Value::string(rest.substr(0, byte_of_character(rest, static_cast<std::size_t>(*count))));
}

enum class Side { first_before, first_after, last_before, last_after };

// What stands on one side of the first or last occurrence of a part; undefined when there is none.
template <Side Wanted>
Value beside(const Call& call) {
  if (!all_strings(call, 0, 2)) return {};
  const std::string_view text = call[0].text();
  const bool first = Wanted == Side::first_before || Wanted == Side::first_after;
  const std::size_t found = first ? text.find(call[1].text()) : text.rfind(call[1].text());
  if (found == std::string_view::npos) return {};
  const bool before = Wanted == Side::first_before || Wanted == Side::last_before;
  return Value::string(before ? text.substr(0, found) : text.substr(found + call[1].text().size()));
}

enum class Ends { left, right, both };

// Takes away white space, or the characters of the second argument.
template <Ends Trimmed>
Value trim(const Call& call) {
  if (!all_strings(call, 0, call.count())) return {};
  const std::string_view unwanted = call.count() == 2 ? call[1].text() : " \t\n\v\f\r";
  const auto is_unwanted = [&](std::string_view text, std::size_t at) {
    const std::string_view character = text.substr(at, character_size(text, at));
    for (std::size_t i = 0; i < unwanted.size(); i += character_size(unwanted, i)) {
      if (unwanted.substr(i, character_size(unwanted, i)) == character) return true;
    }
    return false;
  };
  std::string_view text = call[0].text();
  if (Trimmed != Ends::right) {
    while (!text.empty() && is_unwanted(text, 0)) text.remove_prefix(character_size(text, 0));
  }
  if (Trimmed != Ends::left) {
    while (!text.empty()) {
      std::size_t last = text.size() - 1;
      while (last > 0 && (text[last] & 0xC0) == 0x80) --last;
      if (!is_unwanted(text, last)) break;
      text = text.substr(0, last);
    }
  }
  return Value::string(text);
}

Value replace(const Call& call) {
  if (!all_strings(call, 0, 3)) return {};
  const std::string_view text = call[0].text();
  const std::string_view wanted = call[1].text();
  const std::string_view instead = call[2].text();
  if (wanted.empty()) return call[0];
  std::size_t occurrences = 0;
  for (std::size_t at = text.find(wanted); at != std::string_view::npos; at = text.find(wanted, at + wanted.size())) {
    ++occurrences;
  }
  char* const out = static_cast<char*>(
      call.arena().allocate(text.size() - occurrences * wanted.size() + occurrences * instead.size()));
  if (out == nullptr) return {};
  char* end = out;
  std::size_t from = 0;
  for (std::size_t at = text.find(wanted); at != std::string_view::npos; at = text.find(wanted, from)) {
    end = std::copy_n(text.data() + from, at - from, end);
    end = std::copy_n(instead.data(), instead.size(), end);
    from = at + wanted.size();
  }
  end = std::copy_n(text.data() + from, text.size() - from, end);
  return Value::string({out, static_cast<std::size_t>(end - out)});
}

Value replicate(const Call& call) {
  const auto count = whole(call[1]);
  if (!call[0].is(Type::string) || !count || *count < 0) return {};
  const std::string_view text = call[0].text();
  const std::size_t characters = character_count(text);
  if (characters > 0 && static_cast<std::size_t>(*count) > kMaxReplicated / characters) return {};
  std::string out;
  if (!text.empty()) {
    for (std::int64_t i = 0; i < *count; ++i) out += text;
  }
  return made(call, out);
}

Value regex_match(const Call& call) {
  if (!all_strings(call, 0, call.count())) return {};
  if (call.pattern != nullptr) return Value::boolean(call.pattern->matches(call[0].text()));
  const auto pattern = regular_expression(call[1].text(), call.count() == 3 ? call[2].text() : std::string_view());
  return pattern ? Value::boolean((*pattern)->matches(call[0].text())) : Value();
}

Value string_join(const Call& call) {
  if (!call[0].is(Type::array) || !call[1].is(Type::string)) return {};
  std::size_t count = 0;
  const Value* const items = call[0].items(call.arena(), count);
  std::size_t size = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (!items[i].is(Type::string)) return {};
    size += items[i].text().size() + (i > 0 ? call[1].text().size() : 0);
  }
  char* const out = static_cast<char*>(call.arena().allocate(size));
  if (out == nullptr) return {};
  char* end = out;
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) end = std::copy_n(call[1].text().data(), call[1].text().size(), end);
    end = std::copy_n(items[i].text().data(), items[i].text().size(), end);
  }
  return Value::string({out, size});
}

Value string_split(const Call& call) {
  if (!all_strings(call, 0, 2)) return {};
  const std::string_view separator = call[1].text();
  std::vector<std::string_view> parts;
  std::string_view rest = call[0].text();
  for (;;) {
    const std::size_t end = separator.empty() ? std::string_view::npos : rest.find(separator);
    parts.push_back(rest.substr(0, end));
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + separator.size());
  }
  Value* const items = call.arena().array<Value>(parts.size());
  if (items == nullptr) return {};
  for (std::size_t i = 0; i < parts.size(); ++i) items[i] = Value::string(parts[i]);
  return Value::array(items, parts.size());
}

constexpr std::array kStringFunctions = {
    Function{"CONCAT", 2, kManyArguments, concat},
    Function{"CONTAINS", 2, 3, compare_strings<contains>},
    Function{"CONTAINS_ALL_CI", 2, kManyArguments, contains_several<true, true>},
    Function{"CONTAINS_ALL_CS", 2, kManyArguments, contains_several<true, false>},
    Function{"CONTAINS_ANY_CI", 2, kManyArguments, contains_several<false, true>},
    Function{"CONTAINS_ANY_CS", 2, kManyArguments, contains_several<false, false>},
    Function{"ENDSWITH", 2, 3, compare_strings<ends_with>},
    Function{"INDEX_OF", 2, 3, index_of},
    Function{"LASTINDEXOF", 2, 3, last_index_of},
    Function{"LASTSUBSTRINGAFTER", 2, 2, beside<Side::last_after>},
    Function{"LASTSUBSTRINGBEFORE", 2, 2, beside<Side::last_before>},
    Function{"LEFT", 2, 2, left},
    Function{"LENGTH", 1, 1, length},
    Function{"LOWER", 1, 1, changed<to_lower>},
    Function{"LTRIM", 1, 2, trim<Ends::left>},
    Function{"REGEXMATCH", 2, 3, regex_match},
    Function{"REPLACE", 3, 3, replace},
    Function{"REPLICATE", 2, 2, replicate},
    Function{"REVERSE", 1, 1, changed<reversed>},
    Function{"RIGHT", 2, 2, right},
    Function{"RTRIM", 1, 2, trim<Ends::right>},
    Function{"STARTSWITH", 2, 3, compare_strings<starts_with>},
    Function{"STRINGEQUALS", 2, 3, compare_strings<is_same>},
    Function{"STRINGJOIN", 2, 2, string_join},
    Function{"STRINGSPLIT", 2, 2, string_split},
    Function{"SUBSTRING", 3, 3, substring},
    Function{"SUBSTRINGAFTER", 2, 2, beside<Side::first_after>},
    Function{"SUBSTRINGBEFORE", 2, 2, beside<Side::first_before>},
    Function{"TRIM", 1, 2, trim<Ends::both>},
    Function{"UPPER", 1, 1, changed<to_upper>},
};

}  // namespace

std::span<const Function> string_functions() { return kStringFunctions; }

}  // namespace halley::query
