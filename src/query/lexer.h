// The tokens of a query text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace halley::query {

enum class TokenKind : std::uint8_t { word, parameter, string, number, symbol, end };

struct Token {
  TokenKind kind = TokenKind::end;
  std::string text;  // a word, a symbol, a parameter with its @; of a string what it stands for
  double number = 0;
  std::size_t begin = 0;  // bytes of the query text
  std::size_t end = 0;

  // Whether it is this symbol.
  bool is_symbol(std::string_view symbol) const { return kind == TokenKind::symbol && text == symbol; }
  // Whether it is this word, in whatever case; `upper` is in capitals.
  bool is_word(std::string_view upper) const;
};

// "line L, column C" of a byte of a text, both counted from 1; columns are characters.
std::string position_text(std::string_view query, std::size_t byte);

// The error of a query that is wrong at that byte: invalid_argument, with the position.
tl::unexpected<Error> syntax_error(std::string_view query, std::size_t byte, std::string what);

// All tokens, the last of kind end. Words are letters, digits and `_`, not beginning with a digit; other characters
// than ASCII count as letters. Strings stand between ' or ", with JSON's escapes and \'. Numbers are JSON's, may begin
// with a point, and may be hexadecimal whole ones (0x1F). Comments run from -- to the end of the line, or between /*
// and */. Fails with invalid_argument for what is none of these.
Result<std::vector<Token>> tokenize(std::string_view query);

}  // namespace halley::query
