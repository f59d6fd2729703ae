// The operators of the language on values.
#pragma once

#include "query/syntax.h"
#include "query/value.h"

namespace halley::query {

Value apply_unary(Operator op, const Value& operand);
// All but AND, OR and ??, which don't always look at both sides. An operand of a type that the operator does not take
// makes the result undefined.
Value apply_binary(Operator op, const Value& left, const Value& right, Arena& arena);

}  // namespace halley::query
