#include <charconv>
#include <cstring>

#include "json/number.h"
#include "json/number_text.h"
#include "json/string_text.h"
#include "json/structure.h"

namespace halley::json {
namespace {

// Whether the text of a number is surely what the service would print: a decimal of at most 15 significant digits is
// the shortest text of its double. Says no also for some that are.
bool is_plainly_canonical(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  if (at != end && *at == '-') ++at;
  const char* const whole = at;
  while (at != end && is_digit(*at)) ++at;
  const auto whole_digits = at - whole;
  if (whole_digits == 0 || whole_digits > 15) return false;
  if (*whole == '0' && whole_digits > 1) return false;
  if (at == end) return *whole != '0' || whole == text.data();  // not -0
  if (*at++ != '.') return false;
  const char* const fraction = at;
  while (at != end && is_digit(*at)) ++at;
  if (at != end || at == fraction || at[-1] == '0' || whole_digits + (at - fraction) > 15) return false;
  if (*whole != '0') return true;
  // Six zeros behind the point may be less than 1e-6.
  return end - fraction < 6 || std::memcmp(fraction, "000000", 6) != 0;
}

// Copies the tokens of a text; those that stand next to each other and need no change are copied together.
class Normaliser {
 public:
  explicit Normaliser(const Tokens& tokens) : tokens_(tokens), cursor_(tokens) {}

  Result<std::string> text() {
    if (!value() || !cursor_.at_end()) return fail(unexpected_token(tokens_, cursor_.place(), Code::invalid_argument));
    flush();
    return std::move(out_);
  }

 private:
  bool value() {
    switch (cursor_.peek()) {
      case '"':
        return string();
      case '{':
        return object();
      case '[':
        return array();
      case 't':
        return literal("true");
      case 'f':
        return literal("false");
      case 'n':
        return literal("null");
      case '\0':
        return false;
      default:
        return number();
    }
  }

  bool object() {
    if (!take('{') || ++depth_ > kMaxDepth) return false;
    if (!take('}')) {
      do {
        if (!string() || !take(':') || !value()) return false;
      } while (take(','));
      if (!take('}')) return false;
    }
    --depth_;
    return true;
  }

  bool array() {
    if (!take('[') || ++depth_ > kMaxDepth) return false;
    if (!take(']')) {
      do {
        if (!value()) return false;
      } while (take(','));
      if (!take(']')) return false;
    }
    --depth_;
    return true;
  }

  bool take(char c) {
    const char* const here = cursor_.here();
    if (!cursor_.take(c)) return false;
    keep({here, 1});
    return true;
  }

  bool string() {
    std::string_view raw;
    if (!cursor_.take_string(raw)) return false;
    if (!cursor_.is_escaped(raw)) {
      keep({raw.data() - 1, raw.size() + 2});
      return true;
    }
    flush();
    out_ += '"';
    const bool good = append_normalised(out_, raw);
    out_ += '"';
    return good;
  }

  bool number() {
    const std::string_view text = cursor_.plain();
    if (is_plainly_canonical(text)) {
      keep(text);
      cursor_.step();
      return true;
    }
    double number = 0;
    if (!read_number(text.data(), text.data() + text.size(), number)) return false;
    cursor_.step();
    flush();
    out_ += format_double(number);
    return true;
  }

  bool literal(std::string_view expected) {
    if (cursor_.plain() != expected) return false;
    keep(cursor_.plain());
    cursor_.step();
    return true;
  }

  void keep(std::string_view token) {
    if (token.data() == kept_.data() + kept_.size()) {
      kept_ = {kept_.data(), kept_.size() + token.size()};
    } else {
      flush();
      kept_ = token;
    }
  }

  void flush() {
    out_ += kept_;
    kept_ = {};
  }

  Tokens tokens_;
  Cursor cursor_;
  int depth_ = 0;
  std::string_view kept_;  // Part of the text that is yet to be copied.
  std::string out_;
};

}  // namespace

Result<std::string> normalise(std::string_view text) {
  auto tokens = Structure::of_this_thread().read(text);
  if (!tokens) {
    tokens.error().code = Code::invalid_argument;
    return fail(std::move(tokens).error());
  }
  return Normaliser(*tokens).text();
}

}  // namespace halley::json
