// For tests: random JSON values, and random spellings of them that mean the same.
#pragma once

#include <cstdint>
#include <random>
#include <string>

#include "json/value.h"

namespace halley::json {

class ArbitraryJson {
 public:
  explicit ArbitraryJson(std::uint64_t seed) : random_(seed) {}

  std::size_t below(std::size_t bound) { return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_); }
  bool chance(std::size_t one_in) { return below(one_in) == 0; }

  // A finite double: mostly small whole numbers and short decimals, but any bit pattern at times.
  double number();
  // UTF-8 with all that needs care: quotes, control characters, characters of every length.
  std::string string();
  // Of at most `depth` levels. An object's names are all different.
  Value value(int depth);
  Value object(int depth);
  // Changes the value somewhere in `value`, which then means something else.
  void change(Value& value);

  // Spellings of the same value: members in another order, white space, escapes, other forms of numbers.
  std::string spell(const Value& value);
  std::string spell_string(std::string_view text);
  std::string spell_number(double value);
  std::string space();

 private:
  std::mt19937_64 random_;
};

}  // namespace halley::json
