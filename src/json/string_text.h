// The text between the quotes of a JSON string: escapes and what they stand for.
#pragma once

#include <string>
#include <string_view>

namespace halley::json {

// Appends the string that `raw` (what is between the quotes) stands for, in UTF-8; a lone surrogate as its three bytes,
// as UTF-8 would have it if it were a character. False, with part of it appended, for an escape that JSON does not
// have.
bool append_decoded(std::string& out, std::string_view raw);

// Appends `raw` with only those escapes left that must be: quote, backslash, control characters, lone surrogates.
bool append_normalised(std::string& out, std::string_view raw);

// Appends the escape of a quote, a backslash or a control character: the short form where there is one.
void append_escape(std::string& out, unsigned char c);

// Appends \uXXXX.
void append_code_unit(std::string& out, unsigned unit);

// The surrogate at the beginning of a decoded text, as append_decoded() leaves one without its partner; 0 if there is
// none. No other character's bytes look like it.
constexpr unsigned leading_surrogate(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  if (text.size() < 3 || byte(0) != 0xED || (byte(1) & 0xE0U) != 0xA0 || (byte(2) & 0xC0U) != 0x80) return 0;
  return 0xD000U | (byte(1) & 0x3FU) << 6 | (byte(2) & 0x3FU);
}

// A character that may not stand in a JSON string unescaped.
constexpr bool must_escape(unsigned char c) { return c < 0x20 || c == '"' || c == '\\'; }

}  // namespace halley::json
