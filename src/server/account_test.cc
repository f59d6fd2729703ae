// The gateway as clients see it: requests through Account::handle.
#include "server/account_fixture.h"

namespace halley::server {
namespace {

TEST_F(AccountTest, TheAccountNamesEndpointsByWhichItIsReached) {
  const Answer answer = send("GET", "/");
  ASSERT_EQ(answer.status, 200);
  const json::Value account = answer.value();
  EXPECT_EQ(account.string_at("id"), "halley-emulator");
  EXPECT_EQ(account.find("writableLocations")->items()[0].string_at("databaseAccountEndpoint"),
            "http://127.0.0.1:4711/");
  EXPECT_EQ(account.find("continuousBackupEnabled")->as_bool(), true);
  EXPECT_EQ(account.find("enableAllVersionsAndDeletesChangeFeed")->as_bool(), true);
  EXPECT_TRUE(json::parse(account.string_at("queryEngineConfiguration")));
}

TEST_F(AccountTest, OnlyTheMasterKeyOpensIt) {
  EXPECT_EQ(send("GET", "/dbs", {}, {{"authorization", ""}}).status, 401);
  EXPECT_EQ(send("GET", "/dbs", {}, {{"authorization", "type%3Dmaster%26ver%3D1.0%26sig%3DAAAA"}}).status, 401);
  EXPECT_EQ(send("GET", "/dbs", {}, {{"authorization", "type=resource&ver=1.0&sig=x"}}).status, 401);
  const auto signed_at = [&](std::int64_t skew) {
    const std::string date = format_http_date(kStart + skew);
    const std::string token = cosmos::master_key_token(*codec::base64_decode(account_.key()), "get", "dbs", "", date);
    return send("GET", "/dbs", {}, {{"x-ms-date", date}, {"authorization", token}}).status;
  };
  EXPECT_EQ(signed_at(0), 200);
  EXPECT_EQ(signed_at(900), 200);
  EXPECT_EQ(signed_at(-900), 200);
  EXPECT_EQ(signed_at(901), 403);
  EXPECT_EQ(signed_at(-901), 403);
}

TEST_F(AccountTest, SignaturesAreJudgedByTheWallClockAndRepliesDatedByTheServers) {
  account_.clock().advance(86400);
  const Answer answer = send("GET", "/dbs");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.headers.get("date"), format_http_date(kStart + 86400));
}

TEST_F(AccountTest, EveryReplyHasWhatClientsCountOn) {
  make_shop();
  const Answer created = create(R"({"id":"1","pk":"a"})");
  ASSERT_EQ(created.status, 201);
  for (const char* name : {"date", "x-ms-activity-id", "x-ms-request-charge", "etag", "x-ms-session-token",
                           "x-ms-documentdb-partitionkeyrangeid", "x-ms-alt-content-path", "x-ms-content-path"}) {
    EXPECT_NE(created.headers.get(name), "") << name;
  }
  EXPECT_EQ(created.headers.get("x-ms-session-token"), "0:1#1");
  EXPECT_EQ(created.headers.get("x-ms-content-path"), rid_);
  EXPECT_EQ(created.headers.get("x-ms-alt-content-path"), "dbs/Shop/colls/Orders");
  const Answer missing = send("GET", "/dbs/None", {}, {{"x-ms-activity-id", "mine"}});
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.headers.get("content-type"), "application/json");
  EXPECT_EQ(missing.headers.get("x-ms-activity-id"), "mine");
  EXPECT_EQ(missing.value().string_at("code"), "NotFound");
}

TEST_F(AccountTest, MissingOwnersAreToldApartFromMissingResources) {
  make_shop();
  EXPECT_EQ(send("GET", "/dbs/Shop/colls/None").sub_status(), "");
  EXPECT_EQ(send("GET", "/dbs/None/colls").sub_status(), "1003");
  EXPECT_EQ(send("GET", "/dbs/None/colls/C").sub_status(), "1003");
  EXPECT_EQ(send("GET", "/dbs/Shop/colls/None/docs").sub_status(), "1003");
  EXPECT_EQ(send("GET", "/dbs/Shop/colls/None/pkranges").sub_status(), "1003");
  const Fields key{{"x-ms-documentdb-partitionkey", R"(["a"])"}};
  EXPECT_EQ(send("GET", std::string(kDocs) + "/1", {}, key).sub_status(), "");
  EXPECT_EQ(send("GET", std::string(kDocs) + "/1", {}, key).status, 404);
  EXPECT_EQ(send("GET", "/nonsense").status, 400);
  EXPECT_EQ(send("PATCH", "/dbs").status, 405);
}

