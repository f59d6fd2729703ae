#include "query/lexer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "json/string_text.h"

namespace halley::query {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0; }
bool is_word_part(char c) { return is_word_start(c) || is_digit(c); }
bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// Longer ones first.
constexpr std::array<std::string_view, 35> kSymbols = {
    ">>>", "<>", "!=", "<=", ">=", "<<", ">>", "??", "||", "(", ")", "[", "]", "{", "}", ",", ".", ":",
    "?",   "=",  "<",  ">",  "+",  "-",  "*",  "/",  "%",  "&", "|", "^", "~", ";", "!", "@", "$"};

class Lexer {
 public:
  explicit Lexer(std::string_view query) : query_(query) {}

  Result<std::vector<Token>> run() {
    std::vector<Token> tokens;
    for (;;) {
      TRY(skip_blanks());
      ASSIGN(Token token, next());
      token.end = at_;
      tokens.push_back(std::move(token));
      if (tokens.back().kind == TokenKind::end) return tokens;
    }
  }

 private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < query_.size() ? query_[at_ + ahead] : '\0'; }
  bool starts_with(std::string_view text) const { return query_.substr(at_).starts_with(text); }

  Status skip_blanks() {
    for (;;) {
      if (at_ < query_.size() && is_space(query_[at_])) {
        ++at_;
      } else if (starts_with("--")) {
        at_ = std::min(query_.find('\n', at_), query_.size());
      } else if (starts_with("/*")) {
        const std::size_t end = query_.find("*/", at_ + 2);
        if (end == std::string_view::npos) return syntax_error(query_, at_, "a comment without its end */");
        at_ = end + 2;
      } else {
        return {};
      }
    }
  }

  Result<Token> next() {
    Token token;
    token.begin = at_;
    if (at_ == query_.size()) return token;
    const char c = peek();
    if (is_word_start(c)) {
      token.kind = TokenKind::word;
      token.text = take_word();
    } else if (c == '@' && is_word_part(peek(1))) {
      token.kind = TokenKind::parameter;
      ++at_;
      token.text = "@" + take_word();
    } else if (c == '\'' || c == '"') {
      token.kind = TokenKind::string;
      TRY(take_string(token.text));
    } else if (is_digit(c) || (c == '.' && is_digit(peek(1)))) {
      token.kind = TokenKind::number;
      TRY(take_number(token));
    } else {
      token.kind = TokenKind::symbol;
      const auto symbol = std::find_if(kSymbols.begin(), kSymbols.end(), [&](auto text) { return starts_with(text); });
      if (symbol == kSymbols.end()) {
        return syntax_error(query_, at_, fmt::format("a character that is no part of the language ({:#04x})", c));
      }
      token.text = *symbol;
      at_ += symbol->size();
    }
    return token;
  }

  std::string take_word() {
    const std::size_t begin = at_;
    while (at_ < query_.size() && is_word_part(query_[at_])) ++at_;
    return std::string(query_.substr(begin, at_ - begin));
  }

  Status take_string(std::string& text) {
    const std::size_t begin = at_;
    const char quote = query_[at_++];
    std::string raw;
    for (; at_ < query_.size() && query_[at_] != quote; ++at_) {
      if (query_[at_] == '\\' && at_ + 1 < query_.size()) {
        if (query_[at_ + 1] != '\'') raw += '\\';
        ++at_;
      }
      raw += query_[at_];
    }
    if (at_ >= query_.size()) return syntax_error(query_, begin, "a string without its closing quote");
    ++at_;
    if (!json::append_decoded(text, raw)) return syntax_error(query_, begin, "a string with an unknown escape");
    return {};
  }

  Status take_number(Token& token) {
    const std::size_t begin = at_;
    if (peek() == '0' && (peek(1) == 'x' || peek(1) == 'X') && hex_value(peek(2)) >= 0) {
      for (at_ += 2; hex_value(peek()) >= 0; ++at_) token.number = token.number * 16 + hex_value(peek());
    } else {
      while (is_digit(peek())) ++at_;
      if (peek() == '.') ++at_;
      while (is_digit(peek())) ++at_;
      const std::size_t sign = peek(1) == '+' || peek(1) == '-' ? 1 : 0;
      if ((peek() == 'e' || peek() == 'E') && is_digit(peek(1 + sign))) {
        at_ += 1 + sign;
        while (is_digit(peek())) ++at_;
      }
      token.number = std::strtod(std::string(query_.substr(begin, at_ - begin)).c_str(), nullptr);
    }
    if (is_word_part(peek())) return syntax_error(query_, begin, "a number that runs into a word");
    if (!std::isfinite(token.number)) return syntax_error(query_, begin, "a number outside the range of a double");
    return {};
  }

  std::string_view query_;
  std::size_t at_ = 0;
};

}  // namespace

bool Token::is_word(std::string_view upper) const {
  return kind == TokenKind::word && text.size() == upper.size() &&
         std::equal(text.begin(), text.end(), upper.begin(),
                    [](char a, char b) { return (a >= 'a' && a <= 'z' ? static_cast<char>(a - 'a' + 'A') : a) == b; });
}

std::string position_text(std::string_view query, std::size_t byte) {
  const std::string_view before = query.substr(0, byte);
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const std::size_t line_begin = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  const auto columns = std::count_if(before.begin() + static_cast<std::ptrdiff_t>(line_begin), before.end(),
                                     [](char c) { return (c & 0xC0) != 0x80; });
  return fmt::format("line {}, column {}", lines + 1, columns + 1);
}

tl::unexpected<Error> syntax_error(std::string_view query, std::size_t byte, std::string what) {
  return fail(Code::invalid_argument, fmt::format("Error in the query at {}: {}.", position_text(query, byte), what));
}

Result<std::vector<Token>> tokenize(std::string_view query) { return Lexer(query).run(); }

}  // namespace halley::query
