// Who is let in, operations, lists, faults, and what restores refuse.
#include "arm/gateway.h"

#include "arm/azure_fixture.h"

namespace halley::arm {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class GatewayTest : public AzureTest {
 protected:
  const std::string shop = std::string(kGroup) + "/shop";
  void expect_refused(const Answer& answer, int status, const std::string& code) {
    EXPECT_EQ(answer.status, status) << answer.body.to_text();
    const std::string text = answer.text_at({"error", "code"});
    EXPECT_EQ(text.empty() ? answer.text_at({"code"}) : text, code);
  }
};

TEST_F(GatewayTest, AsksForATokenAndAVersion) {
  expect_refused(send("GET", shop, {}, false), 401, "AuthenticationFailed");
  expect_refused(get(shop + "?api-version="), 400, "MissingApiVersionParameter");
  expect_refused(get("/subscriptions/other/providers/Microsoft.DocumentDB/databaseAccounts"), 404,
                 "SubscriptionNotFound");
  expect_refused(get("/subscriptions/sub/resourceGroups/x/providers/Microsoft.DocumentDB/databaseAccounts/shop"), 404,
                 "ResourceGroupNotFound");
  expect_refused(get(shop + "/privateEndpointConnections"), 404, "InvalidResourceType");
  expect_refused(get("/%zz"), 400, "BadRequest");
  expect_refused(get(shop + "?api-version=%ff"), 400, "BadRequest");
  expect_refused(send("PUT", shop, "{"), 400, "InvalidRequestContent");
  expect_refused(send("PATCH", shop, R"({"tags":{"a":"\ud800"}})"), 400, "InvalidRequestContent");
  EXPECT_EQ(get(shop).status, 200);
  EXPECT_EQ(get("/SUBSCRIPTIONS/SUB/resourcegroups/RG/providers/microsoft.documentdb/databaseaccounts/Shop").status,
            200);
}

TEST_F(GatewayTest, AnySecretSignsIn) {
  const auto token = [&](const std::string& form) { return send("POST", "/t/oauth2/v2.0/token", form, false); };
  const Answer answer = token("grant_type=client_credentials&client_id=me&client_secret=s%26x&scope=y");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.text_at({"access_token"}), "emulator-me");
  const Answer quoted = token("grant_type=client_credentials&client_id=a%22b&client_secret=s");
  EXPECT_EQ(quoted.text_at({"access_token"}), "emulator-a\"b");
  EXPECT_EQ(token("grant_type=client_credentials&client_id=me").status, 401);
  EXPECT_EQ(token("grant_type=password").text_at({"error"}), "unsupported_grant_type");
}

TEST_F(GatewayTest, AnOperationGoesOnWhenItIsLookedAt) {
  const Answer begun = send("PATCH", shop, R"({"tags":{"a":"b"}})");
  EXPECT_EQ(begun.status, 200);
  EXPECT_EQ(begun.text_at({"properties", "provisioningState"}), "Updating");
  const std::string url(begun.headers.get("Azure-AsyncOperation"));
  EXPECT_GT(url.size(), 3000U);
  const std::string target = url.substr(std::string_view("https://azure.example").size());
  EXPECT_EQ(get(target).text_at({"status"}), "Enqueued");
  expect_refused(get(target.substr(0, target.find("&s=")) + "&s=x"), 403, "InvalidSignature");
  expect_refused(send("PATCH", shop, "{}"), 412, "PreconditionFailed");
  EXPECT_EQ(get(target).text_at({"status"}), "Dequeued");
  EXPECT_EQ(get(shop).text_at({"properties", "provisioningState"}), "Succeeded") << "a look, too";
  EXPECT_EQ(get(target).text_at({"status"}), "Succeeded");
  EXPECT_EQ(get(shop).text_at({"tags", "a"}), "b");
  expect_refused(get(std::string(kPlaces) + "/locations/westus/operationsStatus/none"), 404, "NotFound");
}

