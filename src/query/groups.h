// Rows put together by GROUP BY, and what aggregates make of them.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "query/syntax.h"
#include "query/value.h"

namespace halley::query {

// A value that outlives the document it came of. A number that JSON has no text for is kept as undefined.
class KeptValue {
 public:
  KeptValue() = default;
  KeptValue(const Value& value, Arena& arena);

  Value value(Arena& arena) const;
  bool is_defined() const { return type_ != Type::undefined; }
  // The order of ORDER BY.
  int compare(const KeptValue& other) const;
  std::size_t size() const { return text_.size(); }
  // As JSON; empty when undefined.
  std::string json() const;
  static KeptValue of_json(std::string_view json);

 private:
  Type type_ = Type::undefined;
  double number_ = 0;  // of a boolean 1 or 0
  std::string text_;   // of a string; of an array or object its canonical JSON
};

// One aggregate over the rows seen so far.
class Accumulator {
 public:
  // `held` grows by what it keeps of the value.
  void add(Aggregate aggregate, const Value& value, Arena& arena, Held& held);
  Value result(Aggregate aggregate, Arena& arena) const;

 private:
  double count_ = 0;
  double sum_ = 0;
  bool invalid_ = false;  // something came that the aggregate has no result for
  KeptValue extreme_;
  std::string list_;  // JSON of the items, with commas
  std::unordered_set<std::string> seen_;
};

struct Group {
  std::vector<std::string> keys;  // JSON of the GROUP BY expressions; empty = undefined
  std::vector<Accumulator> accumulators;
};

// The groups of one SELECT, in the order in which they came up. What they take is held of the arena's bounds.
class Groups {
 public:
  // Without GROUP BY there is one group from the beginning.
  Groups(const Select& select, Arena& arena);

  // One more row, whose GROUP BY expressions are `keys` and whose aggregates are to be made of `operands`.
  void add(const std::vector<Value>& keys, const std::vector<Value>& operands);
  const std::vector<std::unique_ptr<Group>>& all() const { return groups_; }
  std::size_t size() const { return groups_.size(); }
  // About how many bytes they take.
  std::size_t bytes() const { return held_.bytes(); }

 private:
  Group& find(const std::vector<Value>& keys);

  const Select& select_;
  Arena& arena_;
  Held held_;
  std::unordered_map<std::string, Group*> by_key_;
  std::vector<std::unique_ptr<Group>> groups_;
};

}  // namespace halley::query
