#include <map>
#include <set>

#include "server/account_fixture.h"

namespace halley::server {
namespace {

class QueryRoutesTest : public AccountTest {
 protected:
  void SetUp() override { make_shop(); }

  Container& shop() { return **account_.engine().container("Shop", "Orders"); }
  void put(std::string body) { EXPECT_TRUE(account_.engine().upsert("Shop", "Orders", std::move(body))); }
};

// What is to be put together of several partitions, the client does, by the plan that the refusal tells.
TEST_F(QueryRoutesTest, QueriesOverPartitionsNeedAPlan) {
  for (int i = 0; i < 20; ++i) put(fmt::format(R"({{"id":"{0}","pk":"{0}","n":{0}}})", i));
  constexpr std::string_view kCount = R"({"query":"SELECT VALUE COUNT(1) FROM c"})";
  const Fields query{{"content-type", "application/query+json"}};
  const Fields plan{{"content-type", "application/query+json"}, {"x-ms-cosmos-is-query-plan-request", "True"}};
  EXPECT_EQ(send("POST", kDocs, kCount, query).value().find("Documents")->to_text(), "[20]");
  ASSERT_TRUE(shop().split("0"));
  const Answer refused = send("POST", kDocs, kCount, query);
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refused.headers.get("x-ms-substatus"), "1004");
  EXPECT_EQ(refused.value().string_at("additionalErrorInfo"), send("POST", kDocs, kCount, plan).body);
  const auto told = json::parse(refused.value().string_at("additionalErrorInfo"));
  ASSERT_TRUE(told);
  EXPECT_EQ(told->find("queryInfo")->find("aggregates")->to_text(), R"(["Count"])");

