#include "query/plan.h"

#include <gtest/gtest.h>

#include "json/value.h"

namespace halley::query {
namespace {

json::Value info(std::string_view text) {
  const auto query = Query::parse(text, {{"@p", "1"}});
  EXPECT_TRUE(query) << text << (query ? "" : query.error().message);
  const auto made = query_info(*query);
  EXPECT_TRUE(made) << text;
  const auto value = json::parse(*made);
  const std::string rewritten = value->string_at("rewrittenQuery");
  if (!rewritten.empty()) {
    // What a client sends must be a query again.
    std::string sent = rewritten;
    const std::string filter = "{documentdb-formattableorderbyquery-filter}";
    if (const std::size_t at = sent.find(filter); at != std::string::npos) sent.replace(at, filter.size(), "true");
    const auto again = Query::parse(sent, {{"@p", "1"}});
    EXPECT_TRUE(again) << sent << "\n" << (again ? "" : again.error().message);
  }
  return *value;
}

std::string member(std::string_view text, std::string_view name) { return info(text).find(name)->to_text(); }
std::string rewritten(std::string_view text) { return info(text).string_at("rewrittenQuery"); }

TEST(PlanTest, APlainQueryIsAskedAsItIs) {
  EXPECT_EQ(*query_info(*Query::parse("SELECT * FROM c WHERE c.x = 1")),
            R"({"distinctType":"None","top":null,"offset":null,"limit":null,"orderBy":[],"orderByExpressions":[],)"
            R"("groupByExpressions":[],"groupByAliases":[],"aggregates":[],"groupByAliasToAggregateType":{},)"
            R"("rewrittenQuery":"","hasSelectValue":false,"hasNonStreamingOrderBy":false,"dCountInfo":null})");
  for (const char* plain : {"SELECT * FROM c", "SELECT c.x FROM c JOIN t IN c.tags WHERE t = 1",
                            "SELECT VALUE (SELECT VALUE COUNT(1) FROM t IN c.tags) FROM c",
                            "SELECT * FROM (SELECT VALUE c.o FROM c) AS s"}) {
    EXPECT_FALSE(needs_merging(*Query::parse(plain))) << plain;
  }
  EXPECT_FALSE(needs_merging(*Query::parse("SELECT TOP 1 COUNT(1)")));
  EXPECT_EQ(info("SELECT COUNT(1)").to_text(), info("SELECT * FROM c").to_text());
  for (const char* merged : {"SELECT TOP 1 * FROM c", "SELECT DISTINCT c.x FROM c", "SELECT * FROM c ORDER BY c.x",
                             "SELECT COUNT(1) FROM c", "SELECT c.x FROM c GROUP BY c.x",
                             "SELECT * FROM c OFFSET 0 LIMIT 1", "SELECT * FROM (SELECT TOP 1 * FROM c) AS s"}) {
    EXPECT_TRUE(needs_merging(*Query::parse(merged))) << merged;
  }
}

TEST(PlanTest, OrderByGivesItsKeys) {
  constexpr std::string_view kText = "SELECT c.a, c.b FROM c WHERE c.x = @p ORDER BY c.a, c.b.d DESC";
  EXPECT_EQ(member(kText, "orderBy"), R"(["Ascending","Descending"])");
  EXPECT_EQ(member(kText, "orderByExpressions"), R"(["c.a","c.b.d"])");
  EXPECT_EQ(rewritten(kText),
            "SELECT c._rid, [{\"item\": c.a}, {\"item\": c.b.d}] AS orderByItems, {\"a\": c.a, \"b\": c.b} AS payload\n"
            "FROM c\nWHERE (c.x = @p) AND ({documentdb-formattableorderbyquery-filter})\nORDER BY c.a, c.b.d DESC");
  EXPECT_EQ(rewritten("SELECT * FROM c ORDER BY c.x"),
            "SELECT c._rid, [{\"item\": c.x}] AS orderByItems, c AS payload\nFROM c\n"
            "WHERE ({documentdb-formattableorderbyquery-filter})\nORDER BY c.x");
  EXPECT_EQ(rewritten("SELECT VALUE c.y FROM c ORDER BY c.x"),
            "SELECT c._rid, [{\"item\": c.x}] AS orderByItems, c.y AS payload\nFROM c\n"
            "WHERE IS_DEFINED(c.y) AND ({documentdb-formattableorderbyquery-filter})\nORDER BY c.x");
}

TEST(PlanTest, OrderByOverOtherSourcesNamesTheDocument) {
  EXPECT_EQ(rewritten("SELECT VALUE t FROM t IN c.tags ORDER BY t"),
            "SELECT _document._rid, [{\"item\": t}] AS orderByItems, t AS payload\n"
            "FROM _document JOIN t IN _document.tags\n"
            "WHERE IS_DEFINED(t) AND ({documentdb-formattableorderbyquery-filter})\nORDER BY t");
  EXPECT_NE(rewritten("SELECT VALUE o.x FROM c.o AS o JOIN i IN o.l ORDER BY i")
                .find("FROM _document JOIN (SELECT VALUE _document.o) AS o JOIN i IN o.l\n"),
            std::string::npos);
  EXPECT_EQ(rewritten("SELECT VALUE s.x FROM (SELECT VALUE c.o FROM c) AS s ORDER BY s.x").find("_rid"),
            std::string::npos);
}

TEST(PlanTest, CountsAreWhatThePartitionsGiveAtMost) {
  EXPECT_EQ(member("SELECT TOP 5 * FROM c", "top"), "5");
  EXPECT_EQ(rewritten("SELECT TOP 5 * FROM c"), "");
  EXPECT_EQ(rewritten("SELECT * FROM c OFFSET 3 LIMIT 4"), "SELECT *\nFROM c\nOFFSET 0 LIMIT 7");
  EXPECT_EQ(member("SELECT * FROM c OFFSET 3 LIMIT 4", "offset"), "3");
  EXPECT_EQ(member("SELECT * FROM c OFFSET 3 LIMIT 4", "limit"), "4");
  EXPECT_EQ(rewritten("SELECT c.x AS y FROM c WHERE c.z OFFSET 1 LIMIT 1"),
            "SELECT VALUE {\"y\": c.x}\nFROM c\nWHERE c.z\nOFFSET 0 LIMIT 2");
  EXPECT_NE(rewritten("SELECT TOP 5 * FROM c ORDER BY c.x").find("SELECT TOP 5 c._rid"), std::string::npos);
  EXPECT_NE(rewritten("SELECT * FROM c ORDER BY c.x OFFSET 2 LIMIT 3").find("OFFSET 0 LIMIT 5"), std::string::npos);
}

TEST(PlanTest, DistinctIsOrderedWhereEqualRowsAreNeighbours) {
  EXPECT_EQ(info("SELECT DISTINCT c.x FROM c").string_at("distinctType"), "Unordered");
  EXPECT_EQ(info("SELECT DISTINCT VALUE c.x FROM c ORDER BY c.x").string_at("distinctType"), "Ordered");
  EXPECT_EQ(info("SELECT DISTINCT c.x, c.y FROM c ORDER BY c.y, c.x").string_at("distinctType"), "Ordered");
  EXPECT_EQ(info("SELECT DISTINCT c.x FROM c ORDER BY c.y").string_at("distinctType"), "Unordered");
  EXPECT_EQ(info("SELECT DISTINCT c.x, c.y FROM c ORDER BY c.x").string_at("distinctType"), "Unordered");
  // A partition can't know which of its rows another one has: it gives all.
  EXPECT_EQ(rewritten("SELECT DISTINCT TOP 3 c.x FROM c").find("TOP"), std::string::npos);
  EXPECT_EQ(rewritten("SELECT DISTINCT VALUE c.x FROM c ORDER BY c.x OFFSET 1 LIMIT 2").find("LIMIT"),
            std::string::npos);
}

TEST(PlanTest, AggregatesAreToldInParts) {
  EXPECT_EQ(member("SELECT VALUE AVG(c.x) FROM c", "aggregates"), R"(["Average"])");
  EXPECT_EQ(member("SELECT VALUE AVG(c.x) FROM c", "hasSelectValue"), "true");
  EXPECT_EQ(rewritten("SELECT VALUE COUNT(1) FROM c WHERE c.y"),
            "SELECT VALUE [{\"item\": COUNT(1)}]\nFROM c\nWHERE c.y");
  EXPECT_EQ(rewritten("SELECT VALUE AVG(c.x) FROM c"),
            "SELECT VALUE [{\"item\": {\"sum\": SUM(c.x), \"count\": COUNT(c.x)}}]\nFROM c");
  EXPECT_EQ(rewritten("SELECT VALUE MIN(c.x) FROM c"),
            "SELECT VALUE [{\"item\": {\"min\": MIN(c.x), \"count\": COUNT(c.x)}}]\nFROM c");
  constexpr std::string_view kTwo = "SELECT COUNT(1) AS n, MAX(c.x) AS hi FROM c";
  EXPECT_EQ(member(kTwo, "aggregates"), "[]") << "the JavaScript SDK takes them of SELECT VALUE only";
  EXPECT_EQ(member(kTwo, "groupByAliasToAggregateType"), R"({"n":"Count","hi":"Max"})");
  EXPECT_EQ(rewritten(kTwo),
            "SELECT {\"n\": {\"item\": COUNT(1)}, \"hi\": {\"item\": {\"max\": MAX(c.x), \"count\": COUNT(c.x)}}} AS "
            "payload\nFROM c");
}

TEST(PlanTest, GroupsAreToldInParts) {
  constexpr std::string_view kText = "SELECT c.a, c.b.d AS e, SUM(c.x) AS s FROM c WHERE c.z GROUP BY c.a, c.b.d";
  EXPECT_EQ(member(kText, "groupByExpressions"), R"(["c.a","c.b.d"])");
  EXPECT_EQ(member(kText, "groupByAliases"), R"(["a","e","s"])");
  EXPECT_EQ(member(kText, "groupByAliasToAggregateType"), R"({"a":null,"e":null,"s":"Sum"})");
  EXPECT_EQ(rewritten(kText),
            "SELECT [{\"item\": c.a}, {\"item\": c.b.d}] AS groupByItems, {\"a\": c.a, \"e\": c.b.d, \"s\": {\"item\": "
            "SUM(c.x)}} AS payload\nFROM c\nWHERE c.z\nGROUP BY c.a, c.b.d");
  EXPECT_EQ(rewritten("SELECT VALUE c.a FROM c GROUP BY c.a"),
            "SELECT [{\"item\": c.a}] AS groupByItems, c.a AS payload\nFROM c\nGROUP BY c.a");
  EXPECT_EQ(rewritten("SELECT VALUE COUNT(1) FROM c GROUP BY c.a"),
            "SELECT [{\"item\": c.a}] AS groupByItems, [{\"item\": COUNT(1)}] AS payload\nFROM c\nGROUP BY c.a");
}

TEST(PlanTest, WhatOnePartitionAloneCanAnswerIsUnsupported) {
  for (const char* text :
       {"SELECT VALUE MAX(c.x) - MIN(c.x) FROM c", "SELECT VALUE {\"n\": COUNT(1)} FROM c",
        "SELECT COUNT(1) + 1 AS n FROM c", "SELECT VALUE COUNT(1) FROM (SELECT DISTINCT c.x FROM c) AS s"}) {
    const auto made = query_info(*Query::parse(text));
    ASSERT_FALSE(made) << text;
    EXPECT_EQ(made.error().code, Code::unsupported) << text;
  }
}

}  // namespace
}  // namespace halley::query
