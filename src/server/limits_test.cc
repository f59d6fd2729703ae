// What is too much, too long or spelled otherwise (docs/wire-protocol.md, limits).
#include "server/account_fixture.h"

namespace halley::server {
namespace {

class LimitsTest : public AccountTest {
 protected:
  void SetUp() override { make_shop(); }
  Answer batch(std::string_view operations, Fields more = {}) {
    more.emplace_back("x-ms-cosmos-is-batch-request", "TRUE");
    return send("POST", kDocs, operations, more);
  }
  static std::string many(std::size_t count, const std::string& operation) {
    std::string operations = "[" + operation;
    for (std::size_t i = 1; i < count; ++i) operations += "," + operation;
    return operations + "]";
  }
};

TEST_F(LimitsTest, IdsHaveOneTo1023Bytes) {
  const auto status = [&](const std::string& id) {
    return create(fmt::format(R"({{"id":"{}","pk":"a"}})", id)).status;
  };
  EXPECT_EQ(status(std::string(1023, 'x')), 201);
  EXPECT_EQ(status(std::string(1024, 'x')), 400);
  std::string umlauts;
  for (int i = 0; i < 512; ++i) umlauts += "ä";
  EXPECT_EQ(status(umlauts), 400) << "bytes, not characters";
  EXPECT_EQ(status(umlauts.substr(2)), 201);
  EXPECT_EQ(status(" "), 201);
  EXPECT_EQ(status("end "), 201);
  EXPECT_EQ(status(""), 400);
}

TEST_F(LimitsTest, KeysHaveUpTo2048BytesInEveryVersion) {
  const auto status = [&](std::string_view container, std::size_t bytes) {
    return send("POST", fmt::format("/dbs/Shop/colls/{}/docs", container),
                fmt::format(R"({{"id":"1","pk":"{}"}})", std::string(bytes, 'k')))
        .status;
  };
  ASSERT_EQ(send("POST", "/dbs/Shop/colls", R"({"id":"Old","partitionKey":{"paths":["/pk"]}})").status, 201);
  EXPECT_EQ(status("Orders", 2048), 201);
  EXPECT_EQ(status("Orders", 2049), 400);
  EXPECT_EQ(status("Old", 1024), 201) << "version 1 hashes the beginning only";
  EXPECT_EQ(status("Old", 2049), 400);
}

TEST_F(LimitsTest, DocumentsAndBatchesHaveTwoMegabytes) {
  EXPECT_EQ(create(fmt::format(R"({{"id":"1","pk":"a","t":"{}"}})", std::string(2 * 1024 * 1024, 'x'))).status, 413);
  EXPECT_EQ(create(fmt::format(R"({{"id":"1","pk":"a","t":"{}"}})", std::string(2'000'000, 'x'))).status, 201);
  EXPECT_EQ(
      item("PATCH", "1", fmt::format(R"([{{"op":"set","path":"/u","value":"{}"}}])", std::string(200'000, 'x'))).status,
      413);
  const std::string operation = fmt::format(
      R"({{"operationType":"Upsert","resourceBody":{{"id":"1","pk":"a","t":"{}"}}}})", std::string(100'000, 'x'));
  const Fields atomic{{"x-ms-cosmos-batch-atomic", "True"}, {"x-ms-documentdb-partitionkey", R"(["a"])"}};
  EXPECT_EQ(batch(many(20, operation), atomic).status, 200);
  EXPECT_EQ(batch(many(23, operation), atomic).status, 413);
  const std::string read = R"({"operationType":"Read","id":"2"})";
  create(R"({"id":"2","pk":"a"})");
  EXPECT_EQ(batch(many(100, read), atomic).status, 200);
  EXPECT_EQ(batch(many(101, read), atomic).status, 400);
}

TEST_F(LimitsTest, ReadsThatFindNoRoomInAReplyAreToldSo) {
  create(fmt::format(R"({{"id":"1","pk":"a","t":"{}"}})", std::string(1'500'000, 'x')));
  const Answer answer = batch(many(4, R"({"operationType":"Read","id":"1","partitionKey":"[\"a\"]"})"),
                              {{"x-ms-documentdb-partitionkeyrangeid", "0"}});
  EXPECT_EQ(answer.status, 207);
  EXPECT_LE(answer.body.size(), 4U * 1024 * 1024);
  std::vector<std::int64_t> statuses;
  const json::Value results = answer.value();
  for (const json::Value& result : results.items()) {
    statuses.push_back(*result.find("statusCode")->as_integer());
  }
  EXPECT_EQ(statuses, (std::vector<std::int64_t>{200, 200, 413, 413}));
  EXPECT_EQ(results.items()[2].find("subStatusCode")->as_integer(), 3402);
}

TEST_F(LimitsTest, PagesHaveFourMegabytes) {
  for (int i = 0; i < 5; ++i) {
    create(fmt::format(R"({{"id":"{}","pk":"a","t":"{}"}})", i, std::string(1'000'000, 'x')));
  }
  const Answer page = send("GET", kDocs, {}, {{"x-ms-max-item-count", "-1"}});
  EXPECT_LE(page.body.size(), 4U * 1024 * 1024);
  EXPECT_EQ(page.headers.get("x-ms-item-count"), "3");
  EXPECT_NE(page.headers.get("x-ms-continuation"), "");
  const Answer rest =
      send("GET", kDocs, {},
           {{"x-ms-max-item-count", "-1"}, {"x-ms-continuation", std::string(page.headers.get("x-ms-continuation"))}});
  EXPECT_EQ(rest.headers.get("x-ms-item-count"), "2");
}

TEST_F(LimitsTest, WhatIsMalformedIsRefused) {
  const auto make = [&](std::string_view target, std::string_view body) { return send("POST", target, body).status; };
  EXPECT_EQ(make("/dbs", R"({"id":"\ud800"})"), 400) << "no text that an answer could hold";
  EXPECT_EQ(make("/dbs", R"({"id":"one","id":"other"})"), 400);
  constexpr std::string_view kContainer = R"({{"id":"x","partitionKey":{{"paths":["/pk"]}},"{}":{}}})";
  for (const auto& [name, value] : {std::pair{"indexingPolicy", "5"}, {"uniqueKeyPolicy", "5"}, {"defaultTtl", "0"}}) {
    EXPECT_EQ(make("/dbs/Shop/colls", fmt::format(kContainer, name, value)), 400) << name;
  }
  EXPECT_EQ(send("GET", "/dbs/Shop/colls/Orders/pkranges/0").status, 200);
  EXPECT_EQ(send("GET", "/dbs/Shop/colls/Orders/pkranges/0/x").status, 400);
  const Fields query{{"content-type", "application/query+json"}};
  EXPECT_EQ(send("POST", kDocs, R"({"query":"SELECT 1","parameters":5})", query).status, 400);
  EXPECT_EQ(send("POST", kDocs, R"({"query":"SELECT 1","parameters":null})", query).status, 200);
}

TEST_F(LimitsTest, NestingEndsAt128Levels) {
  const auto nested = [&](std::size_t levels) {
    const std::string arrays = std::string(levels - 1, '[') + std::string(levels - 1, ']');
    return create(fmt::format(R"({{"id":"{}","pk":"a","x":{}}})", levels, arrays)).status;
  };
  EXPECT_EQ(nested(128), 201);
  EXPECT_EQ(nested(129), 400);
  EXPECT_EQ(nested(100'000), 400);
}

TEST_F(LimitsTest, DialectsOfTheSdksAreUnderstood) {
  create(R"({"id":"1","pk":"a"})");
  EXPECT_EQ(send("GET", std::string(kDocs) + "/", {}, {{"x-ms-version", "1999-01-01"}}).status, 200);
  EXPECT_EQ(send("GET", "/dbs/Shop/colls/Orders/").status, 200);
  EXPECT_EQ(send("GET", kDocs, {}, {{"A-IM", "INCREMENTAL FEED"}}).status, 200);
  EXPECT_EQ(send("POST", kDocs, R"({"query":"SELECT * FROM c","parameters":null})", {{"x-ms-documentdb-query", "True"}})
                .status,
            200);
  EXPECT_EQ(send("GET", kDocs, {}, {{"x-ms-consistency-level", "eventual"}}).status, 200);
  EXPECT_EQ(send("GET", kDocs, {}, {{"x-ms-consistency-level", "Strong"}}).status, 400);
  EXPECT_EQ(send("GET", kDocs, {},
                 {{"x-ms-consistency-level", "Session"}, {"x-ms-cosmos-read-consistency-strategy", "Session"}})
                .status,
            400);
  const std::string ranges = "/dbs/Shop/colls/" + rid_ + "/pkranges";
  const Answer first = send("GET", ranges, {}, {{"A-IM", "Incremental Feed"}, {"x-ms-max-item-count", "-1"}});
  ASSERT_EQ(first.status, 200);
  const std::string etag(first.headers.get("etag"));
  const Answer second = send("GET", ranges, {}, {{"a-im", "incremental feed"}, {"if-none-match", etag}});
  EXPECT_EQ(second.status, 304);
  EXPECT_EQ(second.headers.get("etag"), etag);
}

TEST_F(LimitsTest, WhatIsNoRequestIsRefusedClearly) {
  for (const char* method : {"OPTIONS", "HEAD", "TRACE", "BREW"}) {
    for (const char* target : {"/", "/dbs", "/dbs/Shop", "/dbs/Shop/colls/Orders/docs", "/dbs/Shop/colls/Orders/docs/1",
                               "/dbs/Shop/colls/Orders/pkranges"}) {
      const Answer answer = send(method, target);
      EXPECT_EQ(answer.status, 405) << method << " " << target;
      EXPECT_NE(answer.value().string_at("message"), "");
    }
  }
  for (const char* target : {"*", "/%", "/%zz", "/dbs/Shop/nothing", "/dbs/Shop/colls/Orders/docs/1/2/3", "/a/b/c/d/e",
                             "/dbs/Shop/colls/Orders/operations/other", "http://x/dbs"}) {
    const Answer answer = send("GET", target);
    EXPECT_TRUE(answer.status >= 400 && answer.status < 500) << target << " " << answer.status;
  }
  for (const auto& [name, value] : Fields{{"x-ms-max-item-count", "x"},
                                          {"x-ms-session-token", "x"},
                                          {"x-ms-continuation", "x"},
                                          {"x-ms-documentdb-partitionkey", "{"},
                                          {"x-ms-start-epk", "zz"},
                                          {"A-IM", "x"}}) {
    EXPECT_EQ(send("GET", kDocs, {}, {{name, value}}).status, 400) << name;
  }
}

}  // namespace
}  // namespace halley::server
