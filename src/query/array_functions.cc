// Functions over arrays. An argument of another type than they take makes the result undefined.
#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "query/functions.h"

namespace halley::query {
namespace {

std::span<const Value> items_of(const Value& array, Arena& arena) {
  std::size_t count = 0;
  const Value* const items = array.items(arena, count);
  return {items, count};
}

Value array_of(const std::vector<Value>& items, Arena& arena) {
  Value* const copy = arena.array<Value>(items.size());
  if (copy == nullptr) return {};
  std::copy(items.begin(), items.end(), copy);
  return Value::array(copy, items.size());
}

Value concat(const Call& call) {
  std::vector<Value> all;
  for (const Value& argument : call.arguments) {
    if (!argument.is(Type::array)) return {};
    const auto items = items_of(argument, call.arena());
    all.insert(all.end(), items.begin(), items.end());
  }
  return array_of(all, call.arena());
}

// Whether `item` has every member of `wanted`, in nested objects likewise.
bool holds(const Value& item, const Value& wanted, Arena& arena) {
  if (!wanted.is(Type::object)) return equal(item, wanted, arena);
  if (!item.is(Type::object)) return false;
  std::size_t count = 0;
  const Member* const members = wanted.members(arena, count);
  return std::all_of(members, members + count,
                     [&](const Member& member) { return holds(item.find(member.name, arena), member.value, arena); });
}

Value contains(const Call& call) {
  if (!call[0].is(Type::array) || !call[1].is_defined()) return {};
  if (call.count() == 3 && call[2].is_defined() && !call[2].is(Type::boolean)) return {};
  const bool partial = call.count() == 3 && call[2].is_true();
  const auto items = items_of(call[0], call.arena());
  if (!call.context.spend(items.size() * call[1].cost())) return {};
  for (const Value& item : items) {
    if (partial ? holds(item, call[1], call.arena()) : equal(item, call[1], call.arena())) return Value::boolean(true);
  }
  return Value::boolean(false);
}

// The canonical texts of items: what sets are made of. Their memory is held as long as it is there.
class Texts {
 public:
  explicit Texts(Arena& arena) : held_(arena.bounds()) {}
  Texts(std::span<const Value> items, Arena& arena) : Texts(arena) {
    for (const Value& item : items) {
      std::string text;
      append_canonical(text, item, arena);
      if (item.is_defined()) add(std::move(text));
      if (arena.bounds().reached()) break;
    }
  }

  bool contains(const std::string& text) const { return texts_.contains(text); }
  // False when it is there already, or beyond the bounds.
  bool add(std::string text) {
    if (contains(text) || !held_.add(text.size() + kDistinctBytes)) return false;
    return texts_.insert(std::move(text)).second;
  }
  bool operator==(const Texts& other) const { return texts_ == other.texts_; }

