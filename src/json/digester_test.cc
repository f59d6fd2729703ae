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