TEST_F(AccountTest, DefinitionsKeepWhatTheServerDoesNotKnow) {
  make_shop();
  const Answer created =
      send("POST", "/dbs/Shop/colls",
           R"({"id":"C","partitionKey":{"paths":["/a"]},"future":{"x":[1,{"y":null}]},"_rid":"mine"})");
  ASSERT_EQ(created.status, 201);
  const json::Value definition = created.value();
  EXPECT_EQ(definition.find("future")->to_text(), R"({"x":[1,{"y":null}]})");
  EXPECT_EQ(definition.find("partitionKey")->to_text(), R"({"paths":["/a"],"kind":"Hash"})");
  EXPECT_NE(definition.find("indexingPolicy"), nullptr);
  EXPECT_NE(definition.string_at("_rid"), "mine");
  EXPECT_EQ(send("POST", "/dbs/Shop/colls", R"({"id":"C","partitionKey":{"paths":["/a"]}})").status, 409);
  EXPECT_EQ(send("PUT", "/dbs/Shop/colls/C", R"({"id":"C","partitionKey":{"paths":["/b"]}})").status, 400);
  EXPECT_EQ(send("PUT", "/dbs/Shop/colls/C", R"({"id":"C","partitionKey":{"paths":["/a"]},"defaultTtl":0})").status,
            400);
  const Answer replaced =
      send("PUT", "/dbs/Shop/colls/C", R"({"id":"C","partitionKey":{"paths":["/a"]},"defaultTtl":9})");
  EXPECT_EQ(replaced.status, 200);
  EXPECT_EQ(replaced.value().string_at("_rid"), definition.string_at("_rid"));
  EXPECT_NE(replaced.headers.get("etag"), created.headers.get("etag"));
  for (const char* bad : {R"({"id":"x"})", R"({"id":"a/b","partitionKey":{"paths":["/a"]}})", R"([])", "no",
                          R"({"id":"x","partitionKey":{"paths":["/a","/b"]}})"}) {
    EXPECT_EQ(send("POST", "/dbs/Shop/colls", bad).status, 400) << bad;
  }
}

TEST_F(AccountTest, PathsMayNameRids) {
  make_shop();
  const Answer created = create(R"({"id":"1","pk":"a"})");
  const std::string self = created.value().string_at("_self");
  const Answer read = send("GET", "/" + self, {}, {{"x-ms-documentdb-partitionkey", R"(["a"])"}});
  EXPECT_EQ(read.status, 200);
  EXPECT_EQ(read.body, created.body);
  const std::string container = self.substr(0, self.find("/docs"));
  EXPECT_EQ(send("GET", "/" + container).value().string_at("id"), "Orders");
  EXPECT_EQ(send("GET", "/" + container + "/pkranges").status, 200);
}

TEST_F(AccountTest, IdsMayHaveEveryCharacterOfAPath) {
  make_shop();
  for (const char* id : {"a b", "100%", "what?", "c#", "p+q", "é☃", "&=;,:@$!"}) {
    ASSERT_EQ(create(fmt::format(R"({{"id":"{}","pk":"a"}})", id)).status, 201) << id;
    const std::string target = std::string(kDocs) + "/" + http::percent_encode(id);
    const Answer read = send("GET", target, {}, {{"x-ms-documentdb-partitionkey", R"(["a"])"}});
    EXPECT_EQ(read.value().string_at("id"), id);
  }
  for (const char* id : {"a/b", R"(a\\b)"}) {
    EXPECT_EQ(create(fmt::format(R"({{"id":"{}","pk":"a"}})", id)).status, 400) << id;
  }
  // The JavaScript SDK leaves these as they are.
  EXPECT_EQ(send("GET", std::string(kDocs) + "/what?", {}, {{"x-ms-documentdb-partitionkey", R"(["a"])"}}).status, 200);
  EXPECT_EQ(send("GET", std::string(kDocs) + "/p+q", {}, {{"x-ms-documentdb-partitionkey", R"(["a"])"}}).status, 200);
}

