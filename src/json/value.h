// A small tree of JSON for resources, parameters and configuration: definitions, account records, batch operations,
// queries. Not for documents on the data path, which are sliced (document_scanner.h) and never turned into trees.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace halley::json {

enum class Kind { null, boolean, number, string, array, object };

// Numbers keep their text; members keep their order; a duplicated member name is kept, find() gives the last.
class Value {
 public:
  using Member = std::pair<std::string, Value>;

  Value();  // null
  static Value boolean(bool value);
  static Value number(std::string text);  // the text must be a JSON number
  static Value integer(std::int64_t value);
  static Value real(double value);  // printed as the service prints numbers (number.h)
  static Value string(std::string text);
  static Value array(std::vector<Value> items = {});
  static Value object(std::vector<Member> members = {});

  Kind kind() const { return kind_; }
  bool is_null() const { return kind_ == Kind::null; }
  bool is_string() const { return kind_ == Kind::string; }
  bool is_object() const { return kind_ == Kind::object; }
  bool is_array() const { return kind_ == Kind::array; }

  // Each gives nothing when the kind is another one or (integers) the number is not whole or out of range.
  std::optional<bool> as_bool() const;
  std::optional<std::int64_t> as_integer() const;
  std::optional<double> as_double() const;
  const std::string& text() const { return text_; }  // decoded string, or a number's text; empty for other kinds

  const std::vector<Value>& items() const { return items_; }  // of an array
  std::vector<Value>& items() { return items_; }
  const std::vector<Member>& members() const { return members_; }  // of an object
  std::vector<Member>& members() { return members_; }

  // The member of that name, or nullptr.
  const Value* find(std::string_view name) const;
  Value* find(std::string_view name);
  // find(name)'s string or a default.
  std::string string_at(std::string_view name, std::string_view otherwise = {}) const;
  // Replaces or appends / removes every member of that name.
  void set(std::string_view name, Value value);
  void erase(std::string_view name);

  // Whether a string in it, or a member's name, holds half a surrogate pair: JSON can escape one, UTF-8 can't tell it.
  bool has_lone_surrogate() const;

  // Compact JSON text.
  std::string to_text() const;
  void append_to(std::string& out) const;

 private:
  Kind kind_ = Kind::null;
  bool boolean_ = false;
  std::string text_;
  std::vector<Value> items_;
  std::vector<Member> members_;
};

// Defaulted only here, where the class is complete: clang 14 would not see inside it that a Member has a default.
inline Value::Value() = default;

// Parses one JSON text of at most 128 levels (the service's limit). Fails with corrupt, saying where.
Result<Value> parse(std::string_view text);

// The elements of the array member `name` of the object `text`, each exactly as written. Views into `text`.
// Fails with corrupt when there is no such array.
Result<std::vector<std::string_view>> array_member_slices(std::string_view text, std::string_view name);

// The object `text` without the top-level members of these names, everything else exactly as written.
Result<std::string> without_members(std::string_view text, const std::vector<std::string_view>& names);

// The raw text of a top-level member's value, empty when absent. The text of an existing value is never empty.
Result<std::string_view> member_slice(std::string_view text, std::string_view name);

}  // namespace halley::json