  // One key is in one partition; what no plan can divide is answered there only.
  EXPECT_EQ(send("POST", kDocs, R"({"query":"SELECT VALUE COUNT(1) FROM c WHERE c.pk = '7'"})", query)
                .value()
                .find("Documents")
                ->to_text(),
            "[1]");
  EXPECT_EQ(send("POST", kDocs, R"({"query":"SELECT VALUE MAX(c.n) - MIN(c.n) FROM c"})", query).status, 400);
  EXPECT_EQ(
      send("POST", kDocs, R"({"query":"SELECT VALUE MAX(c.n) - MIN(c.n) FROM c WHERE c.pk = '7'"})", query).status,
      200);
  EXPECT_EQ(send("POST", kDocs, R"({"query":"SELECT VALUE 1 + 1"})", query).value().find("Documents")->to_text(),
            "[2]");
}

// The JavaScript SDK never asks the halves of a range that was split while it pages.
TEST_F(QueryRoutesTest, ARangeThatWasSplitIsAskedByItsOldName) {
  for (int i = 0; i < 20; ++i) put(fmt::format(R"({{"id":"{0}","pk":"{0}"}})", i));
  ASSERT_TRUE(shop().split("0"));
  ASSERT_TRUE(shop().split("2"));
  const auto count = [&](const std::string& range) {
    return send("POST", kDocs, R"({"query":"SELECT VALUE COUNT(1) FROM c"})",
                {{"content-type", "application/query+json"}, {"x-ms-documentdb-partitionkeyrangeid", range}});
  };
  EXPECT_EQ(count("0").value().find("Documents")->to_text(), "[20]");
  const auto number = [&](const std::string& range) {
    return *count(range).value().find("Documents")->items()[0].as_integer();
  };
  EXPECT_EQ(number("1") + number("3") + number("4"), 20);
  EXPECT_EQ(number("3") + number("4"), number("2"));
  const std::int64_t one = number("1");
  const std::int64_t two = number("2");
  ASSERT_TRUE(shop().merge("1", "3"));
  EXPECT_EQ(number("0"), 20);
  EXPECT_EQ(number("1"), one) << "what was merged stands for its documents, too";
  EXPECT_EQ(number("2"), two);
  EXPECT_EQ(number("4") + number("5"), 20);
  EXPECT_EQ(count("9").status, 410);
  EXPECT_EQ(count("9").headers.get("x-ms-substatus"), "1002");
  EXPECT_EQ(send("GET", kDocs, "", {{"x-ms-documentdb-partitionkeyrangeid", "2"}}).status, 410) << "feeds do not";
}

// A query that began in one partition goes on where it was, without a plan, when that was divided.
TEST_F(QueryRoutesTest, PagesGoOnBehindASplit) {
  for (int i = 0; i < 20; ++i) put(fmt::format(R"({{"id":"{0}","pk":"{0}","n":{1}}})", i, i % 6));
  const std::map<std::string, std::size_t> queries = {{"SELECT VALUE c.id FROM c ORDER BY c.n", 20},
                                                      {"SELECT DISTINCT VALUE c.n FROM c", 6},
                                                      {"SELECT VALUE c.n FROM c GROUP BY c.n", 6},
                                                      {"SELECT VALUE c.id FROM c OFFSET 3 LIMIT 14", 14}};
  for (const auto& [text, count] : queries) {
    const std::string body = fmt::format(R"({{"query":"{}"}})", text);
    std::vector<std::string> rows;
    std::string continuation;
    do {
      Fields page{{"content-type", "application/query+json"}, {"x-ms-max-item-count", "4"}};
      if (!continuation.empty()) page.emplace_back("x-ms-continuation", continuation);
      const Answer answer = send("POST", kDocs, body, page);
      ASSERT_EQ(answer.status, 200) << text << answer.body;
      const json::Value body_of_page = answer.value();
      for (const json::Value& row : body_of_page.find("Documents")->items()) rows.push_back(row.to_text());
      continuation = answer.headers.get("x-ms-continuation");
      if (shop().ranges().size() == 1) {
        ASSERT_TRUE(shop().split(shop().ranges().front().id));
      }
    } while (!continuation.empty());
    EXPECT_EQ(rows.size(), count) << text;
    EXPECT_EQ(std::set<std::string>(rows.begin(), rows.end()).size(), count) << text;
    const auto ranges = shop().ranges();
    ASSERT_TRUE(shop().merge(ranges[0].id, ranges[1].id));
  }
}

TEST_F(QueryRoutesTest, QueriesTellWhatTheyCost) {
  for (int i = 0; i < 50; ++i) put(fmt::format(R"({{"id":"{0}","pk":"a","pad":"{1:0>2000}"}})", i, 0));
  const auto charge = [&](std::string_view text, const Fields& more = {}) {
    Fields headers{{"content-type", "application/query+json"}};
    headers.insert(headers.end(), more.begin(), more.end());
    const Answer answer = send("POST", kDocs, fmt::format(R"({{"query":"{}"}})", text), headers);
    return std::pair(std::stod(std::string(answer.headers.get("x-ms-request-charge"))),
                     std::string(answer.headers.get("x-ms-documentdb-query-metrics")));
  };
  const double point = charge("SELECT * FROM c WHERE c.id = '7' AND c.pk = 'a'").first;
  const double scan = charge("SELECT VALUE COUNT(1) FROM c").first;
  const double all = charge("SELECT * FROM c").first;
  EXPECT_LT(point, scan);
  EXPECT_LT(scan, all);
  EXPECT_EQ(charge("SELECT * FROM c").second, "");
  const std::string metrics =
      charge("SELECT VALUE COUNT(1) FROM c", {{"x-ms-documentdb-populatequerymetrics", "True"}}).second;
  EXPECT_NE(metrics.find("retrievedDocumentCount=50;"), std::string::npos) << metrics;
  EXPECT_NE(metrics.find("outputDocumentCount=1;"), std::string::npos) << metrics;
}

TEST_F(QueryRoutesTest, ResourcesAreQueriedAsDocumentsAre) {
  for (const char* id : {"a", "b", "c"}) {
    ASSERT_EQ(
        send("POST", "/dbs/Shop/colls", fmt::format(R"({{"id":"{}","partitionKey":{{"paths":["/k"]}}}})", id)).status,
        201);
  }
  const auto rows = [&](std::string_view target, std::string_view text, std::string_view envelope) {
    const Answer answer =
        send("POST", target, fmt::format(R"({{"query":"{}"}})", text), {{"content-type", "application/query+json"}});
    EXPECT_EQ(answer.status, 200) << answer.body;
    return answer.value().find(envelope)->to_text();
  };
  EXPECT_EQ(rows("/dbs/Shop/colls", "SELECT VALUE r.id FROM root r WHERE r.id < 'c' ORDER BY r.id DESC",
                 "DocumentCollections"),
            R"(["b","a","Orders"])");
  EXPECT_EQ(rows("/dbs", "SELECT VALUE COUNT(1) FROM r", "Databases"), "[1]");
  EXPECT_EQ(rows("/dbs", "SELECT r.id FROM r WHERE r.id = 'Shop'", "Databases"), R"([{"id":"Shop"}])");
  const Answer page = send("POST", "/dbs/Shop/colls", R"({"query":"SELECT * FROM c"})",
                           {{"content-type", "application/query+json"}, {"x-ms-max-item-count", "3"}});
  EXPECT_EQ(page.headers.get("x-ms-item-count"), "3");
  EXPECT_NE(page.headers.get("x-ms-continuation"), "");
}

}  // namespace
}  // namespace halley::server