TEST_F(AccountTest, ConditionsGuardWritesAndReads) {
  make_shop();
  const std::string etag(create(R"({"id":"1","pk":"a"})").headers.get("etag"));
  const std::string target = std::string(kDocs) + "/1";
  const Fields key{{"x-ms-documentdb-partitionkey", R"(["a"])"}};
  const auto with = [&](const char* name, const std::string& value) {
    Fields fields = key;
    fields.emplace_back(name, value);
    return fields;
  };
  const Answer unchanged = send("GET", target, {}, with("If-None-Match", etag));
  EXPECT_EQ(unchanged.status, 304);
  EXPECT_EQ(unchanged.body, "");
  EXPECT_EQ(send("PUT", target, R"({"id":"1","pk":"a"})", with("If-Match", "\"other\"")).status, 412);
  const Answer replaced = send("PUT", target, R"({"id":"1","pk":"a"})", with("If-Match", etag));
  EXPECT_EQ(replaced.status, 200);
  EXPECT_NE(replaced.headers.get("etag"), etag);
  EXPECT_EQ(send("DELETE", target, {}, with("If-Match", etag)).status, 412);
  EXPECT_EQ(send("DELETE", target, {}, key).status, 204);
  EXPECT_EQ(send("TRACE", target, {}, key).status, 405);
  EXPECT_EQ(send("GET", target, {}, {}).status, 400) << "a read must state the key";
  EXPECT_EQ(create("{}", "[{\"a\":1}]").status, 400);
}

TEST_F(AccountTest, ARecreatedContainerIsNotTheOneIntended) {
  make_shop();
  const Answer wrong =
      send("POST", kDocs, R"({"id":"1","pk":"a"})", {{"x-ms-cosmos-intended-collection-rid", "other"}});
  EXPECT_EQ(wrong.status, 400);
  EXPECT_EQ(wrong.sub_status(), "1024");
  const std::string old = rid_;
  ASSERT_EQ(send("DELETE", "/dbs/Shop/colls/Orders").status, 204);
  ASSERT_EQ(send("POST", "/dbs/Shop/colls", R"({"id":"Orders","partitionKey":{"paths":["/pk"]}})").status, 201);
  EXPECT_NE(send("GET", "/dbs/Shop/colls/Orders").value().string_at("_rid"), old);
}

TEST_F(AccountTest, TheLatestFeedContinuesByItsEtag) {
  make_shop();
  for (int i = 0; i < 5; ++i) create(fmt::format(R"({{"id":"{}","pk":"a"}})", i));
  const Answer first = feed({{"x-ms-max-item-count", "3"}});
  ASSERT_EQ(first.status, 200);
  EXPECT_EQ(first.headers.get("etag"), "\"3\"");
  EXPECT_EQ(first.headers.get("x-ms-item-count"), "3");
  const json::Value page = first.value();
  EXPECT_EQ(page.string_at("_rid"), rid_);
  EXPECT_EQ(page.find("_count")->as_integer(), 3);
  EXPECT_EQ(page.find("Documents")->items()[2].find("_lsn")->as_integer(), 3);
  const Answer second = feed({{"If-None-Match", "\"3\""}, {"x-ms-max-item-count", "-1"}});
  EXPECT_EQ(second.headers.get("x-ms-item-count"), "2");
  const Answer nothing = feed({{"If-None-Match", std::string(second.headers.get("etag"))}});
  EXPECT_EQ(nothing.status, 304);
  EXPECT_EQ(nothing.headers.get("etag"), "\"5\"");
  EXPECT_EQ(nothing.body, "");
  EXPECT_EQ(feed({{"If-None-Match", "*"}}).headers.get("etag"), "\"5\"");
  EXPECT_EQ(feed({{"If-None-Match", "\"x\""}}).status, 400);
  EXPECT_EQ(feed({{"x-ms-documentdb-partitionkeyrangeid", "7"}}).sub_status(), "1002");
}

TEST_F(AccountTest, AFeedMayBeginAtATime) {
  make_shop();
  create(R"({"id":"old","pk":"a"})");
  account_.clock().advance(100);
  create(R"({"id":"new","pk":"a"})");
  const auto since = [&](std::int64_t seconds) {
    return feed({{"If-Modified-Since", format_http_date(kStart + seconds)}});
  };
  EXPECT_EQ(since(-1).headers.get("x-ms-item-count"), "2");
  EXPECT_EQ(since(0).headers.get("x-ms-item-count"), "1");
  EXPECT_EQ(since(100).status, 304);
}

