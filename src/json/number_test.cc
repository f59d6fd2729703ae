#include "json/number.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <cstdlib>

#include "json/arbitrary_json.h"

namespace halley::json {
namespace {

std::string canonical(std::string_view text) {
  const auto number = canonical_number(text);
  return number ? *number : "refused";
}

TEST(CanonicalNumber, PrintsWholeNumbersInFull) {
  EXPECT_EQ(canonical("0"), "0");
  EXPECT_EQ(canonical("-0"), "0");
  EXPECT_EQ(canonical("-0.0e5"), "0");
  EXPECT_EQ(canonical("1.0"), "1");
  EXPECT_EQ(canonical("2e1"), "20");
  EXPECT_EQ(canonical("0.1e1"), "1");
  EXPECT_EQ(canonical("-12.50e1"), "-125");
  EXPECT_EQ(canonical("9007199254740993"), "9007199254740992");
  EXPECT_EQ(canonical("28423844363879210"), "28423844363879208");
  EXPECT_EQ(canonical("10000000000000001"), "10000000000000000");
  EXPECT_EQ(canonical("123456789012345678"), "123456789012345680");
  EXPECT_EQ(canonical("9223372036854774784"), "9223372036854774784");  // The double before 2^63.
}

TEST(CanonicalNumber, PrintsLargeAndSmallNumbersWithAnExponent) {
  EXPECT_EQ(canonical("9223372036854775808"), "9.223372036854776e+18");
  EXPECT_EQ(canonical("-9223372036854775808"), "-9.223372036854776e+18");
  EXPECT_EQ(canonical("18446744073709551615"), "1.8446744073709552e+19");
  EXPECT_EQ(canonical("1e20"), "1e+20");
  EXPECT_EQ(canonical("100000000000000000000"), "1e+20");
  EXPECT_EQ(canonical("1.7976931348623157E308"), "1.7976931348623157e+308");
  EXPECT_EQ(canonical("1e-7"), "1e-7");
  EXPECT_EQ(canonical("0.00000012"), "1.2e-7");
  EXPECT_EQ(canonical("5e-324"), "5e-324");
}

TEST(CanonicalNumber, PrintsOthersPlainlyAndShortest) {
  EXPECT_EQ(canonical("0.1"), "0.1");
  EXPECT_EQ(canonical("0.10"), "0.1");
  EXPECT_EQ(canonical("1e-6"), "0.000001");
  EXPECT_EQ(canonical("123.456e-2"), "1.23456");
  EXPECT_EQ(canonical("0.1000000000000000055511151231257827"), "0.1");
  EXPECT_EQ(canonical("0.30000000000000004"), "0.30000000000000004");
  EXPECT_EQ(canonical("4503599627370495.5"), "4503599627370495.5");
}

TEST(CanonicalNumber, RoundsToZeroWhatIsTooSmall) {
  EXPECT_EQ(canonical("1e-400"), "0");
  EXPECT_EQ(canonical("-1e-99999999999999999999"), "0");
  EXPECT_EQ(canonical("0e99999"), "0");
  EXPECT_EQ(canonical("0." + std::string(400, '0') + "1"), "0");
}

TEST(CanonicalNumber, RefusesWhatIsTooLarge) {
  for (const std::string& text : {std::string("1e309"), std::string("-1e309"), std::string("1e99999999999999999999"),
                                  std::string(400, '9'), "0." + std::string(20, '0') + "1e400"}) {
    const auto number = canonical_number(text);
    ASSERT_FALSE(number) << text;
    EXPECT_EQ(number.error().code, Code::invalid_argument);
  }
}

TEST(CanonicalNumber, RefusesWhatIsNoJsonNumber) {
  for (const char* text :
       {"",         "-",         "+1",  "01", "-01", "00",  "1.",  ".5",    "1.e3",  "1e",   "1e+",   "0x10", "NaN",
        "Infinity", "-Infinity", "inf", "1 ", " 1",  "1,0", "--1", "1e1.5", "1_000", "true", "1.2.3", "1e5e5"}) {
    const auto number = canonical_number(text);
    ASSERT_FALSE(number) << text;
    EXPECT_EQ(number.error().code, Code::invalid_argument);
  }
}

RC_GTEST_PROP(CanonicalNumber, ReadsBackAsTheSameDouble, (std::uint64_t seed)) {
  const double value = ArbitraryJson(seed).number();
  const std::string text = format_double(value);
  RC_ASSERT(std::strtod(text.c_str(), nullptr) == value);
  RC_ASSERT(canonical(text) == text);
  RC_ASSERT(canonical(fmt::format("{:.17e}", value)) == text);
}

// Decimals of every length and place of the point are read as the C library does.
RC_GTEST_PROP(CanonicalNumber, ReadsTheNearestDouble, (std::uint64_t seed)) {
  ArbitraryJson arbitrary(seed);
  std::string text(1, static_cast<char>('1' + arbitrary.below(9)));
  for (std::size_t i = arbitrary.below(25); i > 0; --i) text += static_cast<char>('0' + arbitrary.below(10));
  if (arbitrary.chance(2)) text.insert(1 + arbitrary.below(text.size()), ".");
  if (text.back() == '.') text += "5";
  if (arbitrary.chance(3)) text += "e" + std::to_string(static_cast<int>(arbitrary.below(60)) - 30);
  if (arbitrary.chance(3)) text.insert(0, "-");
  RC_ASSERT(canonical(text) == format_double(std::strtod(text.c_str(), nullptr)));
}

}  // namespace
}  // namespace halley::json
