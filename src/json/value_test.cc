#include "json/value.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "json/arbitrary_json.h"
#include "json/document_scanner.h"

namespace halley::json {
namespace {

TEST(Value, KeepsNumbersAsWrittenAndMembersInOrder) {
  const char* const text = R"({"b":1.0,"a":[true,false,null,-1e5,"é\n"],"b":{},"":[]})";
  EXPECT_EQ(parse(text).value().to_text(), text);
}

TEST(Value, ReadsEveryKind) {
  const Value value =
      parse(R"( {"n":null,"t":true,"i":42,"d":1.5,"s":"a\u0062\ud83d\ude00","a":[1,2],"o":{"x":1}} )").value();
  EXPECT_EQ(value.kind(), Kind::object);
  EXPECT_TRUE(value.find("n")->is_null());
  EXPECT_EQ(value.find("t")->as_bool(), true);
  EXPECT_EQ(value.find("i")->as_integer(), 42);
  EXPECT_EQ(value.find("d")->as_double(), 1.5);
  EXPECT_EQ(value.find("s")->text(), "ab😀");
  EXPECT_EQ(value.find("a")->items().size(), 2U);
  EXPECT_EQ(value.find("o")->find("x")->as_integer(), 1);
  EXPECT_EQ(value.find("missing"), nullptr);
  EXPECT_EQ(value.find("a")->find("x"), nullptr);
}

TEST(Value, GivesNothingOfAnotherKind) {
  const Value text = Value::string("12");
  EXPECT_EQ(text.as_integer(), std::nullopt);
  EXPECT_EQ(text.as_double(), std::nullopt);
  EXPECT_EQ(text.as_bool(), std::nullopt);
  EXPECT_EQ(Value::boolean(true).as_integer(), std::nullopt);
  EXPECT_EQ(Value().text(), "");
}

TEST(Value, IntegersAreWholeAndInRange) {
  const auto integer = [](const char* text) { return Value::number(text).as_integer(); };
  EXPECT_EQ(integer("9223372036854775807"), 9223372036854775807);
  EXPECT_EQ(integer("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(integer("9223372036854775808"), std::nullopt);
  EXPECT_EQ(integer("1.0"), 1);
  EXPECT_EQ(integer("1e3"), 1000);
  EXPECT_EQ(integer("1.5"), std::nullopt);
  EXPECT_EQ(integer("1e300"), std::nullopt);
}

TEST(Value, FindGivesTheLastOfSeveral) {
  const Value value = parse(R"({"a":1,"b":2,"a":3})").value();
  EXPECT_EQ(value.find("a")->as_integer(), 3);
}

TEST(Value, SetReplacesAllOrAppendsAndEraseRemovesAll) {
  Value value = parse(R"({"a":1,"b":2,"a":3})").value();
  value.set("a", Value::string("x"));
  value.set("c", Value::array({Value::integer(1)}));
  EXPECT_EQ(value.to_text(), R"({"a":"x","b":2,"c":[1]})");
  value = parse(R"({"a":1,"b":2,"a":3})").value();
  value.erase("a");
  value.erase("missing");
  EXPECT_EQ(value.to_text(), R"({"b":2})");
}

TEST(Value, StringAtHasADefault) {
  const Value value = parse(R"({"a":"x","b":1})").value();
  EXPECT_EQ(value.string_at("a"), "x");
  EXPECT_EQ(value.string_at("b", "other"), "other");
  EXPECT_EQ(value.string_at("c"), "");
}

TEST(Value, RealsPrintAsTheServiceDoes) {
  EXPECT_EQ(Value::real(20.0).to_text(), "20");
  EXPECT_EQ(Value::real(1e20).to_text(), "1e+20");
  EXPECT_EQ(Value::integer(-5).to_text(), "-5");
}

TEST(Parse, FailsWithCorruptForWhatIsNotJson) {
  for (const char* text : {"", "{", "[1,]", "{\"a\":1,}", "[1}", "{\"a\" 1}", "{1:1}", "\"a", "\"\\q\"", "[1] 2", "nul",
                           "[1e999]", "\"\xff\"", "]", ":", ",", "[\"a\":1]"}) {
    const auto value = parse(text);
    ASSERT_FALSE(value) << text;
    EXPECT_EQ(value.error().code, Code::corrupt);
  }
}

TEST(Parse, AllowsTheServicesDepthAndNoMore) {
  const auto nested = [](int levels) {
    std::string text = "1";
    for (int i = 0; i < levels; ++i) text = i % 2 == 0 ? "[" + text + "]" : "{\"a\":" + text + "}";
    return text;
  };
  EXPECT_TRUE(parse(nested(128)));
  EXPECT_EQ(parse(nested(129)).error().code, Code::corrupt);
  EXPECT_EQ(parse(std::string(1'000'000, '[')).error().code, Code::corrupt);
}

RC_GTEST_PROP(Parse, RoundTrips, (std::uint64_t seed)) {
  ArbitraryJson arbitrary(seed);
  const std::string text = arbitrary.value(6).to_text();
  RC_ASSERT(parse(text).value().to_text() == text);
  RC_ASSERT(value_digest(parse(arbitrary.spell(parse(text).value())).value().to_text()).value() ==
            value_digest(text).value());
}

TEST(MemberSlice, IsExact) {
  const char* const text = R"( { "a" : [ 1 , 2 ] , "b":"x,}" ,"c" :  1.0 , "\u0064":{ "a" : 9 } } )";
  EXPECT_EQ(member_slice(text, "a").value(), "[ 1 , 2 ]");
  EXPECT_EQ(member_slice(text, "b").value(), "\"x,}\"");
  EXPECT_EQ(member_slice(text, "c").value(), "1.0");
  EXPECT_EQ(member_slice(text, "d").value(), "{ \"a\" : 9 }");
  EXPECT_EQ(member_slice(text, "e").value(), "");
  EXPECT_EQ(member_slice("{}", "e").value(), "");
  EXPECT_EQ(member_slice(R"({"a":1,"a":""})", "a").value(), "\"\"");
  for (const char* bad :
       {"", "[]", "1", "{\"a\":1", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{}x", "{\"a\":[1}", "{\"a\":1 2}"}) {
    EXPECT_FALSE(member_slice(bad, "b")) << bad;
  }
}

TEST(ArrayMemberSlices, AreExact) {
  using Slices = std::vector<std::string_view>;
  const char* const text = R"({"x":[9],"Documents":[ {"a": 1} ,2, "s" , [ ] ,null],"e":[],"o":{}})";
  EXPECT_EQ(array_member_slices(text, "Documents").value(), (Slices{"{\"a\": 1}", "2", "\"s\"", "[ ]", "null"}));
  EXPECT_EQ(array_member_slices(text, "e").value(), Slices{});
  for (const char* name : {"o", "missing"}) EXPECT_EQ(array_member_slices(text, name).error().code, Code::corrupt);
  EXPECT_EQ(array_member_slices(R"({"a":[1 2]})", "a").error().code, Code::corrupt);
  EXPECT_EQ(array_member_slices(R"({"a":[1,]})", "a").error().code, Code::corrupt);
  EXPECT_EQ(array_member_slices("[]", "a").error().code, Code::corrupt);
}

TEST(WithoutMembers, LeavesAllElseAsWritten) {
  const auto without = [](std::string_view text) { return without_members(text, {"_ts", "_rid"}).value(); };
  EXPECT_EQ(without(R"({"a":1,"_rid":"x","_ts":2})"), R"({"a":1})");
  EXPECT_EQ(without(R"({"_rid":"x","_ts":2,"a":1})"), R"({"a":1})");
  EXPECT_EQ(without(R"({"_rid":"x","a":1,"_ts":2,"b":2})"), R"({"a":1,"b":2})");
  EXPECT_EQ(without(R"({"_rid":"x","_ts":2})"), "{}");
  EXPECT_EQ(without(R"({"a":{"_ts":1},"b":["_ts"]})"), R"({"a":{"_ts":1},"b":["_ts"]})");
  EXPECT_EQ(without(R"({"_ts":1,"a":1,"_ts":2})"), R"({"a":1})");
  EXPECT_EQ(without("{ \"a\" : 1.0 , \"_ts\" : 2 , \"b\" : 3 }"), "{ \"a\" : 1.0 , \"b\" : 3 }");
  EXPECT_EQ(without("{}"), "{}");
  EXPECT_EQ(without(R"({"\u005fts":1})"), "{}");
  EXPECT_EQ(without_members("[]", {"a"}).error().code, Code::corrupt);
}

RC_GTEST_PROP(WithoutMembers, MeansTheSameAsErasingThem, (std::uint64_t seed)) {
  ArbitraryJson arbitrary(seed);
  Value object = arbitrary.object(4);
  const std::string text = arbitrary.spell(object);
  std::vector<std::string> names;
  for (const auto& member : object.members()) {
    if (arbitrary.chance(2)) names.push_back(member.first);
  }
  for (const std::string& name : names) object.erase(name);
  const std::string rest = without_members(text, {names.begin(), names.end()}).value();
  RC_ASSERT(value_digest(rest).value() == value_digest(object.to_text()).value());
}

}  // namespace
}  // namespace halley::json