TEST_F(AccountTest, TheAllVersionsFeedTellsDeletesAndExpiries) {
  make_shop();
  ASSERT_EQ(
      send("POST", "/dbs/Shop/colls", R"({"id":"T","partitionKey":{"paths":["/a/b"],"version":2},"defaultTtl":10})")
          .status,
      201);
  const std::string docs = "/dbs/Shop/colls/T/docs";
  const auto read = [&](const char* from) {
    return send(
        "GET", docs, {},
        {{"A-IM", "Full-Fidelity Feed"}, {"If-None-Match", from}, {"x-ms-documentdb-partitionkeyrangeid", "0"}});
  };
  EXPECT_EQ(read("*").status, 304);
  const Fields key{{"x-ms-documentdb-partitionkey", "[5]"}};
  ASSERT_EQ(send("POST", docs, R"({"id":"1","a":{"b":5}})", key).status, 201);
  ASSERT_EQ(send("POST", docs, R"({"id":"2","a":{"b":5}})", key).status, 201);
  ASSERT_EQ(send("DELETE", docs + "/1", {}, key).status, 204);
  account_.clock().advance(100);
  const Answer answer = read("\"0\"");
  ASSERT_EQ(answer.status, 200);
  const json::Value page = answer.value();
  const auto& entries = page.find("Documents")->items();
  ASSERT_EQ(entries.size(), 4U);
  EXPECT_EQ(entries[0].find("metadata")->to_text(), R"({"operationType":"create","lsn":1,"crts":1800000000})");
  EXPECT_EQ(entries[0].find("current")->string_at("id"), "1");
  EXPECT_EQ(entries[0].find("current")->find("_lsn"), nullptr);
  EXPECT_EQ(entries[2].to_text(), R"({"current":{},"metadata":{"operationType":"delete","lsn":3,"crts":1800000000,)"
                                  R"("previousImageLSN":1,"id":"1","partitionKey":{"a/b":5}}})");
  EXPECT_EQ(entries[3].find("metadata")->find("timeToLiveExpired")->as_bool(), true);
  EXPECT_EQ(entries[3].find("metadata")->find("crts")->as_integer(), 1800000100);
  EXPECT_EQ(send("GET", docs, {}, {{"A-IM", "Full-Fidelity Feed"}}).status, 400) << "not from the beginning";
}

// Of what was deleted the feed tells id and key anew: half a surrogate pair, which is no UTF-8, as its escape.
TEST_F(AccountTest, TheAllVersionsFeedTellsLoneSurrogatesOfWhatWasDeleted) {
  make_shop(R"(,"defaultTtl":10)");
  const std::string docs = "/dbs/Shop/colls/Orders/docs";
  const Fields key{{"x-ms-documentdb-partitionkey", R"(["\udc00\n"])"}};
  ASSERT_EQ(send("POST", docs, R"({"id":"\ud800","pk":"\udc00\n"})", key).status, 201);
  ASSERT_EQ(send("POST", docs, R"({"id":"2","pk":"\udc00\n"})", key).status, 201);
  ASSERT_EQ(send("DELETE", docs + "/2", {}, key).status, 204);
  account_.clock().advance(100);
  const Answer answer =
      send("GET", docs, {},
           {{"A-IM", "Full-Fidelity Feed"}, {"If-None-Match", "\"0\""}, {"x-ms-documentdb-partitionkeyrangeid", "0"}});
  const auto page = json::parse(answer.body);
  ASSERT_TRUE(page) << page.error().to_string();
  const auto& entries = page->find("Documents")->items();
  ASSERT_EQ(entries.size(), 4U);
  EXPECT_EQ(entries[2].find("metadata")->find("partitionKey")->to_text(), R"({"pk":"\udc00\n"})");
  EXPECT_EQ(entries[3].find("metadata")->find("id")->to_text(), R"("\ud800")");
}

