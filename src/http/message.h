// HTTP messages as values, shared by client and listener.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace halley::http {

// Header fields in order; names compare without case.
class Headers {
 public:
  void add(std::string name, std::string value);
  void set(std::string_view name, std::string value);    // replaces or adds
  const std::string* find(std::string_view name) const;  // the first of that name, or nullptr
  std::string_view get(std::string_view name) const;     // its value, or empty
  // The value compared without case with "true".
  bool is_true(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& fields() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

bool equal_ignoring_case(std::string_view a, std::string_view b);

// Percent-encodes everything but unreserved characters (RFC 3986: letters, digits, - . _ ~).
std::string percent_encode(std::string_view text);
// Decodes %XX; `+` stays; nothing when a % is not followed by two hex digits.
std::optional<std::string> percent_decode(std::string_view text);

}  // namespace halley::http
