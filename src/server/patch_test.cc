#include "server/patch.h"

#include "server/account_fixture.h"
#include "server/container.h"

namespace halley::server {
namespace {

const cosmos::PartitionKeyDefinition kKey{{{"pk"}, {"a", "key"}}, cosmos::KeyKind::multi_hash, 2, false};

// The document after a patch, or the message of what was refused.
std::string patched(std::string_view document, std::string_view operations) {
  const auto patch = parse_patch(operations);
  if (!patch) return fmt::format("{} {}", patch.error().status, patch.error().message);
  const auto text = apply_patch(*patch, document, kKey);
  return text ? *text : fmt::format("{} {}", text.error().status, text.error().message);
}

TEST(PatchTest, ObjectsGetWhatIsAddedOrSet) {
  EXPECT_EQ(patched(R"({"x":1,"y":2})", R"([{"op":"add","path":"/z","value":{"q":[]}}])"),
            R"({"x":1,"y":2,"z":{"q":[]}})");
  EXPECT_EQ(patched(R"({"x":1,"y":2})", R"([{"op":"add","path":"/x","value":null}])"), R"({"x":null,"y":2})");
  EXPECT_EQ(patched(R"({"x":1,"y":2})", R"([{"op":"set","path":"/x","value":"s"}])"), R"({"x":"s","y":2})");
  EXPECT_EQ(patched(R"({"x":{"y":1}})", R"([{"op":"set","path":"/x/-","value":1}])"), R"({"x":{"y":1,"-":1}})");
  EXPECT_EQ(patched(R"({"x":{"y":1}})", R"([{"op":"set","path":"/x/0","value":1}])"), R"({"x":{"y":1,"0":1}})");
}

TEST(PatchTest, ArraysAreInsertedIntoByAddAndOverwrittenBySet) {
  constexpr std::string_view kText = R"({"t":[1,2,3]})";
  EXPECT_EQ(patched(kText, R"([{"op":"add","path":"/t/1","value":9}])"), R"({"t":[1,9,2,3]})");
  EXPECT_EQ(patched(kText, R"([{"op":"add","path":"/t/3","value":9}])"), R"({"t":[1,2,3,9]})");
  EXPECT_EQ(patched(kText, R"([{"op":"add","path":"/t/-","value":9}])"), R"({"t":[1,2,3,9]})");
  EXPECT_EQ(patched(kText, R"([{"op":"set","path":"/t/1","value":9}])"), R"({"t":[1,9,3]})");
  EXPECT_EQ(patched(kText, R"([{"op":"set","path":"/t/-","value":9}])"), R"({"t":[1,2,3,9]})");
  EXPECT_EQ(patched(kText, R"([{"op":"replace","path":"/t/0","value":9}])"), R"({"t":[9,2,3]})");
  EXPECT_EQ(patched(kText, R"([{"op":"remove","path":"/t/0"}])"), R"({"t":[2,3]})");
  EXPECT_EQ(patched(kText, R"([{"op":"incr","path":"/t/2","value":4}])"), R"({"t":[1,2,7]})");
  for (const char* place : {"4", "-1", "01", "1.0", "x", "18446744073709551616", ""}) {
    EXPECT_TRUE(patched(kText, fmt::format(R"([{{"op":"add","path":"/t/{}","value":9}}])", place)).starts_with("400 "));
  }
  for (const char* place : {"3", "-"}) {
    EXPECT_TRUE(
        patched(kText, fmt::format(R"([{{"op":"replace","path":"/t/{}","value":9}}])", place)).starts_with("400"));
    EXPECT_TRUE(patched(kText, fmt::format(R"([{{"op":"remove","path":"/t/{}"}}])", place)).starts_with("400 "));
    EXPECT_TRUE(
        patched(kText, fmt::format(R"([{{"op":"incr","path":"/t/{}","value":1}}])", place)).starts_with("400 "));
  }
}

TEST(PatchTest, IncrementsAddNumbersExactlyWhereTheyAreWhole) {
  EXPECT_EQ(patched(R"({"n":1})", R"([{"op":"incr","path":"/n","value":-3}])"), R"({"n":-2})");
  EXPECT_EQ(patched(R"({"n":9007199254740993})", R"([{"op":"incr","path":"/n","value":2}])"),
            R"({"n":9007199254740995})");
  EXPECT_EQ(patched(R"({"n":0.5})", R"([{"op":"incr","path":"/n","value":0.25}])"), R"({"n":0.75})");
  EXPECT_EQ(patched(R"({"n":9223372036854775807})", R"([{"op":"incr","path":"/n","value":1}])"),
            R"({"n":9.223372036854776e+18})");
  EXPECT_EQ(patched("{}", R"([{"op":"incr","path":"/n","value":5}])"), R"({"n":5})");
  EXPECT_EQ(patched(R"({"n":"1"})", R"([{"op":"incr","path":"/n","value":1}])"),
            "400 For Operation(1): Increment Operation can only be performed on a number.");
  EXPECT_TRUE(patched(R"({"n":1e308})", R"([{"op":"incr","path":"/n","value":1e308}])").starts_with("400 "));
  EXPECT_TRUE(patched(R"({"n":1})", R"([{"op":"incr","path":"/n","value":"1"}])").starts_with("400 "));
}

TEST(PatchTest, MovesTakeAndPut) {
  EXPECT_EQ(patched(R"({"x":{"y":1},"t":[5]})", R"([{"op":"move","from":"/x/y","path":"/t/0"}])"),
            R"({"x":{},"t":[1,5]})");
  EXPECT_EQ(patched(R"({"x":1,"y":2})", R"([{"op":"move","from":"/x","path":"/y"}])"), R"({"y":1})");
  EXPECT_EQ(patched(R"({"t":[1,2,3]})", R"([{"op":"move","from":"/t/0","path":"/t/-"}])"), R"({"t":[2,3,1]})");
  EXPECT_EQ(patched(R"({"x":1})", R"([{"op":"move","from":"/y","path":"/z"}])"),
            "400 For Operation(1): Move Operation can't be performed: 'y' is absent.");
  EXPECT_EQ(patched(R"({"x":{}})", R"([{"op":"move","from":"/x","path":"/x/y"}])"),
            "400 For Operation(1): Move Operation: 'path' can't lie inside 'from'.");
}

TEST(PatchTest, WhatIsNotTouchedKeepsItsText) {
  EXPECT_EQ(patched(R"({"z":1.50,"b":"é\n\"","a":1e5,"s":"\ud800x","":{"~":0}})",
                    R"([{"op":"add","path":"/n","value":12345678901234567890}])"),
            R"({"z":1.50,"b":"é\n\"","a":1e5,"s":"\ud800x","":{"~":0},"n":12345678901234567890})");
  EXPECT_EQ(patched(R"({"a/b":{"~":1}})", R"([{"op":"set","path":"/a~1b/~0","value":2}])"), R"({"a/b":{"~":2}})");
}