TEST_F(AccountTest, RangesAnswerIncrementally) {
  make_shop();
  const std::string target = "/dbs/Shop/colls/Orders/pkranges";
  const Answer all = send("GET", target, {}, {{"A-IM", "Incremental feed"}});
  ASSERT_EQ(all.status, 200);
  const std::string etag(all.headers.get("etag"));
  const Fields again{{"A-IM", "Incremental feed"}, {"If-None-Match", etag}};
  EXPECT_EQ(send("GET", target, {}, again).status, 304);
  EXPECT_EQ(send("POST", "/_emulator/split", R"({"database":"Shop","container":"Orders","range":"0"})").status, 200);
  const Answer after = send("GET", target, {}, again);
  ASSERT_EQ(after.status, 200);
  const json::Value page = after.value();
  const auto& ranges = page.find("PartitionKeyRanges")->items();
  ASSERT_EQ(ranges.size(), 2U);
  EXPECT_EQ(ranges[0].string_at("minInclusive"), "");
  EXPECT_EQ(ranges[0].string_at("maxExclusive"), "1FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF");
  EXPECT_EQ(ranges[1].string_at("maxExclusive"), "FF");
  EXPECT_EQ(ranges[1].find("parents")->to_text(), R"(["0"])");
  EXPECT_EQ(feed({{"x-ms-documentdb-partitionkeyrangeid", "0"}}).status, 410);
  EXPECT_EQ(feed({}).status, 400) << "which of the two?";
}

TEST_F(AccountTest, QueriesAndTheirPlans) {
  make_shop();
  for (int i = 0; i < 5; ++i) create(fmt::format(R"({{"id":"{}","pk":"a"}})", i));
  const Fields query{{"content-type", "application/query+json"}, {"x-ms-max-item-count", "2"}};
  const Answer first = send("POST", kDocs, R"({"query":"SELECT * FROM c"})", query);
  EXPECT_EQ(first.headers.get("x-ms-item-count"), "2");
  Fields next = query;
  next.emplace_back("x-ms-continuation", std::string(first.headers.get("x-ms-continuation")));
  EXPECT_EQ(send("POST", kDocs, R"({"query":"SELECT * FROM c"})", next).headers.get("x-ms-item-count"), "2");
  const Fields flagged{{"x-ms-documentdb-query", "True"}};
  EXPECT_EQ(
      send("POST", kDocs, R"({"query":"SELECT * FROM c WHERE c.id='3'"})", flagged).headers.get("x-ms-item-count"),
      "1");
  const Answer bad = send("POST", kDocs, R"({"query":"SELECT * FROM c\nWHERE c.x ="})", query);
  EXPECT_EQ(bad.status, 400);
  EXPECT_NE(bad.value().string_at("message").find("line 2, column 12: an expression expected"), std::string::npos);
  const Fields plan{{"content-type", "application/query+json"}, {"x-ms-cosmos-is-query-plan-request", "True"}};
  const Answer planned = send("POST", kDocs, R"({"query":"SELECT * FROM c WHERE c.pk = 'redmond'"})", plan);
  ASSERT_EQ(planned.status, 200);
  EXPECT_EQ(planned.value().find("queryRanges")->to_text(),
            R"([{"min":"22E342F38A486A088463DFF7838A5963","max":"22E342F38A486A088463DFF7838A5963",)"
            R"("isMinInclusive":true,"isMaxInclusive":true}])");
}

TEST_F(AccountTest, OffersAreFoundByTheirResource) {
  make_shop();
  ASSERT_EQ(send("POST", "/dbs/Shop/colls", R"({"id":"Auto","partitionKey":{"paths":["/a"]}})",
                 {{"x-ms-cosmos-offer-autopilot-settings", R"({"maxThroughput":4000})"}})
                .status,
            201);
  const json::Value container = send("GET", "/dbs/Shop/colls/Auto").value();
  const Answer found = send(
      "POST", "/offers",
      fmt::format(R"({{"query":"SELECT * from root where root.resource = \"{}\""}})", container.string_at("_self")),
      {{"content-type", "application/query+json"}});
  const json::Value offers_page = found.value();
  const auto& offers = offers_page.find("Offers")->items();
  ASSERT_EQ(offers.size(), 1U);
  EXPECT_EQ(offers[0].find("content")->find("offerAutopilotSettings")->find("maxThroughput")->as_integer(), 4000);
  json::Value offer = offers[0];
  offer.find("content")->set("offerThroughput", json::Value::integer(900));
  const std::string target = "/offers/" + offer.string_at("_rid");
  EXPECT_EQ(send("PUT", target, offer.to_text()).status, 200);
  EXPECT_EQ(send("GET", target).value().find("content")->find("offerThroughput")->as_integer(), 900);
  EXPECT_EQ(send("DELETE", "/dbs/Shop").status, 204);
  EXPECT_EQ(send("GET", "/offers").value().find("_count")->as_integer(), 0);
}

