// The values that expressions work on. A value is small and cheap to copy; what it refers to (a document's text and
// tokens, an arena) must outlive it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "json/structure.h"
#include "query/arena.h"

namespace halley::query {

// In the order in which ORDER BY, MIN and MAX rank values of different types.
enum class Type : std::uint8_t { undefined, null, boolean, number, string, array, object };

struct Member;

class Value {
 public:
  Value() = default;  // undefined
  static Value null() { return Value(Type::null); }
  static Value boolean(bool truth) {
    Value value(Type::boolean);
    value.truth_ = truth;
    return value;
  }
  static Value number(double number) {
    Value value(Type::number);
    value.content_.number = number;
    return value;
  }
  // `text` is decoded and stays where it is.
  static Value string(std::string_view text) {
    Value value(Type::string);
    value.content_.text = {text.data(), text.size()};
    return value;
  }
  static Value array(const Value* items, std::size_t count) {
    Value value(Type::array);
    value.built_ = true;
    value.count_ = static_cast<std::uint32_t>(count);
    value.content_.items = items;
    return value;
  }
  static Value object(const Member* members, std::size_t count) {
    Value value(Type::object);
    value.built_ = true;
    value.count_ = static_cast<std::uint32_t>(count);
    value.content_.members = members;
    return value;
  }
  // The value whose tokens begin at `place`, as it stands in a well-formed text; `cursor` is moved behind it. Strings
  // with escapes are decoded into the arena.
  static Value read(const json::Tokens& tokens, json::Cursor& cursor, Arena& arena);

  Type type() const { return type_; }
  bool is_defined() const { return type_ != Type::undefined; }
  bool is(Type type) const { return type_ == type; }
  bool is_true() const { return type_ == Type::boolean && truth_; }
  bool is_false() const { return type_ == Type::boolean && !truth_; }
  bool is_scalar() const { return type_ > Type::undefined && type_ < Type::array; }

  bool truth() const { return truth_; }
  double number() const { return content_.number; }
  std::string_view text() const { return {content_.text.data, content_.text.size}; }

  // What an array holds. Read from the text at the first call where it stands in one.
  const Value* items(Arena& arena, std::size_t& count) const;
  // The members of an object, in their order; of several of a name all are there.
  const Member* members(Arena& arena, std::size_t& count) const;
  // The member of an object (of several of that name the last), or the item of an array; undefined when there is none.
  Value find(std::string_view name, Arena& arena) const;
  Value at(double index, Arena& arena) const;

  // Appends the value as JSON: what stands in a text as it stands there. Undefined members and items are left out, and
  // so are numbers that JSON has no text for (infinities, NaN). False, with nothing appended, when the value itself is
  // such. Takes steps for what it writes, and ends early when a bound is reached.
  bool append_to(std::string& out, Bounds& bounds) const;
  bool is_writable() const;
  // About how much work it is to go through the value, in steps.
  std::size_t cost() const {
    if (!source_.empty()) return 1 + source_.size() / 16;
    if (type_ == Type::string) return 1 + content_.text.size / 16;
    return 1 + (built_ ? count_ : 0);
  }

 private:
  explicit Value(Type type) : type_(type) {}

  Type type_ = Type::undefined;
  bool truth_ = false;
  bool built_ = false;  // of arrays and objects: in the arena, not in a text
  std::uint32_t count_ = 0;
  std::string_view source_;  // the JSON text it was read from; empty when it was computed
  union Content {
    double number;
    struct {
      const char* data;
      std::size_t size;
    } text;
    struct {
      const json::Tokens* tokens;
      const json::Token* place;
    } unread;
    const Value* items;
    const Member* members;
  } content_ = {};
};

struct Member {
  std::string_view name;
  Value value;
};

// How two values of one type stand to one another: numbers, strings by code points, false before true. Arrays and
// objects are ordered by their canonical text.
int compare_same_type(const Value& a, const Value& b, Arena& arena);
// The order of ORDER BY: by type first.
int compare(const Value& a, const Value& b, Arena& arena);
// Whether both are defined and the same value: members in any order, numbers by value.
bool equal(const Value& a, const Value& b, Arena& arena);

// Appends a text that equal values share and different ones don't: members sorted, numbers and strings in one spelling,
// of several members of a name only the last. Undefined appends nothing. Takes steps for what it writes, and ends early
// when a bound of the arena is reached.
void append_canonical(std::string& out, const Value& value, Arena& arena);

// The value of a JSON text, copied into the arena; undefined when it is not well-formed or a bound is reached.
Value parse_value(std::string_view text, Arena& arena);

}  // namespace halley::query
