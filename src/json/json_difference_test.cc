#include "json/json_difference.h"

#include <gtest/gtest.h>

#include "json/arbitrary_json.h"
#include "json/document_scanner.h"
#include "json/value.h"

namespace halley::json {
namespace {

std::string patch(std::string_view before, std::string_view after) {
  const auto changes = difference(before, after);
  EXPECT_TRUE(changes) << changes.error().to_string();
  std::string text;
  if (changes) append_patch(text, *changes);
  return text;
}

TEST(JsonDifference, NamesWhatWasAddedRemovedAndChanged) {
  EXPECT_EQ(patch(R"({"a":1,"b":"x","c":true})", R"({"c":true,"b":"y","d":null})"),
            R"([{"op":"remove","path":"/a","old":1},{"op":"replace","path":"/b","value":"y","old":"x"},)"
            R"({"op":"add","path":"/d","value":null}])");
  EXPECT_EQ(patch(R"({"a":{"b":{"c":[1]}}})", R"({"a":{"b":{"c":{"0":1}}}})"),
            R"([{"op":"replace","path":"/a/b/c","value":{"0":1},"old":[1]}])");
}

TEST(JsonDifference, SaysNothingOfOtherSpellings) {
  EXPECT_EQ(patch(R"({"a":1.0,"b":"\u0041","c":[ 1,2 ]})", R"({"c":[1,2e0],"b":"A","a":1})"), "[]");
  EXPECT_EQ(patch(R"({"a":-0})", R"({"a":0})"), "[]");
  EXPECT_EQ(patch(R"({"a":"1"})", R"({"a":1})"), R"([{"op":"replace","path":"/a","value":1,"old":"1"}])");
  EXPECT_EQ(patch(R"({"a":null})", R"({"a":false})"), R"([{"op":"replace","path":"/a","value":false,"old":null}])");
}

TEST(JsonDifference, KeepsValuesAsTheyAreWritten) {
  EXPECT_EQ(patch(R"({"a":12345678901234567890.50})", R"({"a":"\u00e9\/"})"),
            R"([{"op":"replace","path":"/a","value":"\u00e9\/","old":12345678901234567890.50}])");
}

TEST(JsonDifference, FindsWhereAnArrayWasChanged) {
  EXPECT_EQ(patch("[1,2,3,4]", "[1,9,2,3,4]"), R"([{"op":"add","path":"/1","value":9}])");
  EXPECT_EQ(patch("[1,2,3,4]", "[1,4]"),
            R"([{"op":"remove","path":"/2","old":3},{"op":"remove","path":"/1","old":2}])");
  EXPECT_EQ(patch(R"([{"a":1},{"b":2},3])", R"([{"a":1},{"b":5},3])"),
            R"([{"op":"replace","path":"/1/b","value":5,"old":2}])");
  EXPECT_EQ(patch("[1,1]", "[1,1,1]"), R"([{"op":"add","path":"/2","value":1}])");
}

TEST(JsonDifference, EscapesPaths) {
  EXPECT_EQ(patch(R"({"a/b":{"~":1},"":2})", R"({"a/b":{"~":2},"":3})"),
            R"([{"op":"replace","path":"/a~1b/~0","value":2,"old":1},{"op":"replace","path":"/","value":3,"old":2}])");
}

TEST(JsonDifference, ComparesAnObjectThatHasANameTwiceAsAWhole) {
  EXPECT_EQ(patch(R"({"o":{"a":1,"a":2}})", R"({"o":{"a":1,"a":3}})"),
            R"([{"op":"replace","path":"/o","value":{"a":1,"a":3},"old":{"a":1,"a":2}}])");
  EXPECT_EQ(patch(R"({"a":1,"a":2})", R"({"a":1, "a":2})"), "[]");
}

TEST(JsonDifference, RefusesWhatIsNotJson) {
  for (const char* text : {"", "{", "{\"a\"}", "[1,]", "nul", "{} {}", "[01]", R"(["\x"])", R"({"a":1 "b":2})"}) {
    EXPECT_FALSE(difference(text, "{}")) << text;
    EXPECT_FALSE(difference("{}", text)) << text;
  }
  const std::string deep = std::string(129, '[') + std::string(129, ']');
  EXPECT_FALSE(difference(deep, "{}"));
}

// Applies a patch as RFC 6902 says.
void apply(Value& document, const Value& step) {
  const std::string op = step.string_at("op");
  const std::string path = step.string_at("path");
  if (path.empty()) {
    document = *step.find("value");
    return;
  }
  Value* parent = &document;
  std::string name;
  for (std::size_t at = 0; at < path.size();) {
    if (at > 0) parent = parent->is_array() ? &parent->items()[std::stoul(name)] : parent->find(name);
    const std::size_t end = std::min(path.find('/', at + 1), path.size());
    name = path.substr(at + 1, end - at - 1);
    for (std::size_t tilde = 0; (tilde = name.find('~', tilde)) != std::string::npos; ++tilde) {
      name.replace(tilde, 2, name[tilde + 1] == '0' ? "~" : "/");
    }
    at = end;
  }
  if (!parent->is_array()) {
    op == "remove" ? parent->erase(name) : parent->set(name, *step.find("value"));
    return;
  }
  const auto place = parent->items().begin() + static_cast<std::ptrdiff_t>(std::stoul(name));
  if (op == "remove") parent->items().erase(place);
  if (op == "replace") *place = *step.find("value");
  if (op == "add") parent->items().insert(place, *step.find("value"));
}

TEST(JsonDifference, IsAPatchThatMakesTheOneOfTheOther) {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    ArbitraryJson arbitrary(seed);
    const Value before = arbitrary.object(4);
    Value after = before;
    for (std::size_t i = arbitrary.below(4); i > 0; --i) arbitrary.change(after);
    if (arbitrary.chance(10)) after = arbitrary.object(3);
    const auto steps = parse(patch(arbitrary.spell(before), arbitrary.spell(after)));
    ASSERT_TRUE(steps);
    Value made = before;
    for (const Value& step : steps->items()) apply(made, step);
    EXPECT_EQ(*value_digest(made.to_text()), *value_digest(after.to_text())) << "seed " << seed;
    EXPECT_EQ(steps->items().empty(), *value_digest(before.to_text()) == *value_digest(after.to_text()))
        << "seed " << seed;
  }
}

}  // namespace
}  // namespace halley::json
