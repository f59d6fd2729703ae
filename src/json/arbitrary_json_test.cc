#include "json/arbitrary_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <set>

#include "json/writer.h"

namespace halley::json {

double ArbitraryJson::number() {
  switch (below(6)) {
    case 0:
      return static_cast<double>(below(1000)) - 500;
    case 1:
      return static_cast<double>(below(1'000'000'000)) / 1000;
    case 2:
      return static_cast<double>(random_()) / std::pow(2.0, static_cast<double>(below(64)));
    case 3:
      return std::pow(10.0, static_cast<double>(below(40)) - 20) * (chance(2) ? 1 : -1);
    case 4:
      return chance(2) ? 0.0 : -0.0;
    default:
      break;
  }
  for (;;) {
    const auto any = std::bit_cast<double>(random_());
    if (std::isfinite(any)) return any;
  }
}

std::string ArbitraryJson::string() {
  static constexpr const char* kPieces[] = {"a",      "Z",      "7",    " ",          "/",    "\"",  "\\", "\n",
                                            "\b",     "\x01",   "\x1f", "\x7f",       "é",    "߿",  "ࠀ",  "€",
                                            "\u2028", "\uffff", "😀",    "\U0010ffff", "name", "_id", "{",  "],"};
  std::string text;
  const std::size_t pieces = chance(20) ? below(400) : below(12);
  for (std::size_t i = 0; i < pieces; ++i) text += chance(3) ? kPieces[below(std::size(kPieces))] : "x";
  return text;
}

Value ArbitraryJson::value(int depth) {
  switch (below(depth > 1 ? 8 : 5)) {
    case 0:
      return {};
    case 1:
      return Value::boolean(chance(2));
    case 2:
    case 3:
      return Value::real(number());
    case 4:
      return Value::string(string());
    case 5: {
      Value array = Value::array();
      for (std::size_t i = below(5); i > 0; --i) array.items().push_back(value(depth - 1));
      return array;
    }
    default:
      return object(depth);
  }
}

Value ArbitraryJson::object(int depth) {
  Value object = Value::object();
  for (std::size_t i = below(8); i > 0; --i) object.set(string(), depth > 1 ? value(depth - 1) : Value::real(number()));
  return object;
}

void ArbitraryJson::change(Value& value) {
  switch (value.kind()) {
    case Kind::null:
      value = Value::boolean(false);
      return;
    case Kind::boolean:
      value = chance(2) ? Value() : Value::boolean(!*value.as_bool());
      return;
    case Kind::number: {
      const double number = *value.as_double();
      value = Value::real(std::isfinite(number + 1) && number + 1 != number && chance(2)
                              ? number + 1
                              : std::nextafter(number, number > 0 ? 0.0 : 1.0));
      return;
    }
    case Kind::string:
      value = Value::string(chance(2) ? value.text() + "x" : "x" + value.text());
      return;
    case Kind::array:
      if (value.items().empty() || chance(4)) {
        value.items().push_back({});
      } else {
        change(value.items()[below(value.items().size())]);
      }
      return;
    case Kind::object:
      if (value.members().empty() || chance(4)) {
        value.members().emplace_back("a name that string() never makes", Value());
      } else if (chance(3)) {
        value.members()[below(value.members().size())].first += " renamed";
      } else {
        change(value.members()[below(value.members().size())].second);
      }
      return;
  }
}

std::string ArbitraryJson::space() {
  std::string space;
  while (chance(4)) space += " \t\n\r"[below(4)];
  return space;
}

std::string ArbitraryJson::spell_number(double value) {
  const std::string plain = Value::real(value).text();
  const bool is_whole = plain.find_first_of(".e") == std::string::npos;
  switch (below(6)) {
    case 0:
      return fmt::format("{:.{}e}", value, 17 + below(10));
    case 1:
      return fmt::format("{:.{}E}", value, 16 + below(10));
    case 2:
      return is_whole ? plain + ".000" : plain;
    case 3:
      return is_whole ? plain + "e0" : plain;
    case 4:
      return value == 0 ? "-0.0E+12" : plain;
    default:
      return plain;
  }
}

std::string ArbitraryJson::spell_string(std::string_view text) {
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size();) {
    const auto first = static_cast<unsigned char>(text[i]);
    const std::size_t size = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    std::string one;
    if (chance(4)) {
      append_ascii_string(one, text.substr(i, size));
      if (first == '/') one = "\"\\/\"";
      if (first == 'x') one = "\"\\u0078\"";
      if (one[1] == '\\' && chance(2))
        std::transform(one.begin(), one.end(), one.begin(), [](char c) { return c == 'e' ? 'E' : c; });
    } else {
      append_string(one, text.substr(i, size));
    }
    out += one.substr(1, one.size() - 2);
    i += size;
  }
  return out + "\"";
}

std::string ArbitraryJson::spell(const Value& value) {
  const auto join = [&](const std::vector<std::string>& parts, char open, char close) {
    std::string out(1, open);
    for (std::size_t i = 0; i < parts.size(); ++i) out += (i > 0 ? "," : "") + space() + parts[i] + space();
    return out + (parts.empty() ? space() : "") + close;
  };
  std::vector<std::string> parts;
  switch (value.kind()) {
    case Kind::number:
      return spell_number(*value.as_double());
    case Kind::string:
      return spell_string(value.text());
    case Kind::array:
      for (const Value& item : value.items()) parts.push_back(spell(item));
      return join(parts, '[', ']');
    case Kind::object:
      for (const auto& [name, member] : value.members()) {
        parts.push_back(spell_string(name) + space() + ":" + space() + spell(member));
      }
      std::shuffle(parts.begin(), parts.end(), random_);
      return join(parts, '{', '}');
    default:
      return value.to_text();
  }
}

}  // namespace halley::json