 private:
  Held held_;
  std::unordered_set<std::string> texts_;
};

// As ARRAY_CONTAINS of each further argument joined by AND or OR.
template <bool All>
Value contains_several(const Call& call) {
  if (!call[0].is(Type::array)) return {};
  const Texts texts(items_of(call[0], call.arena()), call.arena());
  bool any_undefined = false;
  for (const Value& wanted : call.arguments.subspan(1)) {
    if (!wanted.is_defined()) {
      any_undefined = true;
      continue;
    }
    std::string text;
    append_canonical(text, wanted, call.arena());
    if (texts.contains(text) != All) return Value::boolean(!All);
  }
  return any_undefined ? Value() : Value::boolean(All);
}

Value length(const Call& call) {
  if (!call[0].is(Type::array)) return {};
  return Value::number(static_cast<double>(items_of(call[0], call.arena()).size()));
}

Value slice(const Call& call) {
  if (!call[0].is(Type::array) || !call[1].is(Type::number) || std::isnan(call[1].number())) return {};
  const auto items = items_of(call[0], call.arena());
  const auto size = static_cast<double>(items.size());
  const double start = std::trunc(call[1].number());
  double count = size;
  if (call.count() == 3) {
    if (!call[2].is(Type::number) || std::isnan(call[2].number())) return {};
    count = std::trunc(call[2].number());
  }
  const double begin = std::clamp(start < 0 ? size + start : start, 0.0, size);
  const double end = std::clamp(begin + count, begin, size);
  return Value::array(items.data() + static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
}

// Of numbers only; undefined items don't count.
std::optional<std::vector<double>> numbers_of(const Value& array, Arena& arena) {
  if (!array.is(Type::array)) return std::nullopt;
  std::vector<double> numbers;
  for (const Value& item : items_of(array, arena)) {
    if (!item.is_defined()) continue;
    if (!item.is(Type::number)) return std::nullopt;
    numbers.push_back(item.number());
  }
  return numbers;
}

Value sum(const Call& call) {
  const auto numbers = numbers_of(call[0], call.arena());
  if (!numbers) return {};
  double total = 0;
  for (const double number : *numbers) total += number;
  return Value::number(total);
}

Value average(const Call& call) {
  const auto numbers = numbers_of(call[0], call.arena());
  if (!numbers || numbers->empty()) return {};
  return Value::number(sum(call).number() / static_cast<double>(numbers->size()));
}

Value median(const Call& call) {
  auto numbers = numbers_of(call[0], call.arena());
  if (!numbers || numbers->empty()) return {};
  std::sort(numbers->begin(), numbers->end());
  const std::size_t middle = numbers->size() / 2;
  if (numbers->size() % 2 == 1) return Value::number((*numbers)[middle]);
  return Value::number(((*numbers)[middle - 1] + (*numbers)[middle]) / 2);
}

// Of scalars, in the order of ORDER BY; undefined items don't count, an array or object among them makes the result
// undefined.
template <int Sign>
Value extreme(const Call& call) {
  if (!call[0].is(Type::array)) return {};
  Value best;
  for (const Value& item : items_of(call[0], call.arena())) {
    if (!item.is_defined()) continue;
    if (!item.is_scalar()) return {};
    if (!best.is_defined() || Sign * compare(item, best, call.arena()) > 0) best = item;
  }
  return best;
}

Value choose(const Call& call) {
  if (!call[0].is(Type::number)) return {};
  const double index = call[0].number();
  if (std::trunc(index) != index || index < 1 || index >= static_cast<double>(call.count())) return {};
  return call[static_cast<std::size_t>(index)];
}

Value object_to_array(const Call& call) {
  if (!call[0].is(Type::object)) return {};
  std::string_view names[2] = {"k", "v"};
  for (std::size_t i = 1; i < call.count(); ++i) {
    if (!call[i].is(Type::string)) return {};
    names[i - 1] = call[i].text();
  }
  std::size_t count = 0;
  const Member* const members = call[0].members(call.arena(), count);
  Value* const items = call.arena().array<Value>(count);
  if (items == nullptr) return {};
  for (std::size_t i = 0; i < count; ++i) {
    Member* const pair = call.arena().array<Member>(2);
    if (pair == nullptr) return {};
    pair[0] = {names[0], Value::string(members[i].name)};
    pair[1] = {names[1], members[i].value};
    items[i] = Value::object(pair, 2);
  }
  return Value::array(items, count);
}

// The items of `from` that `keep` accepts and that were not seen yet.
template <typename Keep>
void append_distinct(std::vector<Value>& out, Texts& seen, const Value& from, Arena& arena, Keep keep) {
  for (const Value& item : items_of(from, arena)) {
    std::string text;
    append_canonical(text, item, arena);
    if (item.is_defined() && keep(text) && seen.add(std::move(text))) out.push_back(item);
    if (arena.bounds().reached()) break;
  }
}

Value set_intersect(const Call& call) {
  if (!call[0].is(Type::array) || !call[1].is(Type::array)) return {};
  const Texts other(items_of(call[1], call.arena()), call.arena());
  std::vector<Value> out;
  Texts seen(call.arena());
  append_distinct(out, seen, call[0], call.arena(), [&](const std::string& text) { return other.contains(text); });
  return array_of(out, call.arena());
}

Value set_union(const Call& call) {
  if (!call[0].is(Type::array) || !call[1].is(Type::array)) return {};
  std::vector<Value> out;
  Texts seen(call.arena());
  for (const Value& argument : call.arguments) {
    append_distinct(out, seen, argument, call.arena(), [](const std::string&) { return true; });
  }
  return array_of(out, call.arena());
}

Value set_difference(const Call& call) {
  if (!call[0].is(Type::array) || !call[1].is(Type::array)) return {};
  const Texts other(items_of(call[1], call.arena()), call.arena());
  std::vector<Value> out;
  Texts seen(call.arena());
  append_distinct(out, seen, call[0], call.arena(), [&](const std::string& text) { return !other.contains(text); });
  return array_of(out, call.arena());
}

Value set_equal(const Call& call) {
  if (!call[0].is(Type::array) || !call[1].is(Type::array)) return {};
  const Texts first(items_of(call[0], call.arena()), call.arena());
  const Texts second(items_of(call[1], call.arena()), call.arena());
  return Value::boolean(first == second);
}

constexpr std::array kArrayFunctions = {
    Function{"ARRAY_AVG", 1, 1, average},
    Function{"ARRAY_CONCAT", 2, kManyArguments, concat},
    Function{"ARRAY_CONTAINS", 2, 3, contains},
    Function{"ARRAY_CONTAINS_ALL", 2, kManyArguments, contains_several<true>},
    Function{"ARRAY_CONTAINS_ANY", 2, kManyArguments, contains_several<false>},
    Function{"ARRAY_LENGTH", 1, 1, length},
    Function{"ARRAY_MAX", 1, 1, extreme<1>},
    Function{"ARRAY_MEDIAN", 1, 1, median},
    Function{"ARRAY_MIN", 1, 1, extreme<-1>},
    Function{"ARRAY_SLICE", 2, 3, slice},
    Function{"ARRAY_SUM", 1, 1, sum},
    Function{"CHOOSE", 2, kManyArguments, choose},
    Function{"OBJECTTOARRAY", 1, 3, object_to_array},
    Function{"SETDIFFERENCE", 2, 2, set_difference},
    Function{"SETEQUAL", 2, 2, set_equal},
    Function{"SETINTERSECT", 2, 2, set_intersect},
    Function{"SETUNION", 2, 2, set_union},
};

}  // namespace

std::span<const Function> array_functions() { return kArrayFunctions; }

}  // namespace halley::query