TEST_F(GatewayTest, OperationsThatEndedLongAgoAreForgotten) {
  const auto carry_out = [&] {
    const Answer begun = send("PATCH", shop, R"({"tags":{"a":"b"}})");
    EXPECT_EQ(begun.status, 200);
    const std::string url(begun.headers.get("Azure-AsyncOperation"));
    const std::string target = url.substr(std::string_view("https://azure.example").size());
    while (get(target).text_at({"status"}) != "Succeeded") {
    }
    return target;
  };
  const std::string first = carry_out();
  std::string last;
  for (int i = 0; i < 1000; ++i) last = carry_out();
  EXPECT_EQ(get(last).status, 200);
  EXPECT_EQ(get(first).status, 200) << "a thousand are kept, and what ended since the last began";
  carry_out();
  expect_refused(get(first), 404, "NotFound");
}

TEST_F(GatewayTest, AnOperationMayFail) {
  ASSERT_EQ(door("operations", R"({"fail":"Broken","message":"It broke.","count":1})").status, 200);
  const Answer failed = finish(send("PATCH", shop, R"({"properties":{"publicNetworkAccess":"Disabled"}})"));
  EXPECT_EQ(failed.text_at({"status"}), "Failed");
  EXPECT_EQ(failed.text_at({"error", "message"}), "It broke.");
  EXPECT_EQ(get(shop).text_at({"properties", "publicNetworkAccess"}), "Enabled");
  EXPECT_EQ(finish(send("PATCH", shop, R"({"properties":{"publicNetworkAccess":"Disabled"}})")).text_at({"status"}),
            "Succeeded");
  EXPECT_EQ(get(shop).text_at({"properties", "publicNetworkAccess"}), "Disabled");
}

TEST_F(GatewayTest, FaultsAreSaidInAzuresWords) {
  door("fault", R"({"kind":"status","status":403,"match":"/listKeys"})");
  const Answer forbidden = send("POST", shop + "/listKeys");
  expect_refused(forbidden, 403, "AuthorizationFailed");
  EXPECT_THAT(forbidden.text_at({"error", "message"}),
              HasSubstr("'Microsoft.DocumentDB/databaseAccounts/listKeys/action'"));
  door("fault", R"({"kind":"status","status":403})");
  EXPECT_THAT(send("PUT", shop + "/sqlDatabases/d", "{}").text_at({"error", "message"}),
              HasSubstr("'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/write'"));
  door("fault", R"({"kind":"throttle","retry_after_ms":1500})");
  const Answer throttled = get(shop);
  expect_refused(throttled, 429, "SubscriptionRequestsThrottled");
  EXPECT_EQ(throttled.headers.get("Retry-After"), "2");
  door("fault", R"({"kind":"status","status":401,"count":0})");
  expect_refused(get(shop), 401, "ExpiredAuthenticationToken");
  EXPECT_EQ(send("GET", "/_emulator/fault").at({"struck"}).as_integer(), 4);
  door("fault", R"({"clear":true})");
  EXPECT_EQ(get(shop).status, 200);
  EXPECT_EQ(door("fault", R"({"kind":"flood"})").status, 400);
  EXPECT_EQ(door("nothing", "{}").status, 404);
}

class PagesTest : public AzureTest {
 protected:
  PagesTest() : AzureTest(2) {}
};

TEST_F(PagesTest, ListsGoOn) {
  for (const char* name : {"a", "b", "c"}) ASSERT_TRUE(engine().create_database(name));
  const std::string databases = std::string(kGroup) + "/shop/sqlDatabases";
  const Answer first = get(databases);
  EXPECT_THAT(first.texts_at("value", {"name"}), ElementsAre("a", "b"));
  const std::string next = first.text_at({"nextLink"});
  const Answer second = get(next.substr(std::string_view("https://azure.example").size()));
  EXPECT_THAT(second.texts_at("value", {"name"}), ElementsAre("c"));
  EXPECT_TRUE(second.at({"nextLink"}).is_null());
}