TEST_F(AccountTest, BulkAnswersForEachOperation) {
  make_shop();
  const std::string body =
      R"([{"operationType":"Create","resourceBody":{"id":"1","pk":"a","n":1.50},"partitionKey":"[\"a\"]"},)"
      R"({"operationType":"Delete","id":"none","partitionKey":"[\"a\"]"},)"
      R"({"operationType":"Upsert","resourceBody":{"id":"2","pk":"b"},"partitionKey":"[\"b\"]"}])";
  const Fields bulk{{"x-ms-cosmos-is-batch-request", "true"},
                    {"x-ms-cosmos-batch-atomic", "false"},
                    {"x-ms-documentdb-partitionkeyrangeid", "0"}};
  const Answer answer = send("POST", kDocs, body, bulk);
  EXPECT_EQ(answer.status, 207);
  const json::Value results = answer.value();
  EXPECT_EQ(results.items()[0].find("statusCode")->as_integer(), 201);
  EXPECT_EQ(results.items()[0].find("resourceBody")->find("n")->text(), "1.5");
  EXPECT_EQ(results.items()[1].find("statusCode")->as_integer(), 404);
  EXPECT_EQ(results.items()[2].find("statusCode")->as_integer(), 201);
  EXPECT_EQ(answer.headers.get("x-ms-session-token"), "0:1#2");
  Fields gone = bulk;
  gone[2].second = "9";
  EXPECT_EQ(send("POST", kDocs, body, gone).status, 410);
  EXPECT_EQ(send("POST", kDocs, "[]", bulk).status, 400);
  EXPECT_EQ(send("POST", kDocs, "{", bulk).status, 400);
}

TEST_F(AccountTest, ClientEncryptionKeysAreStored) {
  make_shop();
  const std::string keys = "/dbs/Shop/clientencryptionkeys";
  const std::string_view key =
      R"({"id":"k","encryptionAlgorithm":"AEAD_AES_256_CBC_HMAC_SHA256","wrappedDataEncryptionKey":"AA==",)"
      R"("keyWrapMetadata":{"type":"t","name":"n","value":"v","algorithm":"RSA-OAEP"}})";
  EXPECT_EQ(send("POST", keys, key).status, 201);
  EXPECT_EQ(send("GET", keys + "/k").value().find("keyWrapMetadata")->string_at("value"), "v");
  EXPECT_EQ(send("GET", keys).value().find("ClientEncryptionKeys")->items().size(), 1U);
}

TEST_F(AccountTest, ScriptsUsersAndPermissionsAreStored) {
  make_shop();
  const std::string sprocs = "/dbs/Shop/colls/Orders/sprocs";
  EXPECT_EQ(send("POST", sprocs, R"({"id":"s","body":"function(){}"})").status, 201);
  EXPECT_EQ(send("POST", sprocs, R"({"id":"t"})").status, 400);
  EXPECT_EQ(send("PUT", sprocs + "/s", R"({"id":"s","body":"function(){1}"})").status, 200);
  EXPECT_EQ(send("GET", sprocs).value().find("StoredProcedures")->items()[0].string_at("body"), "function(){1}");
  EXPECT_EQ(send("POST", sprocs + "/s", "[]").status, 400);
  EXPECT_EQ(send("DELETE", sprocs + "/s").status, 204);
  EXPECT_EQ(send("DELETE", sprocs + "/s").status, 404);
  EXPECT_EQ(send("GET", "/dbs/Shop/colls/Orders/conflicts").value().find("_count")->as_integer(), 0);
  EXPECT_EQ(send("POST", "/dbs/Shop/users", R"({"id":"u"})").status, 201);
  EXPECT_EQ(send("POST", "/dbs/Shop/users/u/permissions",
                 R"({"id":"p","permissionMode":"Read","resource":"dbs/Shop/colls/Orders"})")
                .status,
            201);
  EXPECT_NE(send("GET", "/dbs/Shop/users/u/permissions/p").value().string_at("_token"), "");
}

