#include "json/writer.h"

#include <array>
#include <charconv>
#include <optional>

#include "json/number.h"
#include "json/string_text.h"

namespace halley::json {
namespace {

template <typename Integer>
void append_integer(std::string& out, Integer value) {
  std::array<char, 24> digits;
  const auto result = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  out.append(digits.data(), result.ptr);
}

// Reads one code point off the front of UTF-8; a byte that is none gives U+FFFD.
unsigned take_code_point(std::string_view& text) {
  constexpr unsigned kReplacement = 0xFFFD;
  const auto first = static_cast<unsigned char>(text.front());
  text.remove_prefix(1);
  const std::size_t more = first < 0xC2 ? 0 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : first < 0xF5 ? 3 : 0;
  if (more == 0 || text.size() < more) return kReplacement;
  unsigned code_point = first & (0x3FU >> more);
  for (std::size_t i = 0; i < more; ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if ((c & 0xC0) != 0x80) return kReplacement;
    code_point = code_point << 6 | (c & 0x3FU);
  }
  text.remove_prefix(more);
  return code_point;
}

// How many bytes the character has that a text of UTF-8 begins with, from its second byte on; nothing: it is none.
std::optional<std::size_t> further_bytes(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const unsigned first = byte(0);
  if (first < 0x80) return 0;
  const std::size_t more = first < 0xC2 ? 0 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : first < 0xF5 ? 3 : 0;
  if (more == 0) return std::nullopt;
  const unsigned least = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const unsigned most = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (byte(1) < least || byte(1) > most) return std::nullopt;
  for (std::size_t i = 2; i <= more; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return std::nullopt;
  }
  return more;
}

}  // namespace

void append_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t run = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x80 && !must_escape(c)) continue;
    const unsigned surrogate = c == 0xED ? leading_surrogate(text.substr(i)) : 0;
    const auto more = further_bytes(text.substr(i));
    if (c >= 0x80 && surrogate == 0 && more) {
      i += *more;
      continue;
    }
    out.append(text, run, i - run);
    if (surrogate != 0) {
      append_code_unit(out, surrogate);
      i += 2;
    } else if (!more) {
      out += "\xEF\xBF\xBD";
    } else {
      append_escape(out, c);
    }
    run = i + 1;
  }
  out.append(text, run);
  out += '"';
}

void append_ascii_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const auto c = static_cast<unsigned char>(text.front());
    if (c < 0x80) {
      text.remove_prefix(1);
      if (must_escape(c)) {
        append_escape(out, c);
      } else if (c == 0x7F) {
        append_code_unit(out, c);
      } else {
        out += static_cast<char>(c);
      }
      continue;
    }
    const unsigned code_point = take_code_point(text);
    if (code_point < 0x10000) {
      append_code_unit(out, code_point);
    } else {
      append_code_unit(out, 0xD800 + ((code_point - 0x10000) >> 10));
      append_code_unit(out, 0xDC00 + ((code_point - 0x10000) & 0x3FF));
    }
  }
  out += '"';
}

void Writer::before_value() {
  if (needs_comma_) out_ += ',';
  needs_comma_ = true;
}

Writer& Writer::begin_object() {
  before_value();
  out_ += '{';
  needs_comma_ = false;
  return *this;
}

Writer& Writer::end_object() {
  out_ += '}';
  needs_comma_ = true;
  return *this;
}

Writer& Writer::begin_array() {
  before_value();
  out_ += '[';
  needs_comma_ = false;
  return *this;
}

Writer& Writer::end_array() {
  out_ += ']';
  needs_comma_ = true;
  return *this;
}

Writer& Writer::key(std::string_view name) {
  before_value();
  append_string(out_, name);
  out_ += ':';
  needs_comma_ = false;
  return *this;
}

Writer& Writer::string(std::string_view text) {
  before_value();
  append_string(out_, text);
  return *this;
}

Writer& Writer::integer(std::int64_t value) {
  before_value();
  append_integer(out_, value);
  return *this;
}

Writer& Writer::unsigned_integer(std::uint64_t value) {
  before_value();
  append_integer(out_, value);
  return *this;
}

Writer& Writer::real(double value) { return raw(format_double(value)); }
Writer& Writer::boolean(bool value) { return raw(value ? "true" : "false"); }
Writer& Writer::null() { return raw("null"); }

Writer& Writer::raw(std::string_view json) {
  before_value();
  out_ += json;
  return *this;
}

Writer& Writer::strings(const std::vector<std::string>& texts) {
  begin_array();
  for (const std::string& text : texts) string(text);
  return end_array();
}

}  // namespace halley::json
