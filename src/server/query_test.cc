#include "server/query.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "json/writer.h"

namespace halley::server {
namespace {

Result<Query> parse(std::string_view text, std::string_view parameters = "[]") {
  std::string body = R"({"query":)";
  json::append_string(body, text);
  return parse_query(fmt::format(R"({},"parameters":{}}})", body, parameters));
}

const cosmos::PartitionKeyDefinition kKey{{{"t"}, {"u", "v"}}, cosmos::KeyKind::multi_hash, 2, false};

TEST(QueryTest, UnderstandsTheFormsOfTheSdks) {
  for (const char* text : {"SELECT * FROM c", "select * from root", "SELECT * FROM Orders AS o", "SELECT * from c  ",
                           "SELECT * FROM root r WHERE r.id = 'x'"}) {
    EXPECT_TRUE(parse(text)) << text;
  }
  const auto offers =
      parse("select * from root r where r.offerResourceId= @targetRID", R"([{"name":"@targetRID","value":"abc="}])");
  ASSERT_TRUE(offers);
  EXPECT_TRUE(offers->matches(*json::parse(R"({"offerResourceId":"abc="})")));
  EXPECT_FALSE(offers->matches(*json::parse(R"({"offerResourceId":"abd="})")));
  EXPECT_FALSE(offers->matches(*json::parse(R"({})")));
}

TEST(QueryTest, ReadsEveryKindOfValueAndPath) {
  const auto query =
      parse(R"(SELECT * FROM c WHERE (c["a b"].n = 1.0 AND c.s = 'it\'s "q"') AND true = c.b AND c.z = null)");
  ASSERT_TRUE(query) << query.error().message;
  ASSERT_EQ(query->conditions.size(), 4U);
  EXPECT_EQ(query->conditions[0].path, (std::vector<std::string>{"a b", "n"}));
  EXPECT_EQ(query->conditions[1].value.text(), R"(it's "q")");
  EXPECT_TRUE(query->matches(*json::parse(R"({"a b":{"n":1},"s":"it's \"q\"","b":true,"z":null})")));
  EXPECT_FALSE(query->matches(*json::parse(R"({"a b":{"n":1},"s":"it's \"q\"","b":true})")));
}

TEST(QueryTest, RefusesTheRestClearly) {
  for (const char* text :
       {"", "SELECT c.id FROM c", "SELECT * FROM c ORDER BY c.id", "SELECT * FROM c WHERE c.id > 'a'",
        "SELECT * FROM c WHERE c.id = 'a' OR c.id = 'b'", "SELECT * FROM c JOIN d IN c.x",
        "SELECT * FROM c WHERE c.id = @p", "SELECT VALUE 1 FROM c", "SELECT * FROM c WHERE x.id = 1",
        "SELECT * FROM c WHERE c.id = 'a", "SELECT TOP 1 * FROM c"}) {
    const auto query = parse(text);
    ASSERT_FALSE(query) << text;
    EXPECT_EQ(query.error().status, 400) << text;
  }
  EXPECT_FALSE(parse_query("[]"));
  EXPECT_FALSE(parse_query("not json"));
}

Document document(std::string id, std::string key) {
  Document document;
  document.id = std::move(id);
  document.key = std::move(key);
  return document;
}

TEST(QueryTest, FiltersDocumentsByIdAndKey) {
  const auto filter = [](std::string_view text) { return document_filter(*parse(text), kKey); };
  const auto whole = filter("SELECT * FROM c WHERE c.u.v = 5 AND c.t = 'a' AND c.id = '1'");
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->key, R"(["a",5])");
  EXPECT_TRUE(whole->matches(document("1", R"(["a",5])")));
  EXPECT_FALSE(whole->matches(document("2", R"(["a",5])")));
  EXPECT_FALSE(whole->matches(document("1", R"(["a",50])")));
  const auto first = filter("SELECT * FROM c WHERE c.t = 1");
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->matches(document("1", "[1,5]")));
  EXPECT_FALSE(first->matches(document("1", "[12,5]")));
  const auto second = filter("SELECT * FROM c WHERE c.u.v = 5");
  ASSERT_TRUE(second);
  EXPECT_EQ(second->key, "");
  EXPECT_TRUE(second->matches(document("1", "[1,5]")));
  EXPECT_FALSE(second->matches(document("1", "[5,1]")));
  const auto none = filter("SELECT * FROM c WHERE c.t = 1 AND c.t = 2");
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->matches(document("1", "[1,5]")));
  EXPECT_FALSE(filter("SELECT * FROM c WHERE c.other = 1"));
}

}  // namespace
}  // namespace halley::server
