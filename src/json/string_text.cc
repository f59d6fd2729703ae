#include "json/string_text.h"

namespace halley::json {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";
constexpr unsigned kNone = 0xFFFFFFFF;

constexpr bool is_surrogate(unsigned code_point) { return (code_point & 0xFFFFF800U) == 0xD800; }
constexpr bool is_high_surrogate(unsigned code_point) { return (code_point & 0xFFFFFC00U) == 0xD800; }
constexpr bool is_low_surrogate(unsigned code_point) { return (code_point & 0xFFFFFC00U) == 0xDC00; }

unsigned hex_value(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return kNone;
}

// The code unit of the \uXXXX that `raw` begins with, kNone if it does not.
unsigned code_unit(std::string_view raw) {
  if (raw.size() < 6 || raw[0] != '\\' || raw[1] != 'u') return kNone;
  unsigned unit = 0;
  for (std::size_t i = 2; i < 6; ++i) {
    const unsigned digit = hex_value(raw[i]);
    if (digit == kNone) return kNone;
    unit = unit << 4 | digit;
  }
  return unit;
}

// Takes the escape that `raw` begins with and gives its code point; kNone if it is none. Two escapes that are a
// surrogate pair are taken together.
unsigned take_escape(std::string_view& raw) {
  if (raw.size() < 2) return kNone;
  const char kind = raw[1];
  if (kind == 'u') {
    const unsigned unit = code_unit(raw);
    if (unit == kNone) return kNone;
    raw.remove_prefix(6);
    if (!is_high_surrogate(unit)) return unit;
    const unsigned low = code_unit(raw);
    if (low == kNone || !is_low_surrogate(low)) return unit;
    raw.remove_prefix(6);
    return 0x10000 + ((unit & 0x3FF) << 10 | (low & 0x3FF));
  }
  raw.remove_prefix(2);
  switch (kind) {
    case '"':
    case '\\':
    case '/':
      return static_cast<unsigned char>(kind);
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return kNone;
  }
}

void append_utf8(std::string& out, unsigned code_point) {
  if (code_point < 0x80) {
    out += static_cast<char>(code_point);
    return;
  }
  const auto continuation = [&](unsigned shift) { out += static_cast<char>(0x80 | (code_point >> shift & 0x3F)); };
  if (code_point < 0x800) {
    out += static_cast<char>(0xC0 | code_point >> 6);
  } else if (code_point < 0x10000) {
    out += static_cast<char>(0xE0 | code_point >> 12);
    continuation(6);
  } else {
    out += static_cast<char>(0xF0 | code_point >> 18);
    continuation(12);
    continuation(6);
  }
  continuation(0);
}

// Appends what is before each escape as it is, and gives each escape's code point to `append`.
template <typename Append>
bool for_each_escape(std::string& out, std::string_view raw, Append append) {
  for (;;) {
    const std::size_t plain = raw.find('\\');
    out.append(raw.substr(0, plain));
    if (plain == std::string_view::npos) return true;
    raw.remove_prefix(plain);
    const unsigned code_point = take_escape(raw);
    if (code_point == kNone) return false;
    append(code_point);
  }
}

}  // namespace

bool append_decoded(std::string& out, std::string_view raw) {
  return for_each_escape(out, raw, [&](unsigned code_point) { append_utf8(out, code_point); });
}

bool append_normalised(std::string& out, std::string_view raw) {
  return for_each_escape(out, raw, [&](unsigned code_point) {
    if (code_point < 0x80 && must_escape(static_cast<unsigned char>(code_point))) {
      append_escape(out, static_cast<unsigned char>(code_point));
    } else if (is_surrogate(code_point)) {
      append_code_unit(out, code_point);
    } else {
      append_utf8(out, code_point);
    }
  });
}

void append_escape(std::string& out, unsigned char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      append_code_unit(out, c);
  }
}

void append_code_unit(std::string& out, unsigned unit) {
  out += "\\u";
  for (const unsigned shift : {12U, 8U, 4U, 0U}) out += kHexDigits[unit >> shift & 15];
}

}  // namespace halley::json