TEST_F(AccountTest, DeletesAWholePartitionKey) {
  make_shop();
  create(R"({"id":"1","pk":"a"})");
  create(R"({"id":"2","pk":"a"})");
  create(R"({"id":"1","pk":"b"})", R"(["b"])");
  EXPECT_EQ(send("POST", "/dbs/Shop/colls/Orders/operations/partitionkeydelete", {},
                 {{"x-ms-documentdb-partitionkey", R"(["a"])"}})
                .status,
            200);
  EXPECT_EQ((*account_.engine().container("Shop", "Orders"))->live_documents().size(), 1U);
  for (const char* key : {"[]", R"(["a","b"])"}) {
    EXPECT_EQ(send("POST", "/dbs/Shop/colls/Orders/operations/partitionkeydelete", {},
                   {{"x-ms-documentdb-partitionkey", key}})
                  .status,
              400)
        << key << " is not one key";
  }
  EXPECT_EQ((*account_.engine().container("Shop", "Orders"))->live_documents().size(), 1U);
}

TEST_F(AccountTest, AWriteThatCountsOnATriggerIsRefused) {
  make_shop();
  for (const char* which : {"pre", "post"}) {
    const Answer answer = send("POST", kDocs, R"({"id":"1","pk":"a"})",
                               {{"x-ms-documentdb-partitionkey", R"(["a"])"},
                                {fmt::format("x-ms-documentdb-{}-trigger-include", which), "stamp"}});
    EXPECT_EQ(answer.status, 400);
  }
  EXPECT_TRUE((*account_.engine().container("Shop", "Orders"))->live_documents().empty());
}

TEST_F(AccountTest, FaultsStrikeTheNextMatchingRequests) {
  make_shop();
  const auto fault = [&](std::string_view body) { return send("POST", "/_emulator/fault", body).status; };
  EXPECT_EQ(fault(R"({"kind":"throttle","count":2,"match":"/docs"})"), 200);
  EXPECT_EQ(send("GET", "/dbs").status, 200);
  const Answer throttled = create(R"({"id":"1","pk":"a"})");
  EXPECT_EQ(throttled.status, 429);
  EXPECT_EQ(throttled.sub_status(), "3200");
  EXPECT_NE(throttled.headers.get("x-ms-retry-after-ms"), "");
  EXPECT_EQ(create(R"({"id":"1","pk":"a"})").status, 429);
  EXPECT_EQ(create(R"({"id":"1","pk":"a"})").status, 201);
  EXPECT_EQ(fault(R"({"kind":"drop"})"), 200);
  create(R"({"id":"2","pk":"a"})");
  EXPECT_TRUE(dropped_);
  EXPECT_EQ(create(R"({"id":"2","pk":"a"})").status, 201);
  EXPECT_EQ(fault(R"({"kind":"lose_reply"})"), 200);
  create(R"({"id":"3","pk":"a"})");
  EXPECT_TRUE(dropped_);
  EXPECT_EQ(create(R"({"id":"3","pk":"a"})").status, 409);
  EXPECT_EQ(fault(R"({"kind":"truncate"})"), 200);
  const Answer half = feed({});
  EXPECT_EQ(truncated_, static_cast<std::int64_t>(half.body.size() / 2));
  EXPECT_EQ(fault(R"({"kind":"status","status":410,"sub_status":1007})"), 200);
  EXPECT_EQ(feed({}).sub_status(), "1007");
  EXPECT_EQ(fault(R"({"kind":"earthquake"})"), 400);
}

TEST_F(AccountTest, TheDoorMovesTheClock) {
  EXPECT_EQ(send("POST", "/_emulator/clock", R"({"freeze":"2030-01-01T00:00:00Z"})").value().string_at("now"),
            "2030-01-01T00:00:00Z");
  EXPECT_EQ(send("POST", "/_emulator/clock", R"({"advance":90})").value().string_at("now"), "2030-01-01T00:01:30Z");
  EXPECT_EQ(send("POST", "/_emulator/clock", R"({"advance":-60})").value().string_at("now"), "2030-01-01T00:00:30Z");
  EXPECT_EQ(send("POST", "/_emulator/clock", R"({"freeze":"yesterday"})").status, 400);
  EXPECT_EQ(send("POST", "/_emulator/clock", R"({"advance":"1"})").status, 400);
}

class LimitedAccountTest : public AccountTest {
 protected:
  LimitedAccountTest() : AccountTest(limited()) {}
  static AccountOptions limited() {
    AccountOptions options;
    options.throughput = {.limits = true, .unasked = 20};
    options.all_versions_feed = false;
    return options;
  }
};

