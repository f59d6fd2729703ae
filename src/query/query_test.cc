#include "query/query.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "query/parser.h"
#include "query/run.h"

namespace halley::query {
namespace {

std::string repeated(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

std::optional<std::string> pinned(std::string_view condition, const std::vector<std::string>& path) {
  const auto query = Query::parse(fmt::format("SELECT * FROM c WHERE {}", condition), {{"@p", "\"v\""}});
  EXPECT_TRUE(query) << condition;
  return query->pinned(path);
}

TEST(QueryTest, TellsWhatEqualityPins) {
  EXPECT_EQ(pinned("c.k = 5", {"k"}), "5");
  EXPECT_EQ(pinned("'a' = c.k AND c.x > 1", {"k"}), "\"a\"");
  EXPECT_EQ(pinned("c.x > 1 AND (c.y = 2 AND c['k'] = @p)", {"k"}), "\"v\"");
  EXPECT_EQ(pinned("c.a.b = null", {"a", "b"}), "null");
  EXPECT_EQ(pinned("c.k IN (true)", {"k"}), "true");
  EXPECT_EQ(pinned("(c.k = 1.0) AND (true)", {"k"}), "1");
  for (const char* open : {"c.k = 5 OR c.x = 1", "c.k > 5", "c.k = c.x", "NOT c.k = 5", "c.k IN (1, 2)", "c.k != 5",
                           "c.k NOT IN (1)", "c.kk = 5", "c.k.l = 5", "c.k = [1]", "c.k = undefined", "c.x.k = 1"}) {
    EXPECT_EQ(pinned(open, {"k"}), std::nullopt) << open;
  }
  EXPECT_EQ(Query::parse("SELECT * FROM c")->pinned({"k"}), std::nullopt);
  EXPECT_EQ(Query::parse("SELECT * FROM c.o AS x WHERE x.k = 1")->pinned({"k"}), std::nullopt);
  EXPECT_EQ(Query::parse("SELECT * FROM c.o AS x WHERE x.k = 1")->pinned({"o", "k"}), "1");
}

TEST(QueryTest, KnowsWhatItIsMadeOf) {
  EXPECT_TRUE(Query::parse("SELECT * FROM c")->copies_documents());
  EXPECT_TRUE(Query::parse("SELECT VALUE x FROM c AS x")->copies_documents());
  for (const char* other : {"SELECT * FROM c WHERE c.x = 1", "SELECT VALUE c.x FROM c", "SELECT * FROM c.x",
                            "SELECT c FROM c", "SELECT DISTINCT * FROM c", "SELECT VALUE x FROM x IN c.a"}) {
    EXPECT_FALSE(Query::parse(other)->copies_documents()) << other;
  }
  EXPECT_FALSE(Query::parse("SELECT 1")->reads_documents());
  EXPECT_TRUE(Query::parse("SELECT * FROM (SELECT DISTINCT c.x FROM c) AS s")->inner());
  EXPECT_FALSE(Query::parse("SELECT * FROM (SELECT c.x FROM c) AS s")->inner());
}

TEST(QueryTest, DepthAndLengthHaveBounds) {
  for (const auto& [open, close] : std::vector<std::pair<std::string, std::string>>{{"(", ")"},
                                                                                    {"[", "]"},
                                                                                    {"ABS(", ")"},
                                                                                    {"NOT ", ""},
                                                                                    {"- ", ""},
                                                                                    {"{a:", "}"},
                                                                                    {"(SELECT VALUE ", ")"},
                                                                                    {"true ? ", " : 1"},
                                                                                    {"ARRAY(SELECT VALUE ", ")"}}) {
    EXPECT_TRUE(Query::parse("SELECT VALUE " + repeated(open, 30) + "1" + repeated(close, 30))) << open;
    const auto refused = Query::parse("SELECT VALUE " + repeated(open, 20'000) + "1" + repeated(close, 20'000));
    ASSERT_FALSE(refused) << open;
    EXPECT_EQ(refused.error().code, Code::invalid_argument);
  }
  EXPECT_TRUE(Query::parse("SELECT VALUE 1" + repeated(" + 1", 900)));
  EXPECT_FALSE(Query::parse("SELECT VALUE 1" + repeated(" + 1", 10'000)));
  EXPECT_FALSE(Query::parse("SELECT VALUE c" + repeated(".a", 10'000) + " FROM c"));
  EXPECT_FALSE(Query::parse("SELECT VALUE c" + repeated("[0]", 10'000) + " FROM c"));
  // Conditions and choices may be many: they are one level.
  EXPECT_TRUE(Query::parse("SELECT * FROM c WHERE c.x = 1" + repeated(" OR c.x = 2", 20'000)));
  EXPECT_TRUE(Query::parse("SELECT * FROM c WHERE c.x IN (1" + repeated(", 2", 50'000) + ")"));
  EXPECT_FALSE(Query::parse("SELECT '" + repeated("x", 512 * 1024) + "'"));
}

TEST(QueryTest, ParametersMustBeJson) {
  EXPECT_FALSE(Query::parse("SELECT VALUE @a", {{"@a", "{"}}));
  EXPECT_TRUE(Query::parse("SELECT VALUE @a", {{"@a", "{}"}, {"@unused", "1"}}));
}

}  // namespace
}  // namespace halley::query
