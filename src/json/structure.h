// The structure of a JSON text: where its tokens begin. Everything in this module that reads JSON walks over it with a
// Cursor.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace halley::json {

// The deepest nesting of a document, the service's limit.
inline constexpr int kMaxDepth = 128;

// The offset of a token: of a bracket, comma, colon, string, or of a run of other bytes (number, literal, mistake).
// White space is no token.
using Token = std::uint32_t;

// A text and its tokens. A place in it is a `const Token*`, from first() to the end, where peek() gives '\0'.
// Nothing here reads outside the text.
class Tokens {
 public:
  // `first` points at the tokens, in order, followed by the size of the text; `end` points at that last entry.
  Tokens(std::string_view text, const Token* first, const Token* end)
      : text_(text.data()), first_(first), end_(end), text_end_(text.data() + text.size()) {}

  const Token* first() const { return first_; }
  const Token* end() const { return end_; }
  const char* text_end() const { return text_end_; }

  // The first character of a token, '\0' at the end.
  char peek(const Token* at) const { return at == end_ ? '\0' : text_[*at]; }
  // Where a token begins.
  const char* here(const Token* at) const { return text_ + *at; }
  // Where the token before `at` ends.
  const char* end_before(const Token* at) const {
    const char* end = text_ + *at;
    if (static_cast<unsigned char>(end[-1]) > ' ') return end;  // Nearly always.
    while (is_space(end[-1])) --end;
    return end;
  }

  // The number, `true`, `false` or `null` that a token is; what else stands there, too.
  std::string_view plain(const Token* at) const { return between(here(at), end_before(at + 1)); }
  // What is between the quotes of a string, as written. False if the token is none.
  bool string(const Token* at, std::string_view& raw) const {
    if (peek(at) != '"') return false;
    const char* const begin = here(at) + 1;
    const char* const end = end_before(at + 1) - 1;
    raw = between(begin, end);
    return end >= begin && *end == '"';
  }

  static std::string_view between(const char* begin, const char* end) {
    return {begin, static_cast<std::size_t>(end - begin)};
  }

 private:
  static bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

  const char* text_;
  const Token* first_;
  const Token* end_;
  const char* text_end_;
};

// Tells whether strings of a text, asked about in their order, contain a backslash. Linear in the text over all calls.
class BackslashFinder {
 public:
  explicit BackslashFinder(const Tokens& tokens) : text_end_(tokens.text_end()) {}

  bool is_in(std::string_view raw) {
    if (next_ < raw.data()) find(raw.data());
    return next_ < raw.data() + raw.size();
  }

 private:
  void find(const char* from);

  const char* text_end_;
  const char* next_ = nullptr;  // There is none between the place where it was last looked for and here.
};

// Walks over the tokens of a text. Cheap to copy: a copy remembers a place.
class Cursor {
 public:
  explicit Cursor(const Tokens& tokens) : tokens_(tokens), at_(tokens.first()), backslash_(tokens) {}
  Cursor(const Tokens& tokens, const Token* at) : tokens_(tokens), at_(at), backslash_(tokens) {}

  const Token* place() const { return at_; }
  bool at_end() const { return at_ == tokens_.end(); }
  const char* here() const { return tokens_.here(at_); }
  char peek() const { return tokens_.peek(at_); }
  std::string_view plain() const { return tokens_.plain(at_); }
  void step() { ++at_; }

  // Steps over the token if it is this bracket, comma or colon.
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }

  // Steps over a string; gives what is between its quotes, as written.
  bool take_string(std::string_view& raw) {
    if (!tokens_.string(at_, raw)) return false;
    ++at_;
    return true;
  }

  // Whether a string that was just stepped over contains a backslash.
  bool is_escaped(std::string_view raw) { return backslash_.is_in(raw); }

  // Steps over a value and gives it as written. Inside arrays and objects only the brackets are looked at. False at a
  // token that begins no value, and when the text ends inside it.
  bool skip_value(std::string_view& slice);

 private:
  Tokens tokens_;
  const Token* at_;
  BackslashFinder backslash_;
};

// Finds the tokens of texts. Keeps its buffer between texts.
class Structure {
 public:
  Structure();
  ~Structure();
  Structure(Structure&&) noexcept;

  // The tokens of `text`, valid until the next call. Fails with corrupt when the text is empty, not UTF-8,
  // has control characters in a string or a string without end, or is of 4 GiB or more.
  Result<Tokens> read(std::string_view text);

  // One for each thread, for functions that keep nothing themselves.
  static Structure& of_this_thread();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The error of a text that is not JSON at that place.
Error unexpected_token(const Tokens& tokens, const Token* at, Code code = Code::corrupt);

}  // namespace halley::json