TEST(PatchTest, RefusalsNameTheOperation) {
  EXPECT_EQ(
      patched("{}", R"([{"op":"add","path":"/x","value":1},{"op":"add","path":"/p/q/r","value":1}])"),
      "400 For Operation(2): Add Operation can only create a child object of an existing node(array or object) and "
      "cannot create path recursively, no path found beyond: 'p'.");
  EXPECT_EQ(patched("{}", R"([{"op":"replace","path":"/x","value":1}])"),
            "400 For Operation(1): Replace Operation can't be performed: 'x' is absent.");
  for (const char* path : {"/id", "/pk", "/a", "/a/key", "/a/key/x", "/_ts", "/_etag", "/_rid", "/_self"}) {
    const std::string said = patched(R"({"x":1})", fmt::format(R"([{{"op":"set","path":"{}","value":1}}])", path));
    EXPECT_TRUE(said.starts_with("400 For Operation(1): Set Operation can't change the id")) << path << " " << said;
  }
  EXPECT_EQ(patched(R"({"a":{}})", R"([{"op":"set","path":"/a/other","value":1}])"), R"({"a":{"other":1}})");
  EXPECT_TRUE(patched("{}", R"([{"op":"move","from":"/pk","path":"/x"}])").starts_with("400 "));
  for (const char* body : {"", "{}", "[]", "7", R"({"operations":[]})", R"([{"op":"copy","path":"/x"}])",
                           R"([{"op":"set","path":"x","value":1}])", R"([{"op":"set","path":"","value":1}])",
                           R"([{"op":"set","path":"/x~2","value":1}])", R"([{"op":"set","path":"/x"}])", "[1]",
                           R"({"condition":7,"operations":[{"op":"remove","path":"/x"}]})"}) {
    EXPECT_TRUE(patched(R"({"x":1})", body).starts_with("400 ")) << body;
  }
  std::string many = R"({"op":"incr","path":"/n","value":1})";
  for (int i = 1; i < 10; ++i) many += R"(,{"op":"incr","path":"/n","value":1})";
  EXPECT_EQ(patched("{}", "[" + many + "]"), R"({"n":10})");
  EXPECT_TRUE(patched("{}", "[" + many + "," + many + "]").starts_with("400 "));
}

