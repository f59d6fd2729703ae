#include "query/evaluator.h"

#include <algorithm>
#include <cmath>

#include "query/operators.h"

namespace halley::query {
namespace {

// What it may cost to look for one string in another: at worst all of it at each place, when both are long.
std::size_t search_cost(const Value& text, const Value& part) {
  constexpr std::size_t kLong = 64;
  if (!text.is(Type::string) || !part.is(Type::string)) return 1;
  const std::size_t size = part.text().size();
  return text.cost() + (size > kLong ? text.text().size() * size / kLong : 0);
}

}  // namespace

std::optional<Error> Evaluator::failure() const {
  if (context_.bounds().out_of_steps()) {
    return Error(Code::invalid_argument, "The query is too much work for one page: its joins or arrays multiply.");
  }
  if (context_.bounds().out_of_memory()) {
    return Error(Code::invalid_argument,
                 "The query needs too much memory: what it makes of a document, or the rows, groups, lists or distinct "
                 "values it keeps, are too large. Narrow its WHERE, or select less.");
  }
  if (several_rows_) {
    return Error(Code::invalid_argument,
                 "A subquery that stands for one value has several rows: use ARRAY, EXISTS or an aggregate.");
  }
  return std::nullopt;
}

Value Evaluator::evaluate(const Expression& expression) {
  if (!context_.spend(1)) return {};
  switch (expression.kind) {
    case ExpressionKind::literal:
    case ExpressionKind::parameter:
      return expression.value;
    case ExpressionKind::document:
      return slots_[expression.slot];
    case ExpressionKind::alias:
      return aliases_[expression.slot];
    case ExpressionKind::group_key:
      return parse_value(group_->keys[expression.slot], context_.arena);
    case ExpressionKind::aggregate:
      if (group_ == nullptr) return {};
      return group_->accumulators[expression.slot].result(expression.aggregate, context_.arena);
    case ExpressionKind::member:
      return evaluate_member(expression);
    case ExpressionKind::object:
      return evaluate_object(expression);
    case ExpressionKind::array:
      return evaluate_array(expression);
    case ExpressionKind::unary:
      return apply_unary(expression.op, evaluate(expression.children[0]));
    case ExpressionKind::binary:
      return evaluate_binary(expression);
    case ExpressionKind::conditional:
      return evaluate(expression.children[evaluate(expression.children[0]).is_true() ? 1 : 2]);
    case ExpressionKind::between:
      return evaluate_between(expression);
    case ExpressionKind::in:
      return evaluate_in(expression);
    case ExpressionKind::like:
      return evaluate_like(expression);
    case ExpressionKind::call:
      return evaluate_call(expression);
    case ExpressionKind::exists:
      return Value::boolean(has_row(*expression.subquery));
    case ExpressionKind::array_of:
      return array_of_rows(*expression.subquery);
    case ExpressionKind::subquery:
      return scalar_row(*expression.subquery);
    case ExpressionKind::name:
      break;  // none is left behind the resolver
  }
  return {};
}

Value Evaluator::evaluate_binary(const Expression& expression) {
  if (expression.op == Operator::logical_and || expression.op == Operator::logical_or) {
    return evaluate_logical(expression);
  }
  const Value left = evaluate(expression.children[0]);
  if (expression.op == Operator::coalesce) return left.is_defined() ? left : evaluate(expression.children[1]);
  const Value right = evaluate(expression.children[1]);
  if (!left.is_scalar() && !context_.spend(left.cost() + right.cost())) return {};
  return apply_binary(expression.op, left, right, context_.arena);
}

// AND ends at the first false, OR at the first true; what is no boolean leaves it open.
Value Evaluator::evaluate_logical(const Expression& expression) {
  const bool ending = expression.op == Operator::logical_or;
  bool open = false;
  for (const Expression& child : expression.children) {
    const Value value = evaluate(child);
    if (!value.is(Type::boolean)) {
      open = true;
    } else if (value.truth() == ending) {
      return value;
    }
  }
  return open ? Value() : Value::boolean(!ending);
}

Value Evaluator::evaluate_between(const Expression& expression) {
  const Value value = evaluate(expression.children[0]);
  const Value above = apply_binary(Operator::greater_equal, value, evaluate(expression.children[1]), context_.arena);
  const Value below = apply_binary(Operator::less_equal, value, evaluate(expression.children[2]), context_.arena);
  Value both;
  if (above.is_false() || below.is_false()) both = Value::boolean(false);
  if (above.is_true() && below.is_true()) both = Value::boolean(true);
  return expression.negated ? apply_unary(Operator::logical_not, both) : both;
}

// As equality with each choice joined by OR, but that a choice of another type is merely none.
Value Evaluator::evaluate_in(const Expression& expression) {
  const Value value = evaluate(expression.children[0]);
  if (!value.is_defined()) return {};
  for (std::size_t i = 1; i < expression.children.size(); ++i) {
    if (!context_.spend(value.cost())) return {};
    if (equal(value, evaluate(expression.children[i]), context_.arena)) return Value::boolean(!expression.negated);
  }
  return Value::boolean(expression.negated);
}

Value Evaluator::evaluate_like(const Expression& expression) {
  const Value value = evaluate(expression.children[0]);
  if (!value.is(Type::string)) return {};
  const Value pattern = evaluate(expression.children[1]);
  if (!pattern.is(Type::string) || !context_.spend(search_cost(value, pattern))) return {};
  if (expression.pattern != nullptr) {
    return Value::boolean(expression.pattern->matches(value.text()) != expression.negated);
  }
  const Value escape = expression.children.size() == 3 ? evaluate(expression.children[2]) : Value::string({});
  if (!escape.is(Type::string)) return {};
  return Value::boolean(like_pattern(pattern.text(), escape.text())->matches(value.text()) != expression.negated);
}

Value Evaluator::evaluate_call(const Expression& expression) {
  Value few[8];
  const std::size_t count = expression.children.size();
  Value* const arguments = count <= std::size(few) ? few : context_.arena.array<Value>(count);
  if (arguments == nullptr) return {};
  std::size_t cost = 0;
  for (std::size_t i = 0; i < count; ++i) {
    arguments[i] = evaluate(expression.children[i]);
    cost += arguments[i].cost();
  }
  if (count >= 2) cost += search_cost(arguments[0], arguments[1]);
  if (!context_.spend(cost)) return {};
  return expression.function->evaluate({{arguments, count}, context_, expression.pattern.get()});
}

Value Evaluator::evaluate_object(const Expression& expression) {
  Member* const members = context_.arena.array<Member>(expression.children.size());
  if (members == nullptr) return {};
  std::size_t count = 0;
  for (std::size_t i = 0; i < expression.children.size(); ++i) {
    const Value value = evaluate(expression.children[i]);
    if (value.is_defined()) members[count++] = {expression.names[i], value};
  }
  return Value::object(members, count);
}

Value Evaluator::evaluate_array(const Expression& expression) {
  Value* const items = context_.arena.array<Value>(expression.children.size());
  if (items == nullptr) return {};
  std::size_t count = 0;
  for (const Expression& child : expression.children) {
    const Value value = evaluate(child);
    if (value.is_defined()) items[count++] = value;
  }
  return Value::array(items, count);
}

Value Evaluator::evaluate_member(const Expression& expression) {
  const Value base = evaluate(expression.children[0]);
  const Value index = evaluate(expression.children[1]);
  context_.spend(base.cost());
  if (index.is(Type::string)) return base.find(index.text(), context_.arena);
  return index.is(Type::number) ? base.at(index.number(), context_.arena) : Value();
}

void Evaluator::for_each_row(const Select& select, bool forget, const std::function<bool()>& row) {
  bind_sources(select, 0, forget, row);
}

bool Evaluator::bind_sources(const Select& select, std::size_t first, bool forget, const std::function<bool()>& row) {
  const Arena::Mark mark = context_.arena.mark();
  bool go_on = true;
  if (first < select.sources.size()) {
    go_on = bind_source(select, first, forget, row);
  } else if (context_.spend(1)) {
    const bool wanted = !select.where || evaluate(*select.where).is_true();
    go_on = !wanted || row();
  }
  if (forget) context_.arena.rewind(mark);
  return go_on && !failure();
}

bool Evaluator::bind_source(const Select& select, std::size_t place, bool forget, const std::function<bool()>& row) {
  const Source& source = select.sources[place];
  if (source.is_document) return bind_sources(select, place + 1, forget, row);
  const auto bind_items = [&](const Value& array) {
    std::size_t count = 0;
    if (!context_.spend(array.cost())) return false;
    const Value* const items = array.is(Type::array) ? array.items(context_.arena, count) : nullptr;
    for (std::size_t i = 0; i < count; ++i) {
      if (!bind_value(select, place, items[i], forget, row)) return false;
    }
    return true;
  };
  if (source.subquery) {
    for (const Value& value : rows_of(*source.subquery)) {
      const bool go_on = source.iterates ? bind_items(value) : bind_value(select, place, value, forget, row);
      if (!go_on) return false;
    }
    return true;
  }
  const Value value = evaluate(*source.from);
  return source.iterates ? bind_items(value) : bind_value(select, place, value, forget, row);
}

// An alias that stands for a property of the document has no value of its own, but must have one all the same.
bool Evaluator::bind_value(const Select& select, std::size_t source, const Value& value, bool forget,
                           const std::function<bool()>& row) {
  if (!value.is_defined()) return true;
  const Source& bound = select.sources[source];
  const bool is_property = bound.from && !bound.iterates && bound.from->kind == ExpressionKind::document;
  if (!is_property) aliases_[bound.slot] = value;
  return bind_sources(select, source + 1, forget, row);
}

Value Evaluator::project(const Select& select, const Group* group) {
  const Group* const outer = group_;
  group_ = group;
  Value result;
  if (select.value) {
    result = evaluate(select.items.front().expression);
  } else if (Member* const members = context_.arena.array<Member>(select.items.size()); members != nullptr) {
    std::size_t count = 0;
    for (const SelectItem& item : select.items) {
      const Value value = evaluate(item.expression);
      if (value.is_defined()) members[count++] = {item.alias, value};
    }
    result = Value::object(members, count);
  }
  group_ = outer;
  return result;
}

namespace {

struct SortedRow {
  std::vector<Value> keys;
  Value value;
};

void sort_rows(std::vector<SortedRow>& rows, const Select& select, Arena& arena) {
  std::stable_sort(rows.begin(), rows.end(), [&](const SortedRow& a, const SortedRow& b) {
    for (std::size_t i = 0; i < select.order_by.size(); ++i) {
      const int order = compare(a.keys[i], b.keys[i], arena);
      if (order != 0) return select.order_by[i].descending ? order > 0 : order < 0;
    }
    return false;
  });
}

}  // namespace

void Evaluator::add_to_group(const Select& select, Groups& groups) {
  std::vector<Value> keys;
  for (const Expression& key : select.group_by) keys.push_back(evaluate(key));
  std::vector<Value> operands;
  for (const Expression& aggregate : select.aggregates) operands.push_back(evaluate(aggregate.children.front()));
  groups.add(keys, operands);
}

std::vector<Value> Evaluator::rows_of(const Select& select) {
  std::vector<SortedRow> rows;
  Held held(context_.bounds());  // what is not in the arena, until the rows are there
  if (select.grouped()) {
    Groups groups(select, context_.arena);
    for_each_row(select, true, [&] {
      add_to_group(select, groups);
      return true;
    });
    for (const auto& group : groups.all()) rows.push_back({{}, project(select, group.get())});
  } else {
    for_each_row(select, false, [&] {
      if (!held.add(sizeof(SortedRow) + (select.order_by.size() + 1) * sizeof(Value))) return false;
      SortedRow& row = rows.emplace_back();
      for (const OrderItem& item : select.order_by) row.keys.push_back(evaluate(item.expression));
      row.value = project(select);
      return true;
    });
    if (!select.order_by.empty()) sort_rows(rows, select, context_.arena);
  }
  std::vector<Value> values;
  std::unordered_set<std::string> seen;
  std::uint64_t skipped = 0;
  const std::uint64_t most = std::min(select.top.value_or(UINT64_MAX), select.limit.value_or(UINT64_MAX));
  for (const SortedRow& row : rows) {
    if (!row.value.is_defined()) continue;
    if (select.distinct) {
      std::string text;
      append_canonical(text, row.value, context_.arena);
      if (!held.add(text.size() + kDistinctBytes)) break;
      if (!seen.insert(std::move(text)).second) continue;
    }
    if (skipped++ < select.offset.value_or(0)) continue;
    if (values.size() >= most) break;
    values.push_back(row.value);
  }
  return values;
}

Value Evaluator::array_of_rows(const Select& select) {
  const std::vector<Value> rows = rows_of(select);
  Value* const items = context_.arena.array<Value>(rows.size());
  if (items == nullptr) return {};
  std::copy(rows.begin(), rows.end(), items);
  return Value::array(items, rows.size());
}

Value Evaluator::scalar_row(const Select& select) {
  const std::vector<Value> rows = rows_of(select);
  if (rows.size() > 1) several_rows_ = true;
  return rows.size() == 1 ? rows.front() : Value();
}

bool Evaluator::has_row(const Select& select) {
  const bool plain = !select.grouped() && !select.limit && !select.top;
  if (!plain) return !rows_of(select).empty();
  bool found = false;
  for_each_row(select, true, [&] {
    found = project(select).is_defined();
    return !found;
  });
  return found;
}

}  // namespace halley::query