TEST_F(GatewayTest, TheWindowFollowsTheTier) {
  make_store();
  const std::string backup = shop_->restorable_id();
  const Second made = shop_->created;
  const auto oldest = [&] {
    return parse_rfc3339(get(backup).text_at({"properties", "oldestRestorableTime"})).value();
  };
  const auto tier = [&](const std::string& name) {
    return finish(send("PATCH", shop,
                       R"({"properties":{"backupPolicy":{"type":"Continuous","continuousModeProperties":{"tier":")" +
                           name + R"("}}}})"));
  };
  EXPECT_EQ(oldest(), made);
  pass(10 * 86400);
  EXPECT_EQ(oldest(), made);
  EXPECT_EQ(tier("Continuous7Days").text_at({"status"}), "Succeeded");
  EXPECT_GE(oldest(), made + 3 * 86400);
  EXPECT_EQ(tier("Continuous30Days").text_at({"status"}), "Succeeded");
  EXPECT_GE(oldest(), made + 3 * 86400) << "what was lost does not come back";
  expect_refused(send("PATCH", shop, R"({"properties":{"backupPolicy":{"type":"Periodic"}}})"), 400, "BadRequest");
  expect_refused(send("PUT", std::string(kGroup) + "/copy", restore_body(made + 1)), 400, "BadRequest");
  EXPECT_EQ(finish(send("PUT", std::string(kGroup) + "/copy", restore_body(made + 5 * 86400))).text_at({"status"}),
            "Succeeded");
}

TEST_F(GatewayTest, ADeletedAccountIsRestorableUntilItsWindowIsOver) {
  make_store();
  const auto before = documents(engine());
  const Second last = subscription_.now();
  pass(1);
  ASSERT_EQ(finish(send("DELETE", shop)).text_at({"status"}), "Succeeded");
  expect_refused(get(shop), 404, "ResourceNotFound");
  EXPECT_EQ(send("DELETE", shop).status, 204);
  pass(20 * 86400);
  const Answer list = get(std::string(kPlaces) + "/restorableDatabaseAccounts");
  ASSERT_THAT(list.texts_at("value", {"properties", "accountName"}), ElementsAre("shop"));
  const json::Value& told = list.at({"value"}).items()[0];
  const auto moment = [&](std::string_view name) {
    return parse_rfc3339(member(told, {"properties", name}).text()).value();
  };
  EXPECT_EQ((moment("deletionTime") - moment("oldestRestorableTime")) / 86400, 10);
  EXPECT_EQ(finish(send("PUT", std::string(kGroup) + "/back", restore_body(last))).text_at({"status"}), "Succeeded");
  EXPECT_EQ(documents(engine_of(**subscription_.find("rg", "back"))), before);
  expect_refused(send("PUT", std::string(kGroup) + "/late", restore_body(last + 1)), 400, "BadRequest");
  pass(11 * 86400);
  EXPECT_EQ(get(std::string(kPlaces) + "/locations/westus/restorableDatabaseAccounts")
                .texts_at("value", {"properties", "accountName"})
                .size(),
            1U)
      << "only what was made of it";
}

TEST_F(GatewayTest, TheClockKeepsToYearsOfFourDigits) {
  const std::string century = std::to_string(100LL * 365 * 86400);
  expect_refused(door("clock", R"({"advance":-)" + century + "}"), 400, "BadRequest");
  for (int centuries = 0; centuries < 79; ++centuries) {
    ASSERT_EQ(door("clock", R"({"advance":)" + century + "}").status, 200);
  }
  const Second far = subscription_.now();
  for (int centuries = 0; centuries < 2; ++centuries) door("clock", R"({"advance":)" + century + "}");
  EXPECT_EQ(door("clock", R"({"advance":)" + century + "}").status, 400);
  EXPECT_LE(subscription_.now(), far + 2 * 100LL * 366 * 86400);
  EXPECT_EQ(get(shop).status, 200);
}

