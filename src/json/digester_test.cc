#include "json/digester.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "json/arbitrary_json.h"
#include "json/document_scanner.h"

namespace halley::json {
namespace {

std::uint64_t digest(std::string_view text) {
  const auto result = value_digest(text);
  EXPECT_TRUE(result) << text;
  return result.value_or(0);
}

// The examples of docs/body-digest.md, computed by an independent program.
TEST(ValueDigest, IsAsDocumented) {
  const std::pair<const char*, std::uint64_t> examples[] = {
      {R"(null)", 0x243F6A8885A308D3},
      {R"(false)", 0x13198A2E03707344},
      {R"(true)", 0xA4093822299F31D0},
      {R"(0)", 0xA509DBDC183B4657},
      {R"(1)", 0xED1BF1E38D4D8537},
      {R"(-1.5)", 0xF7FDE951B807C07C},
      {R"(1e300)", 0x7DC30C79EF48DA6D},
      {R"(10000000000000001)", 0x9BFE54C7598C22B8},
      {R"("")", 0x25340694F21ECC0A},
      {R"("a")", 0xE644E98061BC92B2},
      {R"("0123456789abcdef")", 0x1F40C013C36BD9CE},
      {R"("0123456789abcdefg")", 0xD385CEFE9B278317},
      {R"("\u00e9\/\ud83d\ude00")", 0x21C0706997A6561D},
      {R"("\ud800")", 0x783BB30445055BA7},
      {R"([])", 0x3F84D5B5B5470917},
      {R"([1,2])", 0xEF10DA0939FAE96D},
      {R"([2,1])", 0xFABB6EB5EC0B6B98},
      {R"({})", 0x458C0991AD83E346},
      {R"({"a":1})", 0x6F5BA94520D0320C},
      {R"({"a":1,"a":1})", 0xA5C730ADE2870FC6},
      {R"({"b":[true,null],"a":{"id":"x"}})", 0x3FB60FBBE2FD3D2E},
  };
  for (const auto& [text, expected] : examples) EXPECT_EQ(digest(text), expected) << text;
}

TEST(ValueDigest, IgnoresOrderSpaceAndSpelling) {
  EXPECT_EQ(digest(R"({"a":1,"b":[true,null]})"), digest("{ \"b\" : [ true , null ] ,\n\"\\u0061\" : 1.0 }"));
  EXPECT_EQ(digest("[1,1.0,1e0,10e-1,0.1E+1]"), digest("[1,1,1,1,1]"));
  EXPECT_EQ(digest("[-0,0.0,-0e5]"), digest("[0,0,0]"));
  EXPECT_EQ(digest("10000000000000001"), digest("10000000000000000"));
  EXPECT_EQ(digest("0.1000000000000000055511151231257827"), digest("0.1"));
  EXPECT_EQ(digest(R"("\u00e9\/\ud83d\ude00")"), digest("\"é/😀\""));
}

TEST(ValueDigest, TellsValuesApart) {
  const char* const texts[] = {"null",
                               "true",
                               "false",
                               "0",
                               "1",
                               "-1",
                               "0.5",
                               "10000000000000002",
                               "\"\"",
                               "\"a\"",
                               "\"b\"",
                               "\"null\"",
                               "\"1\"",
                               "[]",
                               "{}",
                               "[[]]",
                               "[{}]",
                               "[null]",
                               "[1,2]",
                               "[2,1]",
                               "[[1],2]",
                               "[[1,2]]",
                               "[1,2,null]",
                               "{\"a\":1}",
                               "{\"a\":2}",
                               "{\"b\":1}",
                               "{\"a\":1,\"b\":2}",
                               "{\"a\":2,\"b\":1}",
                               "{\"a\":1,\"a\":1}",
                               "{\"a\":{\"b\":1}}",
                               "{\"a\":1,\"b\":{\"a\":1}}",
                               "[\"a\",1]",
                               "\"\\ud800\"",
                               "\"\\ud801\"",
                               "{\"\":1}",
                               "{\"a\":null}"};
  for (const char* a : texts) {
    for (const char* b : texts) EXPECT_EQ(digest(a) == digest(b), a == b) << a << " " << b;
  }
}

RC_GTEST_PROP(ValueDigest, IsTheSameForEverySpelling, (std::uint64_t seed)) {
  ArbitraryJson arbitrary(seed);
  const Value value = arbitrary.value(6);
  RC_ASSERT(digest(arbitrary.spell(value)) == digest(arbitrary.spell(value)));
}

RC_GTEST_PROP(ValueDigest, DiffersWhenAnythingChanges, (std::uint64_t seed)) {
  ArbitraryJson arbitrary(seed);
  const Value value = arbitrary.value(6);
  Value changed = value;
  arbitrary.change(changed);
  RC_ASSERT(digest(arbitrary.spell(value)) != digest(arbitrary.spell(changed)));
}

TEST(ValueDigest, FailsWithCorruptForWhatIsNotJson) {
  for (const char* text :
       {"", "{", "[1,]", "{\"a\":1,}", "nul", "truefalse", "01", "1e999", "\"\\x\"", "\"\xff\"", "1 2", "{1:1}"}) {
    EXPECT_EQ(value_digest(text).error().code, Code::corrupt) << text;
  }
}

}  // namespace
}  // namespace halley::json
