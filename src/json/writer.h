// Appends compact JSON to a string. Commas and nesting are kept right by the writer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace halley::json {

// Appends `text` as a JSON string: quotes, backslash, control characters and lone surrogates (string_text.h) escaped,
// all else as is. Bytes that are no UTF-8 become U+FFFD.
void append_string(std::string& out, std::string_view text);
// The same in pure ASCII (\uXXXX, surrogate pairs above U+FFFF), as header values need it.
void append_ascii_string(std::string& out, std::string_view text);

class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  Writer& begin_object();
  Writer& end_object();
  Writer& begin_array();
  Writer& end_array();
  Writer& key(std::string_view name);
  Writer& string(std::string_view text);
  Writer& integer(std::int64_t value);
  Writer& unsigned_integer(std::uint64_t value);
  Writer& real(double value);
  Writer& boolean(bool value);
  Writer& null();
  Writer& raw(std::string_view json);                      // already JSON
  Writer& strings(const std::vector<std::string>& texts);  // an array of them

  // key() and the value in one call.
  Writer& member(std::string_view name, std::string_view text) { return key(name).string(text); }
  Writer& member(std::string_view name, const char* text) { return key(name).string(text); }
  Writer& member_integer(std::string_view name, std::int64_t value) { return key(name).integer(value); }
  Writer& member_boolean(std::string_view name, bool value) { return key(name).boolean(value); }

 private:
  void before_value();
  std::string& out_;
  bool needs_comma_ = false;
};

}  // namespace halley::json
