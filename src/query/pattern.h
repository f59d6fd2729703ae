// Patterns that strings are matched with: those of LIKE, and regular expressions.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace halley::query {

class Pattern {
 public:
  virtual ~Pattern() = default;
  // Bounded: at most text times pattern for LIKE, linear in the text for regular expressions.
  virtual bool matches(std::string_view text) const = 0;
};

// A pattern of LIKE: % stands for any characters, _ for one, [a-c] and [^a-c] for one of a set. A character behind
// `escape` stands for itself; nothing = there is none.
std::shared_ptr<const Pattern> like_pattern(std::string_view pattern, std::string_view escape);

// A regular expression as RE2 has them, found anywhere in a text. Modifiers: i case, m lines, s the point is any
// character, x white space in the expression counts for nothing. Fails with invalid_argument.
Result<std::shared_ptr<const Pattern>> regular_expression(std::string_view expression, std::string_view modifiers);

}  // namespace halley::query
