#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "json/arbitrary_json.h"
#include "json/document_scanner.h"
#include "json/number.h"

namespace halley::json {
namespace {

std::string normal(std::string_view text) {
  const auto result = normalise(text);
  return result ? *result : "refused: " + result.error().to_string();
}

TEST(Normalise, DropsWhiteSpaceOnly) {
  EXPECT_EQ(normal(" { \"b\" : [ 1 , \"x y\" ,\n{ } , [\t] ] , \"a\" : null , \"c\":true,\"d\": false}\r\n"),
            R"({"b":[1,"x y",{},[]],"a":null,"c":true,"d":false})");
  EXPECT_EQ(normal("\"x\""), "\"x\"");
  EXPECT_EQ(normal(" 12 "), "12");
}

TEST(Normalise, MakesNumbersCanonical) {
  EXPECT_EQ(normal("[1.0,2e1,-0,0.50,1e20,28423844363879210,0.0000001,0.000001,-1.5,10,100,123456789012345]"),
            "[1,20,0,0.5,1e+20,28423844363879208,1e-7,0.000001,-1.5,10,100,123456789012345]");
}

TEST(Normalise, LeavesOnlyNeededEscapes) {
  EXPECT_EQ(normal(R"(["\u00e9\u20AC\ud83d\uDE00","\/","\u0041\"\\\n","\u000a\u0008\u001F\u0000","\u007f"])"),
            "[\"é€😀\",\"/\",\"A\\\"\\\\\\n\",\"\\n\\b\\u001f\\u0000\",\"\x7f\"]");
  EXPECT_EQ(normal(R"({"\u0061":1})"), R"({"a":1})");
}

TEST(Normalise, KeepsLoneSurrogatesEscaped) {
  EXPECT_EQ(normal(R"(["\uD800","\udc00x","\ud800\ud83d\ude00","\ud800\u0041"])"),
            R"(["\ud800","\udc00x","\ud800😀","\ud800A"])");
}

TEST(Normalise, KeepsDuplicateMembersAndOrder) {
  EXPECT_EQ(normal(R"({"b":1,"a":2,"b":3})"), R"({"b":1,"a":2,"b":3})");
}

TEST(Normalise, AllowsTheServicesDepthAndNoMore) {
  const auto nested = [](std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); };
  EXPECT_EQ(normal(nested(128)), nested(128));
  EXPECT_EQ(normalise(nested(129)).error().code, Code::invalid_argument);
}

TEST(Normalise, RefusesWhatIsNotJson) {
  for (const char* text : {"",           " ",           "{",          "}",        "[1,]",
                           "[,1]",       "[1 2]",       "{\"a\"}",    "{\"a\":}", "{\"a\":1,}",
                           "{a:1}",      "{1:2}",       "[1]x",       "[1][2]",   "tru",
                           "truex",      "nul",         "nullnull",   "'a'",      "\"a",
                           "\"\\x\"",    "\"\\u12g4\"", "\"\\u123\"", "\"a\nb\"", "[01]",
                           "[1.]",       "[1e999]",     "[NaN]",      "[1\"a\"]", "[\"a\"1]",
                           "\"a\"\"b\"", "\xff",        "\"\xff\"",   "\"\xc3\"", "\"\xed\xa0\x80\"",
                           "[1}",        "{\"a\":1]",   "/**/1",      "[1\v]",    "-"}) {
    const auto result = normalise(text);
    ASSERT_FALSE(result) << text;
    EXPECT_EQ(result.error().code, Code::invalid_argument);
  }
}

TEST(Normalise, TellsThePlace) { EXPECT_NE(normal("[1,2,x]").find("byte 5"), std::string::npos); }

RC_GTEST_PROP(Normalise, IsIdempotentAndKeepsTheMeaning, (std::uint64_t seed)) {
  ArbitraryJson arbitrary(seed);
  const std::string text = arbitrary.spell(arbitrary.value(6));
  const std::string once = normalise(text).value();
  RC_ASSERT(normalise(once).value() == once);
  RC_ASSERT(value_digest(once).value() == value_digest(text).value());
}

// Every spelling of a value whose members have an order is normalised to the one text that the tree's own writer makes.
RC_GTEST_PROP(Normalise, MakesOneTextOfAllSpellings, (std::uint64_t seed)) {
  ArbitraryJson arbitrary(seed);
  Value list = Value::array();
  for (int i = 0; i < 10; ++i) list.items().push_back(arbitrary.value(1));
  RC_ASSERT(normalise(arbitrary.spell(list)).value() == list.to_text());
}

}  // namespace
}  // namespace halley::json
