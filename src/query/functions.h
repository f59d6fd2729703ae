// The system functions of the language.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "query/arena.h"
#include "query/pattern.h"
#include "query/syntax.h"
#include "query/value.h"

namespace halley::query {

// What an evaluation gives its functions.
struct FunctionContext {
  Arena& arena;
  std::int64_t now_ms = 0;            // milliseconds since 1970
  std::uint64_t document_number = 0;  // what DOCUMENTID tells
  std::uint64_t random = 1;           // the state of RAND; never 0

  Bounds& bounds() const { return arena.bounds(); }
  bool spend(std::uint64_t steps) { return bounds().spend(steps); }
};

// The arguments of one call; undefined ones are there, too.
struct Call {
  std::span<const Value> arguments;
  FunctionContext& context;
  const Pattern* pattern = nullptr;  // what the resolver made of a literal pattern

  std::size_t count() const { return arguments.size(); }
  const Value& operator[](std::size_t i) const { return arguments[i]; }
  Arena& arena() const { return context.arena; }
};

inline constexpr std::size_t kManyArguments = 1000;

struct Function {
  std::string_view name;  // in capitals
  std::size_t least;
  std::size_t most;
  Value (*evaluate)(const Call& call);
};

// By name in capitals; nullptr or nothing when there is none.
const Function* find_function(std::string_view upper);
std::optional<Aggregate> find_aggregate(std::string_view upper);
// Why a function that the service has is not offered here; empty for a name the service does not know either.
std::string_view refused_function(std::string_view upper);

// The functions of each family, for find_function().
std::span<const Function> type_functions();
std::span<const Function> string_functions();
std::span<const Function> text_functions();  // strings to other things, and back
std::span<const Function> math_functions();
std::span<const Function> integer_functions();
std::span<const Function> array_functions();
std::span<const Function> date_functions();

std::string capitals(std::string_view text);
// "2", "2 or 3", "2 or more".
std::string argument_counts(std::size_t least, std::size_t most);

}  // namespace halley::query
