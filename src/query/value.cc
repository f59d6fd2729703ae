#include "query/value.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "json/number.h"
#include "json/number_text.h"
#include "json/string_text.h"
#include "json/value.h"
#include "json/writer.h"

namespace halley::query {
namespace {

std::string_view decoded(std::string_view raw, Arena& arena) {
  std::string text;
  json::append_decoded(text, raw);
  return arena.copy(text);
}

// Whether so much more may be written behind `out`: values are small and what they refer to is shared, so that the text
// of a value may be as large as memory many times over.
bool may_write(const std::string& out, std::size_t more, Bounds& bounds) {
  constexpr std::size_t kBytesPerStep = 64;
  return bounds.spend(1 + more / kBytesPerStep) && bounds.has_room(out.size() + more);
}

// At most how many bytes the tree of a JSON text takes: a value begins at its beginning and behind some characters.
std::size_t tree_bytes(std::string_view text) {
  const auto values =
      std::count_if(text.begin(), text.end(), [](char c) { return c == ',' || c == ':' || c == '[' || c == '{'; });
  return text.size() + (static_cast<std::size_t>(values) + 1) * sizeof(json::Value::Member);
}

Value from_tree(const json::Value& tree, Arena& arena) {
  switch (tree.kind()) {
    case json::Kind::null:
      return Value::null();
    case json::Kind::boolean:
      return Value::boolean(*tree.as_bool());
    case json::Kind::number:
      return Value::number(tree.as_double().value_or(0));
    case json::Kind::string:
      return Value::string(arena.copy(tree.text()));
    case json::Kind::array: {
      Value* const items = arena.array<Value>(tree.items().size());
      if (items == nullptr) return {};
      std::size_t i = 0;
      for (const json::Value& item : tree.items()) items[i++] = from_tree(item, arena);
      return Value::array(items, i);
    }
    case json::Kind::object: {
      Member* const members = arena.array<Member>(tree.members().size());
      if (members == nullptr) return {};
      std::size_t i = 0;
      for (const auto& [name, value] : tree.members()) members[i++] = {arena.copy(name), from_tree(value, arena)};
      return Value::object(members, i);
    }
  }
  return {};
}

}  // namespace

Value Value::read(const json::Tokens& tokens, json::Cursor& cursor, Arena& arena) {
  const json::Token* const place = cursor.place();
  switch (cursor.peek()) {
    case '"': {
      std::string_view raw;
      if (!cursor.take_string(raw)) return {};
      Value value = string(cursor.is_escaped(raw) ? decoded(raw, arena) : raw);
      value.source_ = {raw.data() - 1, raw.size() + 2};
      return value;
    }
    case '{':
    case '[': {
      Value value(cursor.peek() == '{' ? Type::object : Type::array);
      value.content_.unread = {&tokens, place};
      cursor.skip_value(value.source_);
      return value;
    }
    case 't':
    case 'f': {
      const bool truth = cursor.peek() == 't';
      cursor.step();
      return boolean(truth);
    }
    case 'n':
      cursor.step();
      return null();
    default: {
      const std::string_view text = cursor.plain();
      double parsed = 0;
      if (!json::read_number(text.data(), text.data() + text.size(), parsed)) return {};
      cursor.step();
      Value value = number(parsed);
      value.source_ = text;
      return value;
    }
  }
}

const Value* Value::items(Arena& arena, std::size_t& count) const {
  count = count_;
  if (built_) return content_.items;
  json::Cursor cursor(*content_.unread.tokens, content_.unread.place);
  cursor.take('[');
  std::vector<Value> found;
  while (!cursor.at_end() && !cursor.take(']')) {
    found.push_back(read(*content_.unread.tokens, cursor, arena));
    cursor.take(',');
  }
  Value* const copy = arena.array<Value>(found.size());
  count = copy == nullptr ? 0 : found.size();
  std::copy_n(found.begin(), count, copy);
  return copy;
}

const Member* Value::members(Arena& arena, std::size_t& count) const {
  count = count_;
  if (built_) return content_.members;
  json::Cursor cursor(*content_.unread.tokens, content_.unread.place);
  cursor.take('{');
  std::vector<Member> found;
  std::string_view name;
  while (cursor.take_string(name)) {
    if (cursor.is_escaped(name)) name = decoded(name, arena);
    cursor.take(':');
    found.push_back({name, read(*content_.unread.tokens, cursor, arena)});
    cursor.take(',');
  }
  Member* const copy = arena.array<Member>(found.size());
  count = copy == nullptr ? 0 : found.size();
  std::copy_n(found.begin(), count, copy);
  return copy;
}

Value Value::find(std::string_view name, Arena& arena) const {
  if (type_ != Type::object) return {};
  Value found;
  if (built_) {
    for (std::size_t i = 0; i < count_; ++i) {
      if (content_.members[i].name == name) found = content_.members[i].value;
    }
    return found;
  }
  json::Cursor cursor(*content_.unread.tokens, content_.unread.place);
  cursor.take('{');
  std::string_view other;
  std::string_view skipped;
  while (cursor.take_string(other)) {
    const bool same = cursor.is_escaped(other) ? decoded(other, arena) == name : other == name;
    cursor.take(':');
    if (same) {
      found = read(*content_.unread.tokens, cursor, arena);
    } else if (!cursor.skip_value(skipped)) {
      break;
    }
    cursor.take(',');
  }
  return found;
}

Value Value::at(double index, Arena& arena) const {
  if (type_ != Type::array || index < 0 || std::trunc(index) != index) return {};
  std::size_t count = 0;
  const Value* const all = items(arena, count);
  return index < static_cast<double>(count) ? all[static_cast<std::size_t>(index)] : Value();
}

bool Value::is_writable() const {
  return type_ != Type::undefined && (type_ != Type::number || std::isfinite(content_.number));
}

bool Value::append_to(std::string& out, Bounds& bounds) const {
  if (!is_writable()) return false;
  const std::size_t size = source_.empty() && type_ == Type::string ? text().size() : source_.size();
  if (!may_write(out, size, bounds)) return true;
  if (!source_.empty()) {
    out += source_;
    return true;
  }
  switch (type_) {
    case Type::undefined:
      break;
    case Type::null:
      out += "null";
      break;
    case Type::boolean:
      out += truth_ ? "true" : "false";
      break;
    case Type::number:
      out += json::format_double(content_.number);
      break;
    case Type::string:
      json::append_string(out, text());
      break;
    case Type::array: {
      out += '[';
      const std::size_t begin = out.size();
      for (std::size_t i = 0; i < count_ && bounds.spend(1); ++i) {
        if (!content_.items[i].is_writable()) continue;
        if (out.size() > begin) out += ',';
        content_.items[i].append_to(out, bounds);
      }
      out += ']';
      break;
    }
    case Type::object: {
      out += '{';
      const std::size_t begin = out.size();
      for (std::size_t i = 0; i < count_ && may_write(out, content_.members[i].name.size(), bounds); ++i) {
        if (!content_.members[i].value.is_writable()) continue;
        if (out.size() > begin) out += ',';
        json::append_string(out, content_.members[i].name);
        out += ':';
        content_.members[i].value.append_to(out, bounds);
      }
      out += '}';
      break;
    }
  }
  return true;
}

int compare_same_type(const Value& a, const Value& b, Arena& arena) {
  const auto three_way = [](const auto& left, const auto& right) { return left < right ? -1 : (right < left ? 1 : 0); };
  switch (a.type()) {
    case Type::undefined:
    case Type::null:
      return 0;
    case Type::boolean:
      return three_way(a.truth(), b.truth());
    case Type::number:
      return three_way(a.number(), b.number());
    case Type::string:
      return a.text().compare(b.text());
    case Type::array:
    case Type::object:
      break;
  }
  std::string left;
  std::string right;
  append_canonical(left, a, arena);
  append_canonical(right, b, arena);
  return arena.bounds().reached() ? 0 : left.compare(right);
}

int compare(const Value& a, const Value& b, Arena& arena) {
  if (a.type() != b.type()) return a.type() < b.type() ? -1 : 1;
  return compare_same_type(a, b, arena);
}

bool equal(const Value& a, const Value& b, Arena& arena) {
  if (a.type() != b.type() || !a.is_defined()) return false;
  if (a.is(Type::number)) return a.number() == b.number();  // NaN equals nothing
  return compare_same_type(a, b, arena) == 0;
}

void append_canonical(std::string& out, const Value& value, Arena& arena) {
  if (!may_write(out, value.is(Type::string) ? value.text().size() : 0, arena.bounds())) return;
  switch (value.type()) {
    case Type::number:
      // Infinities and NaN have no text in JSON, but must be told apart here.
      out += std::isfinite(value.number())
                 ? json::format_double(value.number())
                 : (std::isnan(value.number()) ? "nan" : (value.number() > 0 ? "inf" : "-inf"));
      return;
    case Type::string:
      json::append_string(out, value.text());
      return;
    case Type::array: {
      std::size_t count = 0;
      const Value* const items = value.items(arena, count);
      out += '[';
      bool first = true;
      for (std::size_t i = 0; i < count && arena.bounds().spend(1); ++i) {
        if (!items[i].is_defined()) continue;
        if (!std::exchange(first, false)) out += ',';
        append_canonical(out, items[i], arena);
      }
      out += ']';
      return;
    }
    case Type::object: {
      std::size_t count = 0;
      const Member* const members = value.members(arena, count);
      std::vector<const Member*> sorted(count);
      for (std::size_t i = 0; i < count; ++i) sorted[i] = members + i;
      std::stable_sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->name < b->name; });
      out += '{';
      bool first = true;
      for (std::size_t i = 0; i < count && may_write(out, sorted[i]->name.size(), arena.bounds()); ++i) {
        const bool last_of_name = i + 1 == count || sorted[i + 1]->name != sorted[i]->name;
        if (!last_of_name || !sorted[i]->value.is_defined()) continue;
        if (!std::exchange(first, false)) out += ',';
        json::append_string(out, sorted[i]->name);
        out += ':';
        append_canonical(out, sorted[i]->value, arena);
      }
      out += '}';
      return;
    }
    default:
      value.append_to(out, arena.bounds());
  }
}

Value parse_value(std::string_view text, Arena& arena) {
  if (!arena.bounds().has_room(tree_bytes(text))) return {};
  const auto tree = json::parse(text);
  return tree ? from_tree(*tree, arena) : Value();
}

}  // namespace halley::query
