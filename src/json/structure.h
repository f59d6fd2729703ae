// The structure of a JSON text: where its tokens begin. Everything in this module that reads JSON walks over it with a Cursor.
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

// Walks over the tokens of a text: brackets, commas, colons, strings, and runs of other bytes (numbers, literals, mistakes).
// White space is no token. Cheap to copy: a copy remembers a place. Never reads outside the text.
class Cursor {
 public:
  // `tokens` are the offsets of the tokens, in order, followed by the size of the text; `end` points at that last entry.
  Cursor(std::string_view text, const std::uint32_t* tokens, const std::uint32_t* end)
      : text_(text.data()), text_end_(text.data() + text.size()), at_(tokens), end_(end), backslash_(text.data() - 1) {}

  bool at_end() const { return at_ == end_; }
  std::size_t offset() const { return *at_; }
  // The first byte of the token, or of what is behind the text's end only as an address.
  const char* here() const { return text_ + *at_; }
  // The first character of the token, '\0' at the end.
  char peek() const { return at_ == end_ ? '\0' : text_[*at_]; }
  void step() { ++at_; }

  // Steps over the token if it is this bracket, comma or colon.
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }

  // The end of the token before this one.
  const char* previous_end() const {
    const char* end = text_ + *at_;
    while (is_space(end[-1])) --end;
    return end;
  }

  // The end of a string, number or literal that begins here.
  const char* scalar_end() const {
    const char* end = text_ + at_[1];
    while (is_space(end[-1])) --end;
    return end;
  }

  // Steps over a string; gives what is between its quotes, as written.
  bool take_string(std::string_view& raw) {
    if (peek() != '"') return false;
    const char* const begin = here() + 1;
    const char* const end = scalar_end() - 1;
    if (end < begin || *end != '"') return false;
    raw = {begin, static_cast<std::size_t>(end - begin)};
    ++at_;
    return true;
  }

  // Whether a string that was just stepped over contains a backslash. Linear in the text over all calls.
  bool is_escaped(std::string_view raw) {
    if (backslash_ < raw.data()) {
      const void* const found = std::memchr(raw.data(), '\\', static_cast<std::size_t>(text_end_ - raw.data()));
      backslash_ = found == nullptr ? text_end_ : static_cast<const char*>(found);
    }
    return backslash_ < raw.data() + raw.size();
  }

  // The number, `true`, `false` or `null` that the token is; what else stands there, too.
  std::string_view plain() const {
    const char* const begin = here();
    return {begin, static_cast<std::size_t>(scalar_end() - begin)};
  }

  // Steps over a value and gives it as written. Inside arrays and objects only the brackets are looked at. False at a
  // token that begins no value, and when the text ends inside it.
  bool skip_value(std::string_view& slice);

 private:
  static bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

  const char* text_;
  const char* text_end_;
  const std::uint32_t* at_;
  const std::uint32_t* end_;
  const char* backslash_;  // No backslash is between the place where it was last looked for and here.
};

// Finds the tokens of texts. Keeps its buffer between texts.
class Structure {
 public:
  Structure();
  ~Structure();
  Structure(Structure&&) noexcept;

  // The cursor at the first token of `text`, valid until the next call. Fails with corrupt when the text is empty, not UTF-8,
  // has control characters in a string or a string without end, or is of 4 GiB or more.
  Result<Cursor> read(std::string_view text);

  // One for each thread, for functions that keep nothing themselves.
  static Structure& of_this_thread();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The error of a text that is not JSON at the cursor.
Error unexpected_token(const Cursor& cursor, Code code = Code::corrupt);

}  // namespace halley::json
