#include "query/operators.h"

#include <algorithm>
#include <cmath>

namespace halley::query {
namespace {

// As JavaScript makes an integer of 32 bits of a number: without its fraction, modulo 2^32.
std::int32_t to_int32(double number) {
  if (!std::isfinite(number)) return 0;
  constexpr double kTwoTo32 = 4294967296.0;
  double wrapped = std::fmod(std::trunc(number), kTwoTo32);
  if (wrapped < 0) wrapped += kTwoTo32;
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(wrapped));
}

// Of two values of one type. Arrays and objects are equal or not, but not ordered.
Value compare_values(Operator op, const Value& left, const Value& right, Arena& arena) {
  if (left.type() != right.type() || !left.is_defined()) return {};
  if (op == Operator::equal) return Value::boolean(equal(left, right, arena));
  if (!left.is_scalar()) return {};
  if (left.is(Type::number)) {
    const double a = left.number();
    const double b = right.number();
    switch (op) {
      case Operator::not_equal:
        return Value::boolean(a != b);
      case Operator::less:
        return Value::boolean(a < b);
      case Operator::less_equal:
        return Value::boolean(a <= b);
      case Operator::greater:
        return Value::boolean(a > b);
      default:
        return Value::boolean(a >= b);
    }
  }
  const int order = compare_same_type(left, right, arena);
  switch (op) {
    case Operator::not_equal:
      return Value::boolean(order != 0);
    case Operator::less:
      return Value::boolean(order < 0);
    case Operator::less_equal:
      return Value::boolean(order <= 0);
    case Operator::greater:
      return Value::boolean(order > 0);
    default:
      return Value::boolean(order >= 0);
  }
}

double compute_bits(Operator op, std::int32_t a, std::int32_t b) {
  const auto unsigned_a = static_cast<std::uint32_t>(a);
  const auto unsigned_b = static_cast<std::uint32_t>(b);
  const std::uint32_t shift = unsigned_b & 31U;
  switch (op) {
    case Operator::bit_and:
      return static_cast<std::int32_t>(unsigned_a & unsigned_b);
    case Operator::bit_or:
      return static_cast<std::int32_t>(unsigned_a | unsigned_b);
    case Operator::bit_xor:
      return static_cast<std::int32_t>(unsigned_a ^ unsigned_b);
    case Operator::shift_left:
      return static_cast<std::int32_t>(unsigned_a << shift);
    case Operator::shift_right:
      return a >> shift;
    default:
      return unsigned_a >> shift;
  }
}

Value compute(Operator op, const Value& left, const Value& right) {
  if (!left.is(Type::number) || !right.is(Type::number)) return {};
  const double a = left.number();
  const double b = right.number();
  switch (op) {
    case Operator::add:
      return Value::number(a + b);
    case Operator::subtract:
      return Value::number(a - b);
    case Operator::multiply:
      return Value::number(a * b);
    case Operator::divide:
      return Value::number(a / b);
    case Operator::modulo:
      return Value::number(std::fmod(a, b));
    default:
      return Value::number(compute_bits(op, to_int32(a), to_int32(b)));
  }
}

Value concatenate(const Value& left, const Value& right, Arena& arena) {
  if (!left.is(Type::string) || !right.is(Type::string)) return {};
  const std::size_t size = left.text().size() + right.text().size();
  char* const out = static_cast<char*>(arena.allocate(size));
  if (out == nullptr) return {};
  std::copy_n(right.text().data(), right.text().size(), std::copy_n(left.text().data(), left.text().size(), out));
  return Value::string({out, size});
}

}  // namespace

Value apply_unary(Operator op, const Value& operand) {
  if (op == Operator::logical_not) return operand.is(Type::boolean) ? Value::boolean(!operand.truth()) : Value();
  if (!operand.is(Type::number)) return {};
  switch (op) {
    case Operator::minus:
      return Value::number(-operand.number());
    case Operator::bit_not:
      return Value::number(~to_int32(operand.number()));
    default:
      return operand;
  }
}

Value apply_binary(Operator op, const Value& left, const Value& right, Arena& arena) {
  switch (op) {
    case Operator::equal:
    case Operator::not_equal:
    case Operator::less:
    case Operator::less_equal:
    case Operator::greater:
    case Operator::greater_equal:
      return compare_values(op, left, right, arena);
    case Operator::concatenate:
      return concatenate(left, right, arena);
    default:
      return compute(op, left, right);
  }
}

}  // namespace halley::query
