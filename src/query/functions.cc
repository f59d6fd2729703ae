#include "query/functions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_map>

namespace halley::query {
namespace {

using FunctionMap = std::unordered_map<std::string_view, const Function*>;

FunctionMap all_functions() {
  FunctionMap map;
  for (const auto family : {type_functions(), string_functions(), text_functions(), math_functions(),
                            integer_functions(), array_functions(), date_functions()}) {
    for (const Function& function : family) map.emplace(function.name, &function);
  }
  return map;
}

template <bool (*Test)(const Value&)>
Value test(const Call& call) {
  return Value::boolean(Test(call[0]));
}

template <Type Kind>
bool has_type(const Value& value) {
  return value.is(Kind);
}
bool is_defined(const Value& value) { return value.is_defined(); }
bool is_primitive(const Value& value) { return value.is_scalar(); }
bool is_finite_number(const Value& value) { return value.is(Type::number) && std::isfinite(value.number()); }
bool is_integer(const Value& value) {
  constexpr double kTwoTo63 = 9223372036854775808.0;
  return is_finite_number(value) && std::trunc(value.number()) == value.number() &&
         std::abs(value.number()) <= kTwoTo63;
}

// What is no boolean is as false.
Value choose_by_condition(const Call& call) { return call[0].is_true() ? call[1] : call[2]; }

Value document_id(const Call& call) {
  return call[0].is(Type::object) ? Value::number(static_cast<double>(call.context.document_number)) : Value();
}

constexpr std::array kTypeFunctions = {
    Function{"IS_ARRAY", 1, 1, test<has_type<Type::array>>},
    Function{"IS_BOOL", 1, 1, test<has_type<Type::boolean>>},
    Function{"IS_DEFINED", 1, 1, test<is_defined>},
    Function{"IS_FINITE_NUMBER", 1, 1, test<is_finite_number>},
    Function{"IS_INTEGER", 1, 1, test<is_integer>},
    Function{"IS_NULL", 1, 1, test<has_type<Type::null>>},
    Function{"IS_NUMBER", 1, 1, test<has_type<Type::number>>},
    Function{"IS_OBJECT", 1, 1, test<has_type<Type::object>>},
    Function{"IS_PRIMITIVE", 1, 1, test<is_primitive>},
    Function{"IS_STRING", 1, 1, test<has_type<Type::string>>},
    Function{"IIF", 3, 3, choose_by_condition},
    Function{"DOCUMENTID", 1, 1, document_id},
};

}  // namespace

std::span<const Function> type_functions() { return kTypeFunctions; }

const Function* find_function(std::string_view upper) {
  static const FunctionMap functions = all_functions();
  const auto found = functions.find(upper);
  return found == functions.end() ? nullptr : found->second;
}

std::optional<Aggregate> find_aggregate(std::string_view upper) {
  static constexpr std::pair<std::string_view, Aggregate> kAggregates[] = {
      {"COUNT", Aggregate::count},        {"SUM", Aggregate::sum},          {"AVG", Aggregate::average},
      {"MIN", Aggregate::minimum},        {"MAX", Aggregate::maximum},      {"COUNTIF", Aggregate::count_if},
      {"MAKELIST", Aggregate::make_list}, {"MAKESET", Aggregate::make_set},
  };
  for (const auto& [name, aggregate] : kAggregates) {
    if (name == upper) return aggregate;
  }
  return std::nullopt;
}

std::string_view refused_function(std::string_view upper) {
  if (upper.starts_with("ST_")) return "spatial functions";
  if (upper.starts_with("FULLTEXT") || upper == "RRF") return "full-text search";
  if (upper.starts_with("VECTOR")) return "vector search";
  if (upper == "NOW" || upper == "AGO") return "use GetCurrentDateTime and DateTimeAdd";
  return {};
}

std::string capitals(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return upper;
}

std::string argument_counts(std::size_t least, std::size_t most) {
  if (least == most) return std::to_string(least);
  return fmt::format("{} {}", least,
                     most == kManyArguments ? "or more" : fmt::format("{} {}", most == least + 1 ? "or" : "to", most));
}

}  // namespace halley::query
