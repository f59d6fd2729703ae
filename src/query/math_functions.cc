// Functions over numbers. An argument that is none makes the result undefined; so does a result that is no number.
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <optional>

#include "query/functions.h"

namespace halley::query {
namespace {

constexpr double kTwoTo63 = 9223372036854775808.0;

template <double (*Compute)(double)>
Value of_one(const Call& call) {
  return call[0].is(Type::number) ? Value::number(Compute(call[0].number())) : Value();
}

template <double (*Compute)(double, double)>
Value of_two(const Call& call) {
  if (!call[0].is(Type::number) || !call[1].is(Type::number)) return {};
  return Value::number(Compute(call[0].number(), call[1].number()));
}

double absolute(double x) { return std::abs(x); }
double cotangent(double x) { return 1 / std::tan(x); }
double degrees(double x) { return x * 180 / std::numbers::pi; }
double radians(double x) { return x * std::numbers::pi / 180; }
double sign(double x) { return x > 0 ? 1 : (x < 0 ? -1 : 0); }
double square(double x) { return x * x; }
double power(double x, double y) { return std::pow(x, y); }
double angle(double y, double x) { return std::atan2(y, x); }

Value logarithm(const Call& call) {
  if (call.count() == 1) return of_one<std::log>(call);
  if (!call[0].is(Type::number) || !call[1].is(Type::number)) return {};
  return Value::number(std::log(call[0].number()) / std::log(call[1].number()));
}

Value pi(const Call&) { return Value::number(std::numbers::pi); }

// A generator good enough for what RAND is for: xorshift64*.
Value random(const Call& call) {
  std::uint64_t& state = call.context.random;
  state ^= state >> 12U;
  state ^= state << 25U;
  state ^= state >> 27U;
  constexpr double kTwoTo53 = 9007199254740992.0;
  return Value::number(static_cast<double>((state * 0x2545F4914F6CDD1DULL) >> 11U) / kTwoTo53);
}

Value number_bin(const Call& call) {
  if (!call[0].is(Type::number)) return {};
  double size = 1;
  if (call.count() == 2) {
    if (!call[1].is(Type::number) || call[1].number() == 0) return {};
    size = call[1].number();
  }
  // Bins like 0.1 have no exact double: where 1/size is whole, dividing by it gives the number that is meant.
  const double bin = std::floor(call[0].number() / size);
  const double inverse = 1 / size;
  const bool whole_inverse = std::abs(size) < 1 && std::abs(inverse - std::round(inverse)) < 1e-9;
  return Value::number(whole_inverse ? bin / std::round(inverse) : bin * size);
}

std::optional<std::int64_t> integer(const Value& value) {
  if (!value.is(Type::number) || std::trunc(value.number()) != value.number()) return std::nullopt;
  if (value.number() < -kTwoTo63 || value.number() >= kTwoTo63) return std::nullopt;
  return static_cast<std::int64_t>(value.number());
}

using Bits = std::uint64_t;

// Two integers of 64 bits; overflows wrap around.
template <std::optional<Bits> (*Compute)(std::int64_t, std::int64_t)>
Value of_integers(const Call& call) {
  const auto a = integer(call[0]);
  const auto b = integer(call[1]);
  if (!a || !b) return {};
  const auto result = Compute(*a, *b);
  return result ? Value::number(static_cast<double>(static_cast<std::int64_t>(*result))) : Value();
}

Bits bits(std::int64_t x) { return static_cast<Bits>(x); }
std::optional<Bits> add(std::int64_t a, std::int64_t b) { return bits(a) + bits(b); }
std::optional<Bits> subtract(std::int64_t a, std::int64_t b) { return bits(a) - bits(b); }
std::optional<Bits> multiply(std::int64_t a, std::int64_t b) { return bits(a) * bits(b); }
std::optional<Bits> divide(std::int64_t a, std::int64_t b) {
  if (b == 0) return std::nullopt;
  return b == -1 ? 0 - bits(a) : bits(a / b);
}
std::optional<Bits> modulo(std::int64_t a, std::int64_t b) {
  if (b == 0) return std::nullopt;
  return b == -1 ? 0 : bits(a % b);
}
std::optional<Bits> bit_and(std::int64_t a, std::int64_t b) { return bits(a) & bits(b); }
std::optional<Bits> bit_or(std::int64_t a, std::int64_t b) { return bits(a) | bits(b); }
std::optional<Bits> bit_xor(std::int64_t a, std::int64_t b) { return bits(a) ^ bits(b); }
std::optional<Bits> shift_left(std::int64_t a, std::int64_t b) {
  if (b < 0) return std::nullopt;
  return b > 63 ? 0 : bits(a) << bits(b);
}
std::optional<Bits> shift_right(std::int64_t a, std::int64_t b) {
  if (b < 0) return std::nullopt;
  return bits(a >> std::min<std::int64_t>(b, 63));
}

Value bit_not(const Call& call) {
  const auto a = integer(call[0]);
  return a ? Value::number(static_cast<double>(~*a)) : Value();
}

constexpr std::array kMathFunctions = {
    Function{"ABS", 1, 1, of_one<absolute>},
    Function{"ACOS", 1, 1, of_one<std::acos>},
    Function{"ASIN", 1, 1, of_one<std::asin>},
    Function{"ATAN", 1, 1, of_one<std::atan>},
    Function{"ATN2", 2, 2, of_two<angle>},
    Function{"CEILING", 1, 1, of_one<std::ceil>},
    Function{"COS", 1, 1, of_one<std::cos>},
    Function{"COT", 1, 1, of_one<cotangent>},
    Function{"DEGREES", 1, 1, of_one<degrees>},
    Function{"EXP", 1, 1, of_one<std::exp>},
    Function{"FLOOR", 1, 1, of_one<std::floor>},
    Function{"LOG", 1, 2, logarithm},
    Function{"LOG10", 1, 1, of_one<std::log10>},
    Function{"NUMBERBIN", 1, 2, number_bin},
    Function{"PI", 0, 0, pi},
    Function{"POWER", 2, 2, of_two<power>},
    Function{"RADIANS", 1, 1, of_one<radians>},
    Function{"RAND", 0, 0, random},
    Function{"ROUND", 1, 1, of_one<std::round>},
    Function{"SIGN", 1, 1, of_one<sign>},
    Function{"SIN", 1, 1, of_one<std::sin>},
    Function{"SQRT", 1, 1, of_one<std::sqrt>},
    Function{"SQUARE", 1, 1, of_one<square>},
    Function{"TAN", 1, 1, of_one<std::tan>},
    Function{"TRUNC", 1, 1, of_one<std::trunc>},
};

constexpr std::array kIntegerFunctions = {
    Function{"INTADD", 2, 2, of_integers<add>},
    Function{"INTBITAND", 2, 2, of_integers<bit_and>},
    Function{"INTBITLEFTSHIFT", 2, 2, of_integers<shift_left>},
    Function{"INTBITNOT", 1, 1, bit_not},
    Function{"INTBITOR", 2, 2, of_integers<bit_or>},
    Function{"INTBITRIGHTSHIFT", 2, 2, of_integers<shift_right>},
    Function{"INTBITXOR", 2, 2, of_integers<bit_xor>},
    Function{"INTDIV", 2, 2, of_integers<divide>},
    Function{"INTMOD", 2, 2, of_integers<modulo>},
    Function{"INTMUL", 2, 2, of_integers<multiply>},
    Function{"INTSUB", 2, 2, of_integers<subtract>},
};

}  // namespace

std::span<const Function> math_functions() { return kMathFunctions; }
std::span<const Function> integer_functions() { return kIntegerFunctions; }

}  // namespace halley::query