TEST_F(GatewayTest, WhatNoBackupReachesIsForgotten) {
  make_store();
  std::weak_ptr<server::ResourceHistory> deleted = shop_->history;
  pass(60);
  const Second last = subscription_.now() - 1;
  ASSERT_EQ(finish(send("PUT", std::string(kGroup) + "/copy", restore_body(last))).text_at({"status"}), "Succeeded");
  const auto copy = *subscription_.find("rg", "copy");
  const auto versions = [&] { return copy->history->versions().size(); };
  const auto events = [&](const char* kind) {
    return get(copy->restorable_id() + "/" + kind).texts_at("value", {"name"});
  };
  ASSERT_EQ(versions(), 2U);
  pass(60);
  ASSERT_TRUE(engine_of(*copy).remove({"dbs", "store", "colls", "orders"}));
  ASSERT_EQ(finish(send("DELETE", shop)).text_at({"status"}), "Succeeded");
  shop_.reset();
  pass(29 * 86400);
  const auto named = events("restorableSqlContainers");
  EXPECT_EQ(named.size(), 2U);
  EXPECT_EQ(versions(), 3U);
  EXPECT_FALSE(deleted.expired());
  pass(2 * 86400);
  EXPECT_TRUE(events("restorableSqlContainers").empty());
  EXPECT_EQ(versions(), 1U) << "the database is there still";
  EXPECT_TRUE(deleted.expired());
  ASSERT_TRUE(engine_of(*copy).create_container("store", R"({"id":"new","partitionKey":{"paths":["/pk"]}})"));
  const auto made = events("restorableSqlContainers");
  ASSERT_EQ(made.size(), 1U);
  EXPECT_THAT(named, Not(Contains(made[0]))) << "what is forgotten leaves its id to nothing else";
}

TEST_F(GatewayTest, ARestoreIsOfWhatIsAskedFor) {
  make_store();
  ASSERT_TRUE(engine().create_container("store", R"({"id":"carts","partitionKey":{"paths":["/pk"]}})"));
  const Second now = subscription_.now();
  pass(1);
  const auto put = [&](const std::string& more, const std::string& account_more = {}) {
    return send("PUT", std::string(kGroup) + "/copy", restore_body(now, more, account_more));
  };
  expect_refused(put(R"(,"databasesToRestore":[{"databaseName":"none"}])"), 400, "BadRequest");
  expect_refused(put(R"(,"databasesToRestore":[{"databaseName":"store","collectionNames":["none"]}])"), 400,
                 "BadRequest");
  expect_refused(send("PUT", std::string(kGroup) + "/NotALLOWED", restore_body(now)), 400, "BadRequest");
  expect_refused(send("PUT", std::string(kGroup) + "/copy", restore_body(now + 100)), 400, "BadRequest");
  const Answer begun = put(R"(,"databasesToRestore":[{"databaseName":"store","collectionNames":["carts"]}])",
                           R"(,"publicNetworkAccess":"Disabled")");
  EXPECT_EQ(begun.text_at({"properties", "provisioningState"}), "Creating");
  expect_refused(put(""), 409, "Conflict");
  finish(begun);
  const Answer made = get(std::string(kGroup) + "/copy");
  EXPECT_EQ(made.text_at({"properties", "publicNetworkAccess"}), "Disabled");
  const auto containers = get(std::string(kGroup) + "/copy/sqlDatabases/store/containers");
  EXPECT_THAT(containers.texts_at("value", {"name"}), ElementsAre("carts"));
  EXPECT_NE(send("POST", std::string(kGroup) + "/copy/listKeys").text_at({"primaryMasterKey"}),
            send("POST", shop + "/listKeys").text_at({"primaryMasterKey"}));
}

TEST_F(GatewayTest, OnlySecondsThatHavePassedAreRestored) {
  make_store();
  pass(10);
  const auto restore = [&](Second at) { return send("PUT", std::string(kGroup) + "/copy", restore_body(at)); };
  const Second now = subscription_.now();
  const Answer refused = restore(now);
  expect_refused(refused, 400, "BadRequest");
  EXPECT_THAT(refused.text_at({"message"}), HasSubstr("to " + format_rfc3339(now - 1) + "."));
  EXPECT_EQ(finish(restore(now - 1)).text_at({"status"}), "Succeeded");
}

