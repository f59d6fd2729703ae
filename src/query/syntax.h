// The tree of a query, as the parser makes it and the resolver completes it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "query/value.h"

namespace halley::query {

struct Function;
struct Select;
class Pattern;

enum class ExpressionKind : std::uint8_t {
  literal,
  parameter,    // `name` with its @
  name,         // of an alias; the resolver makes it `alias` or `document`
  member,       // children: base, name or index
  object,       // children: the values of `names`
  array,        // children: items
  unary,        // `op`, one child
  binary,       // `op`, two children
  conditional,  // children: condition, then, else
  between,      // children: value, low, high; `negated`
  in,           // children: value, choices…; `negated`
  like,         // children: value, pattern[, escape]; `negated`
  call,         // `function`, children: arguments
  aggregate,    // `aggregate`, one child
  exists,       // `subquery`
  array_of,     // ARRAY(subquery)
  subquery,     // a scalar one
  // What the resolver puts in place:
  document,   // the document's property `slot`
  alias,      // what source `slot` stands for
  group_key,  // GROUP BY expression `slot`
};

enum class Operator : std::uint8_t {
  none,
  logical_not,
  minus,
  plus,
  bit_not,
  logical_and,  // of two children or more, as logical_or
  logical_or,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  add,
  subtract,
  multiply,
  divide,
  modulo,
  bit_and,
  bit_or,
  bit_xor,
  shift_left,
  shift_right,
  shift_right_unsigned,
  concatenate,
  coalesce,
};

enum class Aggregate : std::uint8_t { count, sum, average, minimum, maximum, count_if, make_list, make_set };

struct Expression {
  ExpressionKind kind = ExpressionKind::literal;
  Operator op = Operator::none;
  Aggregate aggregate = Aggregate::count;
  bool negated = false;
  std::size_t slot = 0;   // of document, alias and group_key; of aggregate its place in its SELECT
  std::size_t begin = 0;  // where it stands in the query text
  std::size_t end = 0;
  int depth = 1;  // levels of expressions, this one included
  std::string name;
  Value value;  // of a literal; its text is `name`'s, or in the query's arena
  std::vector<std::string> names;
  std::vector<Expression> children;
  const Function* function = nullptr;
  std::shared_ptr<Select> subquery;
  std::shared_ptr<const Pattern> pattern;  // of LIKE and REGEXMATCH, where the pattern is known beforehand
};

// Whether there is an aggregate in it, subqueries left aside.
bool has_aggregate(const Expression& expression);

// One source of FROM: `alias` stands for each item of `from` when `iterates`, else for its value.
struct Source {
  std::string alias;
  bool iterates = false;
  std::optional<Expression> from;    // a path
  std::shared_ptr<Select> subquery;  // instead of a path
  bool is_document = false;          // by the resolver: the path is the document itself
  std::size_t slot = 0;
  std::size_t begin = 0;
  std::size_t end = 0;       // of the whole source
  std::size_t path_end = 0;  // of its path or subquery
  std::size_t root_end = 0;  // of the path's first name
};

struct SelectItem {
  Expression expression;
  std::string alias;
};

struct OrderItem {
  Expression expression;
  bool descending = false;
};

struct Select {
  bool distinct = false;
  bool value = false;  // SELECT VALUE
  bool star = false;   // SELECT *
  std::optional<std::uint64_t> top;
  std::vector<SelectItem> items;
  std::vector<Source> sources;
  std::optional<Expression> where;
  std::vector<Expression> group_by;
  std::vector<OrderItem> order_by;
  std::optional<std::uint64_t> offset;
  std::optional<std::uint64_t> limit;
  // Byte ranges of the query text, for what is made of parts of it.
  std::size_t from_begin = 0;
  std::size_t from_end = 0;
  std::size_t begin = 0;
  int depth = 0;  // of its deepest expression

  // By the resolver:
  std::vector<Expression> aggregates;  // in the order of their slots
  bool grouped() const { return !group_by.empty() || !aggregates.empty(); }
};

}  // namespace halley::query