TEST_F(LimitedAccountTest, SpendsNoMoreThanItsRequestUnits) {
  make_shop();
  int written = 0;
  Answer answer;
  for (; written < 100; ++written) {
    answer = create(fmt::format(R"({{"id":"{}","pk":"a"}})", written));
    if (answer.status != 201) break;
  }
  EXPECT_EQ(answer.status, 429);
  EXPECT_EQ(written, 4);
  const std::int64_t wait = std::stoll(std::string(answer.headers.get("x-ms-retry-after-ms")));
  runtime_.sleep(Milliseconds(wait), {});
  EXPECT_EQ(create(R"({"id":"later","pk":"a"})").status, 201);
}

TEST_F(LimitedAccountTest, BulkTellsEachOperationForWhichNothingIsLeft) {
  make_shop();
  std::string operations;
  for (int i = 0; i < 8; ++i) {
    operations +=
        fmt::format(R"({}{{"operationType":"Create","resourceBody":{{"id":"{}","pk":"a"}},"partitionKey":"[\"a\"]"}})",
                    i == 0 ? "[" : ",", i);
  }
  const Answer answer = send("POST", kDocs, operations + "]",
                             {{"x-ms-documentdb-partitionkeyrangeid", "0"}, {"x-ms-cosmos-is-batch-request", "true"}});
  EXPECT_EQ(answer.status, 207);
  const json::Value results = answer.value();
  for (std::size_t i = 0; i < 8; ++i) {
    const json::Value& result = results.items()[i];
    EXPECT_EQ(result.find("statusCode")->as_integer(), i < 4 ? 201 : 429) << i;
    if (i < 4) continue;
    EXPECT_EQ(result.find("subStatusCode")->as_integer(), 3200);
    EXPECT_GT(*result.find("retryAfterMilliseconds")->as_integer(), 0);
  }
  runtime_.sleep(Milliseconds(1000), {});
  EXPECT_EQ(create(R"({"id":"later","pk":"a"})").status, 201) << "what was refused cost nothing";
}

TEST_F(LimitedAccountTest, SaysWhereTheAllVersionsFeedIsNotOffered) {
  make_shop();
  EXPECT_EQ(send("GET", "/").value().find("continuousBackupEnabled")->as_bool(), false);
  EXPECT_EQ(send("GET", kDocs, {}, {{"A-IM", "Full-Fidelity Feed"}, {"If-None-Match", "*"}}).status, 400);
  EXPECT_EQ(send("POST", "/_emulator/clock", "{}").status, 400) << "no door";
}

TEST_F(AccountTest, BatchesAndBulkKnowWhatTheSessionHasSeen) {
  make_shop();
  create(R"({"id":"1","pk":"a"})");
  const auto ask = [&](std::string_view operations, bool atomic, const std::string& session) {
    Fields fields{{"x-ms-cosmos-is-batch-request", "true"}, {"x-ms-session-token", session}};
    if (atomic) {
      fields.emplace_back("x-ms-cosmos-batch-atomic", "true");
      fields.emplace_back("x-ms-documentdb-partitionkey", R"(["a"])");
    } else {
      fields.emplace_back("x-ms-documentdb-partitionkeyrangeid", "0");
    }
    return send("POST", kDocs, operations, fields);
  };
  constexpr std::string_view kRead = R"([{"operationType":"Read","id":"1","partitionKey":"[\"a\"]"}])";
  constexpr std::string_view kWrite =
      R"([{"operationType":"Upsert","partitionKey":"[\"a\"]","resourceBody":{"id":"2","pk":"a"}}])";
  EXPECT_EQ(ask(kRead, true, "0:1#1").status, 200);
  const Answer ahead = ask(kRead, true, "0:1#9");
  EXPECT_EQ(ahead.status, 404);
  EXPECT_EQ(ahead.sub_status(), "1002");
  EXPECT_EQ(ask(kWrite, true, "0:1#9").status, 200) << "writes read nothing";
  EXPECT_EQ(ask(kRead, false, "0:1#1").status, 200);
  const json::Value each = ask(kRead, false, "0:1#9").value();
  EXPECT_EQ(each.items()[0].find("statusCode")->as_integer(), 404);
  EXPECT_EQ(each.items()[0].find("subStatusCode")->as_integer(), 1002);
  EXPECT_EQ(ask(kWrite, false, "0:1#9").status, 200);
}

}  // namespace
}  // namespace halley::server