TEST_F(GatewayTest, AContainerIsRestoredIntoTheDatabaseItWasIn) {
  make_store();
  const auto before = documents(engine());
  const Second then = subscription_.now();
  const std::string orders = shop + "/sqlDatabases/store/containers/orders";
  const std::string body =
      fmt::format(R"({{"properties":{{"resource":{{"id":"orders","createMode":"Restore","restoreParameters":)"
                  R"({{"restoreSource":"{}","restoreTimestampInUtc":"{}"}}}}}}}})",
                  shop_->restorable_id(), format_rfc3339(then));
  pass(1);
  expect_refused(send("PUT", orders, body), 409, "Conflict");
  ASSERT_TRUE(engine().remove({"dbs", "store"}));
  expect_refused(send("PUT", orders, body), 404, "NotFound");
  ASSERT_TRUE(engine().create_database("store"));
  expect_refused(send("PUT", orders, body), 400, "BadRequest");
  ASSERT_TRUE(engine().remove({"dbs", "store"}));
  std::string of_database = body;
  of_database.replace(of_database.find("orders"), 6, "store");
  EXPECT_EQ(finish(send("PUT", shop + "/sqlDatabases/store", of_database)).text_at({"status"}), "Succeeded");
  const Answer begun = send("PUT", orders, body);
  EXPECT_EQ(begun.status, 202);
  expect_refused(send("PUT", orders, body), 409, "Conflict");
  EXPECT_EQ(finish(begun).text_at({"status"}), "Succeeded");
  EXPECT_EQ(documents(engine()), before);
}

TEST_F(GatewayTest, WhatIsWrongIsRefusedAtOnce) {
  make_store();
  const std::string store = shop + "/sqlDatabases/store";
  const auto put = [&](const std::string& target, const std::string& resource) {
    return send("PUT", target, R"({"properties":{"resource":)" + resource + "}}");
  };
  expect_refused(put(store + "/containers/c", R"({"id":"c"})"), 400, "BadRequest");
  expect_refused(put(store + "/containers/c", R"({"id":"d","partitionKey":{"paths":["/a"]}})"), 400, "BadRequest");
  expect_refused(put(store + "/containers/orders/triggers/t", R"({"id":"t"})"), 400, "BadRequest");
  expect_refused(put(store + "/containers/orders/triggers/t", "7"), 400, "BadRequest");
  expect_refused(put(store, R"(["id"])"), 400, "BadRequest");
  expect_refused(put(shop + "/sqlDatabases/a%2Fb", R"({"id":"a/b"})"), 400, "BadRequest");
  for (const char* body : {"", "[]", "7", R"({"properties":[]})", R"({"properties":{"restoreParameters":7}})",
                           R"({"location":7,"properties":{"locations":[7]}})"}) {
    expect_refused(send("PUT", std::string(kGroup) + "/wrong", body), 400, "BadRequest");
  }
  expect_refused(send("PUT", std::string(kGroup) + "/wrong",
                      R"({"location":"x","properties":{"createMode":"Restore","restoreParameters":[]}})"),
                 400, "BadRequest");
  EXPECT_EQ(get(shop + "/sqlDatabases").texts_at("value", {"name"}).size(), 1U);
}

TEST_F(GatewayTest, TheLatestRestorableTimeIsNotKnownAtOnce) {
  make_store();
  const std::string orders = shop + "/sqlDatabases/store/containers/orders";
  const auto latest = [&] {
    return finish(send("POST", orders + "/retrieveContinuousBackupInformation", R"({"location":"westus"})"))
        .text_at({"continuousBackupInformation", "latestRestorableTimestamp"});
  };
  EXPECT_EQ(latest(), american_time(subscription_.now() - 1));
  door("backup", R"({"lag":120})");
  EXPECT_EQ(latest(), "1/1/1970 12:00:00 AM");
  pass(200);
  EXPECT_EQ(latest(), american_time(subscription_.now() - 121));
  expect_refused(send("POST", orders + "/retrieveContinuousBackupInformation", R"({"location":"Mars"})"), 400,
                 "BadRequest");
  EXPECT_EQ(american_time({1719358149}), "6/25/2024 11:29:09 PM");
  EXPECT_EQ(american_time({1719360000}), "6/26/2024 12:00:00 AM");
}

}  // namespace
}  // namespace halley::arm
