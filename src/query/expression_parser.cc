#include <fmt/format.h>

#include <span>

#include "query/functions.h"
#include "query/parser_state.h"

namespace halley::query {
namespace {

struct BinaryOperator {
  std::string_view symbol;
  Operator op;
};

// From loose to tight, tier by tier.
constexpr BinaryOperator kBitOr[] = {{"|", Operator::bit_or}};
constexpr BinaryOperator kBitXor[] = {{"^", Operator::bit_xor}};
constexpr BinaryOperator kBitAnd[] = {{"&", Operator::bit_and}};
constexpr BinaryOperator kShift[] = {
    {"<<", Operator::shift_left}, {">>>", Operator::shift_right_unsigned}, {">>", Operator::shift_right}};
constexpr BinaryOperator kAdditive[] = {{"+", Operator::add}, {"-", Operator::subtract}, {"||", Operator::concatenate}};
constexpr BinaryOperator kMultiplicative[] = {
    {"*", Operator::multiply}, {"/", Operator::divide}, {"%", Operator::modulo}};
constexpr std::span<const BinaryOperator> kTiers[] = {kBitOr, kBitXor, kBitAnd, kShift, kAdditive, kMultiplicative};

constexpr BinaryOperator kComparisons[] = {
    {"=", Operator::equal},       {"!=", Operator::not_equal},     {"<>", Operator::not_equal}, {"<", Operator::less},
    {"<=", Operator::less_equal}, {">=", Operator::greater_equal}, {">", Operator::greater}};

Expression operation(ExpressionKind kind, Operator op) {
  Expression node;
  node.kind = kind;
  node.op = op;
  return node;
}

}  // namespace

Status ExpressionParser::check_nesting() const {
  if (level_ <= kMaxNesting) return {};
  return error_at(begin(), fmt::format("an expression nested in more than {} others", kMaxNesting));
}

// A node over its children, with where it stands and how deep it is.
Result<Expression> ExpressionParser::compound(Expression node, std::vector<Expression> children) {
  for (const Expression& child : children) node.depth = std::max(node.depth, child.depth + 1);
  if (node.subquery) node.depth = std::max(node.depth, node.subquery->depth + 1);
  if (node.depth > kMaxDepth) return error_at(begin(), fmt::format("more than {} operators in a row", kMaxDepth));
  node.end = end();
  node.children = std::move(children);
  return node;
}

Result<Expression> ExpressionParser::literal(Value value) {
  Expression node;
  node.begin = begin();
  advance();
  node.end = end();
  node.value = value;
  return node;
}

Result<Expression> ExpressionParser::parse_expression() {
  const Level level(level_);
  TRY(check_nesting());
  ASSIGN(Expression condition, parse_coalesce());
  if (!take_symbol("?")) return condition;
  Expression node = operation(ExpressionKind::conditional, Operator::none);
  node.begin = condition.begin;
  ASSIGN(Expression then, parse_expression());
  TRY(expect_symbol(":"));
  ASSIGN(Expression otherwise, parse_expression());
  std::vector<Expression> children;
  children.push_back(std::move(condition));
  children.push_back(std::move(then));
  children.push_back(std::move(otherwise));
  return compound(std::move(node), std::move(children));
}

Result<Expression> ExpressionParser::parse_coalesce() {
  ASSIGN(Expression left, parse_or());
  while (take_symbol("??")) {
    ASSIGN(Expression right, parse_or());
    Expression node = operation(ExpressionKind::binary, Operator::coalesce);
    node.begin = left.begin;
    std::vector<Expression> children;
    children.push_back(std::move(left));
    children.push_back(std::move(right));
    ASSIGN(left, compound(std::move(node), std::move(children)));
  }
  return left;
}

Result<Expression> ExpressionParser::parse_or() {
  ASSIGN(Expression first, parse_and());
  if (!is_word("OR")) return first;
  Expression node = operation(ExpressionKind::binary, Operator::logical_or);
  node.begin = first.begin;
  std::vector<Expression> children;
  children.push_back(std::move(first));
  while (take_word("OR")) {
    ASSIGN(Expression next, parse_and());
    children.push_back(std::move(next));
  }
  return compound(std::move(node), std::move(children));
}

Result<Expression> ExpressionParser::parse_and() {
  ASSIGN(Expression first, parse_not());
  if (!is_word("AND")) return first;
  Expression node = operation(ExpressionKind::binary, Operator::logical_and);
  node.begin = first.begin;
  std::vector<Expression> children;
  children.push_back(std::move(first));
  while (take_word("AND")) {
    ASSIGN(Expression next, parse_not());
    children.push_back(std::move(next));
  }
  return compound(std::move(node), std::move(children));
}

Result<Expression> ExpressionParser::parse_not() {
  if (!is_word("NOT")) return parse_comparison();
  const Level level(level_);
  TRY(check_nesting());
  Expression node = operation(ExpressionKind::unary, Operator::logical_not);
  node.begin = begin();
  advance();
  ASSIGN(Expression operand, parse_not());
  std::vector<Expression> children;
  children.push_back(std::move(operand));
  return compound(std::move(node), std::move(children));
}

Result<Expression> ExpressionParser::parse_comparison() {
  ASSIGN(Expression left, parse_binary(0));
  for (;;) {
    const auto comparison = std::find_if(std::begin(kComparisons), std::end(kComparisons),
                                         [&](const auto& candidate) { return is_symbol(candidate.symbol); });
    if (comparison != std::end(kComparisons)) {
      advance();
      Expression node = operation(ExpressionKind::binary, comparison->op);
      node.begin = left.begin;
      ASSIGN(Expression right, parse_binary(0));
      std::vector<Expression> children;
      children.push_back(std::move(left));
      children.push_back(std::move(right));
      ASSIGN(left, compound(std::move(node), std::move(children)));
      continue;
    }
    const bool negated = is_word("NOT");
    const Token& word = negated ? token_after() : token();
    if (!word.is_word("IN") && !word.is_word("BETWEEN") && !word.is_word("LIKE")) return left;
    if (negated) advance();
    ASSIGN(left, parse_predicate(std::move(left), negated));
  }
}

// IN, BETWEEN or LIKE behind a value.
Result<Expression> ExpressionParser::parse_predicate(Expression value, bool negated) {
  Expression node;
  node.begin = value.begin;
  node.negated = negated;
  std::vector<Expression> children;
  children.push_back(std::move(value));
  if (take_word("IN")) {
    node.kind = ExpressionKind::in;
    TRY(expect_symbol("("));
    do {
      ASSIGN(Expression choice, parse_expression());
      children.push_back(std::move(choice));
    } while (take_symbol(","));
    TRY(expect_symbol(")"));
  } else if (take_word("BETWEEN")) {
    node.kind = ExpressionKind::between;
    ASSIGN(Expression low, parse_binary(0));
    TRY(expect_word("AND"));
    ASSIGN(Expression high, parse_binary(0));
    children.push_back(std::move(low));
    children.push_back(std::move(high));
  } else {
    TRY(expect_word("LIKE"));
    node.kind = ExpressionKind::like;
    ASSIGN(Expression pattern, parse_binary(0));
    children.push_back(std::move(pattern));
    if (take_word("ESCAPE")) {
      ASSIGN(Expression escape, parse_binary(0));
      children.push_back(std::move(escape));
    }
  }
  return compound(std::move(node), std::move(children));
}

Result<Expression> ExpressionParser::parse_binary(std::size_t tier) {
  if (tier == std::size(kTiers)) return parse_unary();
  ASSIGN(Expression left, parse_binary(tier + 1));
  for (;;) {
    const auto found = std::find_if(kTiers[tier].begin(), kTiers[tier].end(),
                                    [&](const auto& candidate) { return is_symbol(candidate.symbol); });
    if (found == kTiers[tier].end()) return left;
    advance();
    Expression node = operation(ExpressionKind::binary, found->op);
    node.begin = left.begin;
    ASSIGN(Expression right, parse_binary(tier + 1));
    std::vector<Expression> children;
    children.push_back(std::move(left));
    children.push_back(std::move(right));
    ASSIGN(left, compound(std::move(node), std::move(children)));
  }
}

Result<Expression> ExpressionParser::parse_unary() {
  Operator op = Operator::none;
  if (is_symbol("-")) op = Operator::minus;
  if (is_symbol("+")) op = Operator::plus;
  if (is_symbol("~")) op = Operator::bit_not;
  if (op == Operator::none) return parse_postfix();
  const Level level(level_);
  TRY(check_nesting());
  Expression node = operation(ExpressionKind::unary, op);
  node.begin = begin();
  advance();
  ASSIGN(Expression operand, parse_unary());
  std::vector<Expression> children;
  children.push_back(std::move(operand));
  return compound(std::move(node), std::move(children));
}

Result<Expression> ExpressionParser::parse_postfix() {
  ASSIGN(Expression base, parse_primary());
  return parse_members(std::move(base));
}

Result<Expression> ExpressionParser::parse_path() {
  if (token().kind != TokenKind::word || is_reserved(token())) return unexpected("the name of a container or alias");
  Expression base;
  base.kind = ExpressionKind::name;
  base.name = token().text;
  base.begin = begin();
  advance();
  base.end = end();
  return parse_members(std::move(base));
}

// .name and [expression], as often as they follow.
Result<Expression> ExpressionParser::parse_members(Expression base) {
  while (is_symbol(".") || is_symbol("[")) {
    Expression node;
    node.kind = ExpressionKind::member;
    node.begin = base.begin;
    std::vector<Expression> children;
    children.push_back(std::move(base));
    if (take_symbol(".")) {
      if (token().kind != TokenKind::word) return unexpected("a property name");
      ASSIGN(Expression name, literal(Value::string(arena_.copy(token().text))));
      children.push_back(std::move(name));
    } else {
      advance();
      ASSIGN(Expression index, parse_expression());
      TRY(expect_symbol("]"));
      children.push_back(std::move(index));
    }
    ASSIGN(base, compound(std::move(node), std::move(children)));
  }
  return base;
}

Result<Expression> ExpressionParser::parse_primary() {
  switch (token().kind) {
    case TokenKind::string:
      return literal(Value::string(arena_.copy(token().text)));
    case TokenKind::number:
      return literal(Value::number(token().number));
    case TokenKind::parameter:
      return parse_parameter();
    case TokenKind::word:
      return parse_word();
    case TokenKind::symbol:
      if (is_symbol("(")) return parse_parenthesis();
      if (is_symbol("[")) return parse_array();
      if (is_symbol("{")) return parse_object();
      break;
    case TokenKind::end:
      break;
  }
  return unexpected("an expression");
}

Result<Expression> ExpressionParser::parse_parameter() {
  const auto parameter = parameters_.find(token().text);
  if (parameter == parameters_.end()) {
    return error_at(begin(), fmt::format("the query has no parameter {}", token().text));
  }
  std::string name = token().text;
  ASSIGN(Expression node, literal(parameter->second));
  node.kind = ExpressionKind::parameter;
  node.name = std::move(name);
  return node;
}

Result<Expression> ExpressionParser::parse_word() {
  if (is_word("TRUE") || is_word("FALSE")) return literal(Value::boolean(is_word("TRUE")));
  if (is_word("NULL")) return literal(Value::null());
  if (is_word("UNDEFINED")) return literal(Value());
  const bool exists = is_word("EXISTS");
  if (exists || is_word("ARRAY")) {
    Expression node;
    node.kind = exists ? ExpressionKind::exists : ExpressionKind::array_of;
    node.begin = begin();
    advance();
    TRY(expect_symbol("("));
    ASSIGN(node.subquery, parse_subquery());
    TRY(expect_symbol(")"));
    return compound(std::move(node), {});
  }
  if (token_after().is_symbol("(") && (!is_reserved(token()) || is_word("LEFT"))) return parse_call();
  if (is_word("UDF") && token_after().is_symbol(".")) {
    const std::size_t where = begin();
    advance();
    advance();
    return error_at(where, fmt::format("user-defined functions are not executed by this server: udf.{}", token().text));
  }
  if (is_reserved(token())) return unexpected("an expression");
  Expression node;
  node.kind = ExpressionKind::name;
  node.name = token().text;
  node.begin = begin();
  advance();
  node.end = end();
  return node;
}

Result<Expression> ExpressionParser::parse_call() {
  Expression node;
  node.begin = begin();
  node.name = token().text;
  const std::string upper = capitals(token().text);
  const auto aggregate = find_aggregate(upper);
  node.function = find_function(upper);
  node.kind = aggregate ? ExpressionKind::aggregate : ExpressionKind::call;
  if (aggregate) node.aggregate = *aggregate;
  if (!aggregate && node.function == nullptr) {
    const std::string_view why = refused_function(upper);
    return error_at(begin(), why.empty() ? fmt::format("{} is no function of the language", node.name)
                                         : fmt::format("{} is not offered by this server: {}", node.name, why));
  }
  advance();
  std::vector<Expression> children;
  TRY(expect_symbol("("));
  if (!is_symbol(")")) {
    do {
      ASSIGN(Expression argument, parse_expression());
      children.push_back(std::move(argument));
    } while (take_symbol(","));
  }
  TRY(expect_symbol(")"));
  const std::size_t least = aggregate ? 1 : node.function->least;
  const std::size_t most = aggregate ? 1 : node.function->most;
  if (children.size() < least || children.size() > most) {
    return error_at(node.begin, fmt::format("{} takes {} arguments, not {}", node.name, argument_counts(least, most),
                                            children.size()));
  }
  return compound(std::move(node), std::move(children));
}

Result<Expression> ExpressionParser::parse_object() {
  Expression node;
  node.kind = ExpressionKind::object;
  node.begin = begin();
  advance();
  std::vector<Expression> children;
  if (!is_symbol("}")) {
    do {
      if (token().kind != TokenKind::string && token().kind != TokenKind::word) return unexpected("a property name");
      node.names.push_back(token().text);
      advance();
      TRY(expect_symbol(":"));
      ASSIGN(Expression value, parse_expression());
      children.push_back(std::move(value));
    } while (take_symbol(","));
  }
  TRY(expect_symbol("}"));
  return compound(std::move(node), std::move(children));
}

Result<Expression> ExpressionParser::parse_array() {
  Expression node;
  node.kind = ExpressionKind::array;
  node.begin = begin();
  advance();
  std::vector<Expression> children;
  if (!is_symbol("]")) {
    do {
      ASSIGN(Expression item, parse_expression());
      children.push_back(std::move(item));
    } while (take_symbol(","));
  }
  TRY(expect_symbol("]"));
  return compound(std::move(node), std::move(children));
}

Result<Expression> ExpressionParser::parse_parenthesis() {
  const std::size_t where = begin();
  advance();
  Expression node;
  if (is_word("SELECT")) {
    node.kind = ExpressionKind::subquery;
    ASSIGN(node.subquery, parse_subquery());
    node.depth = node.subquery->depth + 1;
  } else {
    ASSIGN(node, parse_expression());
  }
  TRY(expect_symbol(")"));
  node.begin = where;  // with the parentheses, so that the text of the expression can stand anywhere
  node.end = end();
  return node;
}

}  // namespace halley::query
