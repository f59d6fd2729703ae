#include "json/value.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "json/number.h"
#include "json/number_text.h"
#include "json/string_text.h"
#include "json/structure.h"
#include "json/writer.h"

namespace halley::json {
namespace {

// Builds the tree of a text.
class Parser {
 public:
  explicit Parser(const Tokens& tokens) : tokens_(tokens), cursor_(tokens) {}

  Result<Value> parse() {
    Value root;
    if (!value(root) || !cursor_.at_end()) return fail(unexpected_token(tokens_, cursor_.place()));
    return root;
  }

 private:
  bool value(Value& out) {
    switch (cursor_.peek()) {
      case '"': {
        std::string text;
        if (!string(text)) return false;
        out = Value::string(std::move(text));
        return true;
      }
      case '{':
        return object(out);
      case '[':
        return array(out);
      case '\0':
        return false;
      default:
        return plain(out);
    }
  }

  bool string(std::string& text) {
    std::string_view raw;
    return cursor_.take_string(raw) && append_decoded(text, raw);
  }

  bool plain(Value& out) {
    const std::string_view text = cursor_.plain();
    double number = 0;
    if (text == "null") {
      out = Value();
    } else if (text == "true" || text == "false") {
      out = Value::boolean(text == "true");
    } else if (read_number(text.data(), text.data() + text.size(), number)) {
      out = Value::number(std::string(text));
    } else {
      return false;
    }
    cursor_.step();
    return true;
  }

  bool object(Value& out) {
    cursor_.step();
    if (++depth_ > kMaxDepth) return false;
    out = Value::object();
    if (!cursor_.take('}')) {
      do {
        auto& [name, member] = out.members().emplace_back();
        if (!string(name) || !cursor_.take(':') || !value(member)) return false;
      } while (cursor_.take(','));
      if (!cursor_.take('}')) return false;
    }
    --depth_;
    return true;
  }

  bool array(Value& out) {
    cursor_.step();
    if (++depth_ > kMaxDepth) return false;
    out = Value::array();
    if (!cursor_.take(']')) {
      do {
        if (!value(out.items().emplace_back())) return false;
      } while (cursor_.take(','));
      if (!cursor_.take(']')) return false;
    }
    --depth_;
    return true;
  }

  Tokens tokens_;
  Cursor cursor_;
  int depth_ = 0;
};

bool holds_surrogate(std::string_view text) {
  for (std::size_t at = text.find('\xED'); at != std::string_view::npos; at = text.find('\xED', at + 1)) {
    if (leading_surrogate(text.substr(at)) != 0) return true;
  }
  return false;
}

}  // namespace

Value Value::boolean(bool value) {
  Value out;
  out.kind_ = Kind::boolean;
  out.boolean_ = value;
  return out;
}

Value Value::number(std::string text) {
  Value out;
  out.kind_ = Kind::number;
  out.text_ = std::move(text);
  return out;
}

Value Value::integer(std::int64_t value) { return number(std::to_string(value)); }
Value Value::real(double value) { return number(format_double(value)); }

Value Value::string(std::string text) {
  Value out;
  out.kind_ = Kind::string;
  out.text_ = std::move(text);
  return out;
}

Value Value::array(std::vector<Value> items) {
  Value out;
  out.kind_ = Kind::array;
  out.items_ = std::move(items);
  return out;
}

Value Value::object(std::vector<Member> members) {
  Value out;
  out.kind_ = Kind::object;
  out.members_ = std::move(members);
  return out;
}

std::optional<bool> Value::as_bool() const {
  if (kind_ != Kind::boolean) return std::nullopt;
  return boolean_;
}

std::optional<std::int64_t> Value::as_integer() const {
  if (kind_ != Kind::number) return std::nullopt;
  const char* const end = text_.data() + text_.size();
  std::int64_t whole = 0;
  if (const auto [stop, error] = std::from_chars(text_.data(), end, whole); error == std::errc() && stop == end) {
    return whole;
  }
  // A whole number in another spelling, such as 1.0 or 1e3, if it is small enough to be exact.
  const auto number = as_double();
  if (!number || std::trunc(*number) != *number || std::abs(*number) > 9007199254740992.0) return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

std::optional<double> Value::as_double() const {
  double number = 0;
  if (kind_ != Kind::number || !read_number(text_.data(), text_.data() + text_.size(), number)) return std::nullopt;
  return number;
}

const Value* Value::find(std::string_view name) const {
  const auto found = std::find_if(members_.rbegin(), members_.rend(), [&](const Member& m) { return m.first == name; });
  return found == members_.rend() ? nullptr : &found->second;
}

Value* Value::find(std::string_view name) { return const_cast<Value*>(std::as_const(*this).find(name)); }

std::string Value::string_at(std::string_view name, std::string_view otherwise) const {
  const Value* const member = find(name);
  return member != nullptr && member->is_string() ? member->text() : std::string(otherwise);
}

void Value::set(std::string_view name, Value value) {
  const auto is_named = [&](const Member& m) { return m.first == name; };
  const auto first = std::find_if(members_.begin(), members_.end(), is_named);
  if (first == members_.end()) {
    members_.emplace_back(name, std::move(value));
    return;
  }
  first->second = std::move(value);
  members_.erase(std::remove_if(first + 1, members_.end(), is_named), members_.end());
}

void Value::erase(std::string_view name) {
  std::erase_if(members_, [&](const Member& m) { return m.first == name; });
}

bool Value::has_lone_surrogate() const {
  return holds_surrogate(text_) ||
         std::any_of(items_.begin(), items_.end(), [](const Value& item) { return item.has_lone_surrogate(); }) ||
         std::any_of(members_.begin(), members_.end(), [](const Member& member) {
           return holds_surrogate(member.first) || member.second.has_lone_surrogate();
         });
}

std::string Value::to_text() const {
  std::string out;
  append_to(out);
  return out;
}

void Value::append_to(std::string& out) const {
  switch (kind_) {
    case Kind::null:
      out += "null";
      return;
    case Kind::boolean:
      out += boolean_ ? "true" : "false";
      return;
    case Kind::number:
      out += text_;
      return;
    case Kind::string:
      append_string(out, text_);
      return;
    case Kind::array:
      out += '[';
      for (const Value& item : items_) {
        if (&item != items_.data()) out += ',';
        item.append_to(out);
      }
      out += ']';
      return;
    case Kind::object:
      out += '{';
      for (const Member& member : members_) {
        if (&member != members_.data()) out += ',';
        append_string(out, member.first);
        out += ':';
        member.second.append_to(out);
      }
      out += '}';
      return;
  }
}

Result<Value> parse(std::string_view text) {
  ASSIGN(const Tokens tokens, Structure::of_this_thread().read(text));
  return Parser(tokens).parse();
}

}  // namespace halley::json