TEST_F(AccountTest, PatchesChangeADocumentOnItsCondition) {
  make_shop();
  const std::string etag(create(R"({"id":"1","pk":"a","state":"open","n":1.5})").headers.get("etag"));
  const Answer done =
      item("PATCH", "1",
           R"({"condition":"from c where c.state = 'open'",)"
           R"("operations":[{"op":"set","path":"/state","value":"done"},{"op":"incr","path":"/n","value":1}]})");
  ASSERT_EQ(done.status, 200) << done.body;
  EXPECT_TRUE(done.body.starts_with(R"({"id":"1","pk":"a","state":"done","n":2.5,"_rid":)")) << done.body;
  EXPECT_NE(done.headers.get("etag"), etag);
  EXPECT_EQ(item("GET", "1").body, done.body);
  const Answer refused = item("PATCH", "1",
                              R"({"condition":"from c where c.state = 'open'",)"
                              R"("operations":[{"op":"remove","path":"/state"}]})");
  EXPECT_EQ(refused.status, 412);
  EXPECT_EQ(refused.sub_status(), "1110");
  EXPECT_EQ(item("PATCH", "1", R"([{"op":"remove","path":"/n"}])", {{"If-Match", etag}}).status, 412);
  EXPECT_EQ(item("PATCH", "2", R"([{"op":"remove","path":"/n"}])").status, 404);
  for (const char* id : {"1", "2"}) {
    EXPECT_EQ(item("PATCH", id, R"({"condition":"where","operations":[{"op":"remove","path":"/n"}]})").status, 400)
        << "it is understood before the document is looked for";
  }
  EXPECT_EQ(item("GET", "1").body, done.body) << "refusals change nothing";
  const Answer minimal = item("PATCH", "1", R"([{"op":"remove","path":"/n"}])", {{"Prefer", "return=minimal"}});
  EXPECT_EQ(minimal.status, 200);
  EXPECT_EQ(minimal.body, "");
}

TEST_F(AccountTest, BatchesPatchToo) {
  make_shop();
  create(R"({"id":"1","pk":"a","n":1})");
  const auto batch = [&](std::string_view operations) {
    return send("POST", kDocs, operations,
                {{"x-ms-cosmos-is-batch-request", "true"},
                 {"x-ms-cosmos-batch-atomic", "true"},
                 {"x-ms-documentdb-partitionkey", R"(["a"])"}});
  };
  const Answer failed = batch(
      R"([{"operationType":"Patch","id":"1","resourceBody":{"operations":[{"op":"incr","path":"/n","value":1}]}},)"
      R"({"operationType":"Patch","id":"1","resourceBody":{"operations":[{"op":"remove","path":"/x"}]}}])");
  EXPECT_EQ(failed.status, 207);
  EXPECT_EQ(failed.value().items()[0].find("statusCode")->as_integer(), 424);
  EXPECT_EQ(failed.value().items()[1].find("statusCode")->as_integer(), 400);
  EXPECT_EQ(item("GET", "1").value().find("n")->as_integer(), 1);
  const Answer done = batch(
      R"([{"operationType":"Patch","id":"1","resourceBody":{"operations":[{"op":"incr","path":"/n","value":1}]}},)"
      R"({"operationType":"Patch","id":"1","resourceBody":{"condition":"FROM c WHERE c.n = 2","operations":)"
      R"([{"op":"incr","path":"/n","value":1}]}}])");
  EXPECT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(item("GET", "1").value().find("n")->as_integer(), 3);
}

}  // namespace
}  // namespace halley::server
