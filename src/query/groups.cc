#include "query/groups.h"

#include "json/number.h"
#include "json/writer.h"

namespace halley::query {
namespace {

// What a container takes for an element besides its text.
constexpr std::size_t kNodeBytes = 96;
// Of a key as a continuation has it.
constexpr std::size_t kKeyMemory = 64UL * 1024 * 1024;

}  // namespace

KeptValue::KeptValue(const Value& value, Arena& arena) : type_(value.is_writable() ? value.type() : Type::undefined) {
  switch (type_) {
    case Type::undefined:
    case Type::null:
      break;
    case Type::boolean:
      number_ = value.truth() ? 1 : 0;
      break;
    case Type::number:
      number_ = value.number();
      break;
    case Type::string:
      text_ = value.text();
      break;
    case Type::array:
    case Type::object:
      append_canonical(text_, value, arena);
      break;
  }
}

Value KeptValue::value(Arena& arena) const {
  switch (type_) {
    case Type::undefined:
      return {};
    case Type::null:
      return Value::null();
    case Type::boolean:
      return Value::boolean(number_ != 0);
    case Type::number:
      return Value::number(number_);
    case Type::string:
      return Value::string(arena.copy(text_));
    case Type::array:
    case Type::object:
      break;
  }
  return parse_value(text_, arena);
}

int KeptValue::compare(const KeptValue& other) const {
  if (type_ != other.type_) return type_ < other.type_ ? -1 : 1;
  if (type_ == Type::boolean || type_ == Type::number) {
    return number_ < other.number_ ? -1 : (other.number_ < number_ ? 1 : 0);
  }
  return text_.compare(other.text_);
}

std::string KeptValue::json() const {
  Bounds bounds(UINT64_MAX, kKeyMemory);
  Arena arena(bounds);
  std::string out;
  value(arena).append_to(out, bounds);
  return out;
}

KeptValue KeptValue::of_json(std::string_view json) {
  Bounds bounds(UINT64_MAX, kKeyMemory);
  Arena arena(bounds);
  return json.empty() ? KeptValue() : KeptValue(parse_value(json, arena), arena);
}

void Accumulator::add(Aggregate aggregate, const Value& value, Arena& arena, Held& held) {
  if (!value.is_defined()) return;
  switch (aggregate) {
    case Aggregate::count:
      ++count_;
      return;
    case Aggregate::count_if:
      if (value.is_true()) ++count_;
      return;
    case Aggregate::sum:
    case Aggregate::average:
      invalid_ = invalid_ || !value.is(Type::number);
      if (!invalid_) sum_ += value.number();
      ++count_;
      return;
    case Aggregate::minimum:
    case Aggregate::maximum: {
      invalid_ = invalid_ || !value.is_scalar();
      if (invalid_) return;
      KeptValue kept(value, arena);
      const int order = extreme_.is_defined() ? kept.compare(extreme_) : 0;
      const bool beyond = !extreme_.is_defined() || (aggregate == Aggregate::minimum ? order < 0 : order > 0);
      if (!beyond || !held.add(kept.size())) return;
      held.remove(extreme_.size());
      extreme_ = std::move(kept);
      return;
    }
    case Aggregate::make_set: {
      std::string text;
      append_canonical(text, value, arena);
      if (seen_.contains(text) || !held.add(text.size() + kNodeBytes)) return;
      seen_.insert(std::move(text));
      [[fallthrough]];
    }
    case Aggregate::make_list: {
      std::string item;
      if (!value.append_to(item, arena.bounds()) || !held.add(item.size() + 1)) return;
      if (!list_.empty()) list_ += ',';
      list_ += item;
      return;
    }
  }
}

Value Accumulator::result(Aggregate aggregate, Arena& arena) const {
  switch (aggregate) {
    case Aggregate::count:
    case Aggregate::count_if:
      return Value::number(count_);
    case Aggregate::sum:
      return invalid_ ? Value() : Value::number(sum_);
    case Aggregate::average:
      return invalid_ || count_ == 0 ? Value() : Value::number(sum_ / count_);
    case Aggregate::minimum:
    case Aggregate::maximum:
      return invalid_ ? Value() : extreme_.value(arena);
    case Aggregate::make_list:
    case Aggregate::make_set:
      break;
  }
  return parse_value("[" + list_ + "]", arena);
}

Groups::Groups(const Select& select, Arena& arena) : select_(select), arena_(arena), held_(arena.bounds()) {
  if (select_.group_by.empty()) find({});
}

void Groups::add(const std::vector<Value>& keys, const std::vector<Value>& operands) {
  Group& group = find(keys);
  for (std::size_t i = 0; i < operands.size(); ++i) {
    group.accumulators[i].add(select_.aggregates[i].aggregate, operands[i], arena_, held_);
  }
}

Group& Groups::find(const std::vector<Value>& keys) {
  std::string text;
  for (const Value& key : keys) {
    append_canonical(text, key, arena_);
    text += '\n';  // stands in no canonical text
  }
  Group*& group = by_key_[text];
  if (group == nullptr) {
    auto made = std::make_unique<Group>();
    made->accumulators.resize(select_.aggregates.size());
    std::size_t bytes = text.size() + sizeof(Group) + made->accumulators.size() * sizeof(Accumulator) + kNodeBytes;
    for (const Value& key : keys) {
      key.append_to(made->keys.emplace_back(), arena_.bounds());
      bytes += made->keys.back().size() + sizeof(std::string);
    }
    held_.add(bytes);
    group = made.get();
    groups_.push_back(std::move(made));
  }
  return *group;
}

}  // namespace halley::query
