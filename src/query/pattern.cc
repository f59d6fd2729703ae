#include "query/pattern.h"

#include <re2/re2.h>

#include <vector>

#include "query/characters.h"

namespace halley::query {
namespace {

// One place of a LIKE pattern.
struct Place {
  enum class Kind { any_run, any_one, one, set, other_set };
  Kind kind = Kind::one;
  char32_t character = 0;
  std::vector<std::pair<char32_t, char32_t>> ranges;

  bool accepts(char32_t c) const {
    if (kind == Kind::one) return c == character;
    if (kind == Kind::any_one) return true;
    for (const auto& [low, high] : ranges) {
      if (low <= c && c <= high) return kind == Kind::set;
    }
    return kind == Kind::other_set;
  }
};

std::u32string decode(std::string_view text) {
  std::u32string out;
  for (std::size_t at = 0; at < text.size(); at += character_size(text, at)) out += decode_character(text, at);
  return out;
}

class LikePattern : public Pattern {
 public:
  LikePattern(const std::u32string& pattern, std::optional<char32_t> escape) {
    for (std::size_t i = 0; i < pattern.size(); ++i) {
      const char32_t c = pattern[i];
      if (escape && c == *escape && i + 1 < pattern.size()) {
        places_.push_back({Place::Kind::one, pattern[++i], {}});
      } else if (c == U'%') {
        places_.push_back({Place::Kind::any_run, 0, {}});
      } else if (c == U'_') {
        places_.push_back({Place::Kind::any_one, 0, {}});
      } else if (c != U'[' || !read_set(pattern, i)) {
        places_.push_back({Place::Kind::one, c, {}});
      }
    }
  }

  // Goes back to the last % only: what an earlier one could take, a later one can, too.
  bool matches(std::string_view text) const override {
    std::size_t at = 0;
    std::size_t place = 0;
    std::size_t run_place = places_.size();
    std::size_t run_end = 0;
    bool in_run = false;
    while (at < text.size()) {
      if (place < places_.size() && places_[place].kind == Place::Kind::any_run) {
        run_place = place++;
        run_end = at;
        in_run = true;
      } else if (place < places_.size() && places_[place].accepts(decode_character(text, at))) {
        at += character_size(text, at);
        ++place;
      } else if (in_run) {
        run_end += character_size(text, run_end);
        at = run_end;
        place = run_place + 1;
      } else {
        return false;
      }
    }
    while (place < places_.size() && places_[place].kind == Place::Kind::any_run) ++place;
    return place == places_.size();
  }

 private:
  // [a-cx] or [^a-cx] at `i`, which is left at its end. False when there is no end.
  bool read_set(const std::u32string& pattern, std::size_t& i) {
    const std::size_t end = pattern.find(U']', i + 1);
    if (end == std::u32string::npos || end == i + 1) return false;
    Place place;
    std::size_t at = i + 1;
    place.kind = pattern[at] == U'^' ? Place::Kind::other_set : Place::Kind::set;
    if (pattern[at] == U'^') ++at;
    for (; at < end; ++at) {
      const bool is_range = at + 2 < end && pattern[at + 1] == U'-';
      place.ranges.emplace_back(pattern[at], is_range ? pattern[at + 2] : pattern[at]);
      if (is_range) at += 2;
    }
    places_.push_back(std::move(place));
    i = end;
    return true;
  }

  std::vector<Place> places_;
};

class RegularExpression : public Pattern {
 public:
  RegularExpression(const std::string& expression, const re2::RE2::Options& options) : regex_(expression, options) {}
  const re2::RE2& regex() const { return regex_; }
  bool matches(std::string_view text) const override {
    return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), regex_);
  }

 private:
  re2::RE2 regex_;
};

// The expression without white space, but for what is escaped or in a set of characters.
std::string without_blanks(std::string_view expression) {
  std::string out;
  bool in_set = false;
  for (std::size_t i = 0; i < expression.size(); ++i) {
    const char c = expression[i];
    if (c == '\\' && i + 1 < expression.size()) {
      out += c;
      out += expression[++i];
      continue;
    }
    if (c == '[') in_set = true;
    if (c == ']') in_set = false;
    if (in_set || (c != ' ' && (c < '\t' || c > '\r'))) out += c;
  }
  return out;
}

}  // namespace

std::shared_ptr<const Pattern> like_pattern(std::string_view pattern, std::string_view escape) {
  const std::u32string escapes = decode(escape);
  return std::make_shared<LikePattern>(decode(pattern),
                                       escapes.empty() ? std::nullopt : std::optional<char32_t>(escapes.front()));
}

Result<std::shared_ptr<const Pattern>> regular_expression(std::string_view expression, std::string_view modifiers) {
  constexpr std::int64_t kMemory = 2 * 1024 * 1024;
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMemory);
  std::string text(expression);
  std::string flags;
  for (const char modifier : modifiers) {
    if (modifier == 'x') {
      text = without_blanks(expression);
    } else if (modifier == 'i' || modifier == 'm' || modifier == 's') {
      flags += modifier;
    } else {
      return fail(Code::invalid_argument, "a modifier of a regular expression is one of i, m, s, x");
    }
  }
  if (!flags.empty()) text = "(?" + flags + ")" + text;
  auto compiled = std::make_shared<RegularExpression>(text, options);
  if (!compiled->regex().ok()) {
    return fail(Code::invalid_argument, "not a regular expression: " + compiled->regex().error());
  }
  return std::shared_ptr<const Pattern>(std::move(compiled));
}

}  // namespace halley::query
