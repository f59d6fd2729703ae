// The client against a transport that answers by script.
#include "cosmos/client.h"
#include "cosmos/read_feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "codec/base64.h"
#include "cosmos/signing.h"
#include "testing/scripted_transport.h"
#include "testing/virtual_runtime.h"

namespace halley::cosmos {
namespace {

using ::testing::HasSubstr;
using testing::headers;
using ::testing::Not;

constexpr Second kNow{1795348897};  // Sun, 22 Nov 2026 12:01:37 GMT
const ContainerName kOrders{"Shop", "Orders"};

class ClientTest : public ::testing::Test {
 protected:
  ClientTest() { make({}); }

  void make(ClientOptions options) {
    options.endpoint = "https://shop.example:443/";
    options.key = kEmulatorKey;
    client_ = Client::create(runtime_, transport_, options).value();
  }

  // A first answer, so that the endpoint counts as known.
  void know_endpoint() {
    transport_.answer(200, {}, R"({"id":"shop"})");
    ASSERT_TRUE(client_->read_account(stop_));
  }

  const http::Request& last() const { return transport_.requests().back(); }
  std::string_view sent(std::string_view name) const { return last().headers.get(name); }
  Milliseconds slept() {
    const auto sleeps = runtime_.sleeps();
    return std::accumulate(sleeps.begin(), sleeps.end(), Milliseconds(0));
  }

  testing::VirtualRuntime runtime_{kNow};
  testing::ScriptedTransport transport_;
  std::unique_ptr<Client> client_;
  std::stop_token stop_;
};

TEST_F(ClientTest, RefusesEndpointsAndKeysOfTheWrongForm) {
  const auto code = [&](std::string endpoint, std::string key) {
    ClientOptions options;
    options.endpoint = std::move(endpoint);
    options.key = std::move(key);
    const auto client = Client::create(runtime_, transport_, options);
    return client ? Code::internal : client.error().code;
  };
  const std::string key(kEmulatorKey);
  for (const char* endpoint :
       {"", "shop.example", "ftp://shop", "https://", "https://a/b", "https://u:p@a", "http://a b"}) {
    EXPECT_EQ(code(endpoint, key), Code::invalid_argument) << endpoint;
  }
  EXPECT_EQ(code("https://a", ""), Code::invalid_argument);
  EXPECT_EQ(code("https://a", "not base64!"), Code::invalid_argument);
  EXPECT_EQ(code("http://127.0.0.1:8081/", key), Code::internal);
}

TEST_F(ClientTest, AConnectionStringGivenAsEndpointIsNotRepeated) {
  ClientOptions options;
  options.endpoint = "AccountEndpoint=https://shop.example:443/;AccountKey=c2VjcmV0Cg==;";
  options.key = kEmulatorKey;
  const auto client = Client::create(runtime_, transport_, options);
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().to_string().find("c2VjcmV0"), std::string::npos) << client.error().to_string();
}

TEST_F(ClientTest, SignsEveryRequest) {
  transport_.answer(200, {}, R"({"id":"Orders","_rid":"Lx1BALxJyZ8=","_etag":"\"e\"","_ts":1700000000,"new":{"x":1}})");
  const auto container = client_->read_container({"a b", "c/d"}, stop_);
  ASSERT_TRUE(container) << container.error().to_string();
  EXPECT_EQ(last().method, "GET");
  EXPECT_EQ(last().url, "https://shop.example:443/dbs/a%20b/colls/c%2Fd");
  EXPECT_EQ(sent("x-ms-version"), "2020-07-15");
  EXPECT_EQ(sent("x-ms-date"), "Sun, 22 Nov 2026 12:01:37 GMT");
  EXPECT_EQ(sent("authorization"), master_key_token(codec::base64_decode(kEmulatorKey).value(), "GET", "colls",
                                                    "dbs/a b/colls/c/d", "Sun, 22 Nov 2026 12:01:37 GMT"));
  EXPECT_EQ(container->id, "Orders");
  EXPECT_EQ(container->rid, "Lx1BALxJyZ8=");
  EXPECT_EQ(container->etag, "\"e\"");
  EXPECT_EQ(container->ts, Second{1700000000});
  EXPECT_THAT(container->text, HasSubstr(R"("new":{"x":1})"));
}

TEST_F(ClientTest, ReadsTheAccount) {
  transport_.answer(200, {}, R"({"id":"shop","continuousBackupEnabled":true,"enableMultipleWriteLocations":false,
      "enableAllVersionsAndDeletesChangeFeed":true,
      "writableLocations":[{"name":"W","databaseAccountEndpoint":"https://shop-w.example/"}]})");
  const auto account = client_->read_account(stop_);
  ASSERT_TRUE(account);
  EXPECT_EQ(last().url, "https://shop.example:443/");
  EXPECT_EQ(account->id, "shop");
  EXPECT_TRUE(account->continuous_backup);
  EXPECT_TRUE(account->all_versions_feed);
  EXPECT_FALSE(account->multiple_write_regions);
  EXPECT_EQ(account->write_endpoint, "https://shop-w.example/");
}

TEST_F(ClientTest, ListsFollowContinuations) {
  transport_
      .answer(200, headers({{"x-ms-continuation", "c1"}}), R"({"Databases":[{"id":"a","_rid":"AAAAAA=="}],"_count":1})")
      .answer(200, headers({{"x-ms-continuation", "c2"}}), R"({"Databases":[],"_count":0})")
      .answer(200, {}, R"({"Databases":[{"id":"b","_rid":"AAAAAQ=="}],"_count":1})");
  const auto databases = client_->list_databases(stop_);
  ASSERT_TRUE(databases) << databases.error().to_string();
  ASSERT_EQ(databases->size(), 2u);
  EXPECT_EQ((*databases)[1].id, "b");
  EXPECT_EQ((*databases)[0].text, R"({"id":"a","_rid":"AAAAAA=="})");
  EXPECT_EQ(transport_.requests()[0].headers.find("x-ms-continuation"), nullptr);
  EXPECT_EQ(transport_.requests()[2].headers.get("x-ms-continuation"), "c2");
}

TEST_F(ClientTest, ListsThatDoNotAdvanceOrAreMalformedAreCorrupt) {
  transport_.answer(200, headers({{"x-ms-continuation", "c"}}), R"({"Offers":[]})")
      .answer(200, headers({{"x-ms-continuation", "c"}}), R"({"Offers":[]})");
  EXPECT_EQ(client_->list_offers(stop_).error().code, Code::corrupt);
  for (const char* body :
       {"", "<html>", R"({"Offers":5})", R"({"Offers":[{"_rid":"x"}]})", R"({"Offers":[{"id":"a"}])"}) {
    transport_.answer(200, {}, body);
    const auto offers = client_->list_offers(stop_);
    ASSERT_FALSE(offers) << body;
    EXPECT_EQ(offers.error().code, Code::corrupt) << body;
  }
}

TEST_F(ClientTest, ListsThatGoInCirclesAreCorrupt) {
  for (const char* next : {"a", "b", "a"}) {
    transport_.answer(200, headers({{"x-ms-continuation", next}}), R"({"Offers":[]})");
  }
  EXPECT_EQ(client_->list_offers(stop_).error().code, Code::corrupt);
  EXPECT_TRUE(transport_.finished());
}

TEST_F(ClientTest, ReadFeedsThatGoInCirclesAreCorrupt) {
  for (const char* next : {"a", "b", "a"}) {
    transport_.answer(200, headers({{"x-ms-continuation", next}}), R"({"Documents":[]})");
  }
  const Status read = read_range(
      *client_, kOrders, "0", [](const ReadPage&) { return Status(); }, stop_);
  EXPECT_EQ(read.error().code, Code::corrupt);
  EXPECT_TRUE(transport_.finished());
}

TEST_F(ClientTest, EveryListAsksItsPath) {
  const auto path_of = [&](std::string_view envelope, auto list) {
    transport_.answer(200, {}, "{\"" + std::string(envelope) + "\":[]}");
    EXPECT_TRUE(list());
    return last().url.substr(std::string_view("https://shop.example:443").size());
  };
  EXPECT_EQ(path_of("DocumentCollections", [&] { return client_->list_containers("Shop", stop_); }), "/dbs/Shop/colls");
  EXPECT_EQ(path_of("Users", [&] { return client_->list_users("Shop", stop_); }), "/dbs/Shop/users");
  EXPECT_EQ(path_of("Permissions", [&] { return client_->list_permissions("Shop", "u", stop_); }),
            "/dbs/Shop/users/u/permissions");
  EXPECT_EQ(path_of("Offers", [&] { return client_->list_offers(stop_); }), "/offers");
  const auto scripts = [&](ScriptKind kind) {
    return [&, kind] { return client_->list_scripts(kOrders, kind, stop_); };
  };
  EXPECT_EQ(path_of("StoredProcedures", scripts(ScriptKind::stored_procedure)), "/dbs/Shop/colls/Orders/sprocs");
  EXPECT_EQ(path_of("Triggers", scripts(ScriptKind::trigger)), "/dbs/Shop/colls/Orders/triggers");
  EXPECT_EQ(path_of("UserDefinedFunctions", scripts(ScriptKind::user_defined_function)), "/dbs/Shop/colls/Orders/udfs");
}

std::string range(std::string_view id, std::string_view min, std::string_view max, std::string_view parents = "") {
  return "{\"id\":\"" + std::string(id) + "\",\"minInclusive\":\"" + std::string(min) + "\",\"maxExclusive\":\"" +
         std::string(max) + "\",\"parents\":[" + std::string(parents) + "]}";
}

std::string ranges(std::initializer_list<std::string> list) {
  std::string text;
  for (const std::string& each : list) text += (text.empty() ? "" : ",") + each;
  return "{\"PartitionKeyRanges\":[" + text + "]}";
}

TEST_F(ClientTest, RangesLeaveParentsOutAndComeInOrder) {
  transport_.answer(200, {},
                    ranges({range("2", "1F", "FF", "\"0\""), range("0", "", "FF"), range("1", "", "1F", "\"0\"")}));
  const auto live = client_->partition_key_ranges(kOrders, stop_);
  ASSERT_TRUE(live) << live.error().to_string();
  ASSERT_EQ(live->size(), 2u);
  EXPECT_EQ((*live)[0].id, "1");
  EXPECT_EQ((*live)[0].range, (HashRange{"", "\x1F"}));
  EXPECT_EQ((*live)[1].range, (HashRange{"\x1F", "\xFF"}));
  EXPECT_EQ((*live)[1].parents, std::vector<std::string>{"0"});
}

TEST_F(ClientTest, RangesWithAHoleAreReadAgain) {
  transport_.answer(200, {}, ranges({range("1", "", "1F", "\"0\"")})).answer(200, {}, ranges({range("0", "", "FF")}));
  ASSERT_EQ(client_->partition_key_ranges(kOrders, stop_).value().size(), 1u);
  for (int i = 0; i < 40; ++i) transport_.answer(200, {}, ranges({}));
  EXPECT_EQ(client_->partition_key_ranges(kOrders, stop_).error().code, Code::unavailable);
  transport_.answer(200, {}, ranges({range("0", "", "F")}));
  EXPECT_EQ(client_->partition_key_ranges(kOrders, stop_).error().code, Code::corrupt);
}

TEST_F(ClientTest, ReadsAPageOfTheLatestVersionFeed) {
  transport_.answer(200,
                    headers({{"etag", "\"37\""},
                             {"x-ms-item-count", "2"},
                             {"x-ms-session-token", "0:1#37#4=37"},
                             {"x-ms-request-charge", "2.31"}}),
                    R"({"Documents":[{},{}],"_count":2})");
  FeedRequest request;
  request.range_id = "0";
  const auto page = client_->read_change_feed(kOrders, request, stop_);
  ASSERT_TRUE(page) << page.error().to_string();
  EXPECT_EQ(last().url, "https://shop.example:443/dbs/Shop/colls/Orders/docs");
  EXPECT_EQ(sent("A-IM"), "Incremental feed");
  EXPECT_EQ(sent("x-ms-documentdb-partitionkeyrangeid"), "0");
  EXPECT_EQ(sent("x-ms-max-item-count"), "-1");
  EXPECT_EQ(last().headers.find("If-None-Match"), nullptr);
  EXPECT_EQ(last().headers.find("x-ms-start-epk"), nullptr);
  EXPECT_FALSE(page->not_modified);
  EXPECT_EQ(page->continuation, "\"37\"");
  EXPECT_EQ(page->lsn, 37u);
  EXPECT_EQ(page->items, 2u);
  EXPECT_EQ(page->server_time, kNow);
  EXPECT_EQ(page->session_token, "0:1#37#4=37");
  EXPECT_EQ(page->body, R"({"Documents":[{},{}],"_count":2})");
  const Charges charges = client_->charges();
  EXPECT_EQ(charges.by_operation[static_cast<std::size_t>(Operation::change_feed)].milli_units, 2310u);
  EXPECT_DOUBLE_EQ(charges.request_units(), 2.31);
  EXPECT_EQ(charges.bytes_received(), page->body.size());
}

TEST_F(ClientTest, EndOfTheFeedIsNotModified) {
  transport_.answer(304, headers({{"etag", "\"opaque\""}, {"lsn", "50"}}));
  FeedRequest request;
  request.range_id = "0";
  request.continuation = "\"37\"";
  request.max_items = 10;
  const auto page = client_->read_change_feed(kOrders, request, stop_);
  ASSERT_TRUE(page) << page.error().to_string();
  EXPECT_TRUE(page->not_modified);
  EXPECT_EQ(page->continuation, "\"opaque\"");
  EXPECT_EQ(page->lsn, 50u);  // the header's, as the continuation is no number
  EXPECT_EQ(page->body, "");
  EXPECT_EQ(sent("If-None-Match"), "\"37\"");
  EXPECT_EQ(sent("x-ms-max-item-count"), "10");
}

TEST_F(ClientTest, APageOfTheFeedThatLeadsNowhereIsCorrupt) {
  FeedRequest request;
  request.range_id = "0";
  request.continuation = "\"37\"";
  transport_.answer(200, headers({{"etag", "\"37\""}}), R"({"Documents":[]})");
  const auto page = client_->read_change_feed(kOrders, request, stop_);
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().code, Code::corrupt);
  EXPECT_THAT(page.error().to_string(), HasSubstr("\"37\""));
  transport_.answer(304, headers({{"etag", "\"37\""}}));
  EXPECT_TRUE(client_->read_change_feed(kOrders, request, stop_)) << "nothing newer";
}

TEST_F(ClientTest, AFeedThatNamesNoPositionIsCorrupt) {
  FeedRequest request;
  request.range_id = "0";
  for (const char* lsn : {"", "x", "-1", "18446744073709551616"}) {
    transport_.answer(304, headers({{"etag", "\"opaque\""}, {"lsn", lsn}}));
    const auto page = client_->read_change_feed(kOrders, request, stop_);
    ASSERT_FALSE(page) << lsn;
    EXPECT_EQ(page.error().code, Code::corrupt);
    EXPECT_THAT(page.error().to_string(), HasSubstr("lsn"));
  }
}

TEST_F(ClientTest, AllVersionsOfAPartOfARange) {
  transport_.answer(304, headers({{"etag", "\"1\""}}));
  FeedRequest request;
  request.mode = FeedMode::all_versions;
  request.range_id = "5";
  request.part = HashRange{"\x1F\xAB", "\xFF"};
  request.continuation = "*";
  ASSERT_TRUE(client_->read_change_feed(kOrders, request, stop_));
  EXPECT_EQ(sent("A-IM"), "Full-Fidelity Feed");
  EXPECT_EQ(sent("x-ms-cosmos-changefeed-wire-format-version"), "2021-09-15");
  EXPECT_EQ(sent("If-None-Match"), "*");
  EXPECT_EQ(sent("x-ms-start-epk"), "1FAB");
  EXPECT_EQ(sent("x-ms-end-epk"), "FF");
  EXPECT_EQ(sent("x-ms-read-key-type"), "EffectivePartitionKeyRange");
}

TEST_F(ClientTest, FeedAnswersThatCannotBeTrustedAreCorrupt) {
  const auto message = [&](int status, http::Headers head, std::string body) {
    transport_.answer(status, std::move(head), std::move(body));
    const auto page = client_->read_change_feed(kOrders, {}, stop_);
    EXPECT_FALSE(page);
    EXPECT_EQ(page.error().code, Code::corrupt);
    return page ? std::string() : page.error().to_string();
  };
  EXPECT_THAT(message(304, headers({{"etag", "\"1\""}, {"Date", "yesterday"}}), ""), HasSubstr("Date"));
  EXPECT_THAT(message(304, headers({{"etag", "\"1\""}, {"Date", ""}}), ""), HasSubstr("no Date"));
  EXPECT_THAT(message(304, {}, ""), HasSubstr("etag"));
  EXPECT_THAT(message(200, headers({{"etag", "\"1\""}}), ""), HasSubstr("body"));
}

TEST_F(ClientTest, ReadFeedPages) {
  transport_.answer(200, headers({{"x-ms-continuation", "next"}}), R"({"Documents":[]})");
  const auto page = client_->read_documents(kOrders, "3", "before", stop_);
  ASSERT_TRUE(page);
  EXPECT_EQ(page->continuation, "next");
  EXPECT_EQ(page->server_time, kNow);
  EXPECT_EQ(sent("x-ms-continuation"), "before");
  EXPECT_EQ(sent("x-ms-documentdb-partitionkeyrangeid"), "3");
  EXPECT_EQ(last().headers.find("A-IM"), nullptr);
  transport_.answer(200, headers({{"x-ms-continuation", "next"}}), R"({"Documents":[]})");
  EXPECT_EQ(client_->read_documents(kOrders, "3", "next", stop_).error().code, Code::corrupt);
}

TEST_F(ClientTest, AReadFeedIsReadToItsEnd) {
  transport_.answer(200, headers({{"x-ms-continuation", "next"}}), R"({"Documents":[1]})")
      .answer(200, {}, R"({"Documents":[2]})");
  std::string bodies;
  const auto add = [&](const ReadPage& page) -> Status {
    bodies += page.body;
    return {};
  };
  ASSERT_TRUE(read_range(*client_, kOrders, "3", add, stop_));
  EXPECT_EQ(bodies, R"({"Documents":[1]}{"Documents":[2]})");
  EXPECT_EQ(sent("x-ms-continuation"), "next");
  transport_.answer(200, headers({{"x-ms-continuation", "next"}}), R"({"Documents":[1]})");
  const auto refuse = [](const ReadPage&) -> Status { return fail(Code::corrupt, "refused"); };
  EXPECT_EQ(read_range(*client_, kOrders, "3", refuse, stop_).error().message, "refused");
}

TEST_F(ClientTest, PointReadsTellWhatIsMissing) {
  transport_.answer(200, headers({{"x-ms-item-lsn", "1130"}}), R"({"id":"a b"})");
  const auto read = client_->read_document(kOrders, "a b", "[\"é\"]", stop_);
  EXPECT_EQ(read->text, R"({"id":"a b"})");
  EXPECT_EQ(read->lsn, 1130U);
  EXPECT_EQ(last().url, "https://shop.example:443/dbs/Shop/colls/Orders/docs/a%20b");
  EXPECT_EQ(sent("x-ms-documentdb-partitionkey"), R"(["\u00e9"])");
  transport_.answer(404, {}, R"({"code":"NotFound","message":"gone"})")
      .answer(404, headers({{"x-ms-substatus", "1003"}}));
  const auto document = client_->read_document(kOrders, "x", "[1]", stop_);
  EXPECT_EQ(document.error().code, Code::not_found);
  EXPECT_EQ(document.error().sub_status, 0);
  const auto container = client_->read_document(kOrders, "x", "[1]", stop_);
  EXPECT_EQ(container.error().code, Code::not_found);
  EXPECT_EQ(container.error().sub_status, 1003);
}

// --- Errors and repeats ---

struct Refusal {
  int status, sub_status;
  Code code;
};

TEST_F(ClientTest, StatusesMapToCodes) {
  for (const Refusal& refusal : std::vector<Refusal>{{400, 0, Code::invalid_argument},
                                                     {401, 0, Code::unauthorized},
                                                     {403, 0, Code::forbidden},
                                                     {403, 1014, Code::forbidden},
                                                     {403, 5202, Code::forbidden},
                                                     {404, 1003, Code::not_found},
                                                     {405, 0, Code::unsupported},
                                                     {409, 0, Code::already_exists},
                                                     {410, 1024, Code::gone},
                                                     {410, 0, Code::gone},
                                                     {412, 0, Code::precondition},
                                                     {413, 0, Code::invalid_argument},
                                                     {302, 0, Code::corrupt}}) {
    const std::size_t before = transport_.requests().size();
    transport_.answer(refusal.status, headers({{"x-ms-substatus", std::to_string(refusal.sub_status)}}));
    const auto account = client_->read_account(stop_);
    ASSERT_FALSE(account) << refusal.status;
    EXPECT_EQ(account.error().code, refusal.code) << refusal.status;
    EXPECT_EQ(account.error().status, refusal.status);
    EXPECT_EQ(account.error().sub_status, refusal.sub_status);
    EXPECT_EQ(transport_.requests().size(), before + 1) << refusal.status << " must not be repeated";
  }
}

TEST_F(ClientTest, ErrorsSayWhatTheServiceSaidButNoSecrets) {
  transport_.answer(400, {},
                    R"({"code":"BadRequest","message":"Message: {\"Errors\":[\"Cannot do it.\"]}\r\nActivityId: 1"})");
  const std::string message = client_->read_container(kOrders, stop_).error().to_string();
  EXPECT_EQ(message, "reading container Shop/Orders: the service answered 400: Cannot do it.");

  transport_.answer(401, {}, R"({"message":"bad token type=master&ver=1.0&sig=c2VjcmV0 end"})");
  const Error refused = client_->read_account(stop_).error();
  EXPECT_THAT(refused.to_string(), Not(HasSubstr("c2VjcmV0")));
  EXPECT_THAT(refused.hint, HasSubstr("key"));

  transport_.answer(400, {}, "{\"message\":\"" + std::string(100000, 'x') + "\"}");
  EXPECT_LT(client_->read_account(stop_).error().to_string().size(), 1000u);
}

TEST_F(ClientTest, ClockSkewIsNamedInTheHint) {
  transport_.answer(403, headers({{"Date", "Sun, 22 Nov 2026 13:01:37 GMT"}}));
  EXPECT_THAT(client_->read_account(stop_).error().hint, HasSubstr("3600 s behind"));
}

TEST_F(ClientTest, ThrottlingWaitsAsLongAsAsked) {
  transport_.answer(429, headers({{"x-ms-retry-after-ms", "1000"}, {"x-ms-request-charge", "0.5"}}))
      .answer(429, headers({{"x-ms-retry-after-ms", "2000"}}))
      .answer(200, headers({{"x-ms-request-charge", "1"}}), R"({"id":"shop"})");
  ASSERT_TRUE(client_->read_account(stop_));
  EXPECT_GE(slept(), Milliseconds(3000));
  EXPECT_LE(slept(), Milliseconds(3750));
  const auto entry = client_->charges().by_operation[static_cast<std::size_t>(Operation::metadata)];
  EXPECT_EQ(entry.requests, 3u);
  EXPECT_EQ(entry.retries, 2u);
  EXPECT_EQ(entry.milli_units, 1500u);
}

TEST_F(ClientTest, ThrottlingHasAnEnd) {
  ClientOptions options;
  options.throttle_patience = Milliseconds(10000);
  make(options);
  for (int i = 0; i < 100; ++i) transport_.answer(429, headers({{"x-ms-retry-after-ms", "900"}}));
  const auto account = client_->read_account(stop_);
  ASSERT_FALSE(account);
  EXPECT_EQ(account.error().code, Code::throttled);
  EXPECT_LE(slept(), Milliseconds(10000));
  EXPECT_GE(slept(), Milliseconds(8000));
}

TEST_F(ClientTest, ThrottlingWithoutATimeBacksOff) {
  for (int i = 0; i < 20; ++i) transport_.answer(429);
  transport_.answer(200, {}, R"({"id":"shop"})");
  ASSERT_TRUE(client_->read_account(stop_));
  EXPECT_GE(slept(), Milliseconds(20000));
}

TEST_F(ClientTest, PassingTroubleIsRepeated) {
  for (const auto& [status, sub_status] : std::vector<std::pair<int, int>>{{449, 0},
                                                                           {503, 0},
                                                                           {408, 0},
                                                                           {500, 0},
                                                                           {502, 0},
                                                                           {404, 1002},
                                                                           {404, 1013},
                                                                           {410, 1007},
                                                                           {410, 1008},
                                                                           {410, 1022}}) {
    transport_.answer(status, headers({{"x-ms-substatus", std::to_string(sub_status)}}))
        .answer(200, {}, R"({"id":"shop"})");
    EXPECT_TRUE(client_->read_account(stop_)) << status << "/" << sub_status;
  }
}

TEST_F(ClientTest, AttemptsAreBounded) {
  know_endpoint();
  for (int i = 0; i < 10; ++i) transport_.answer(503);
  EXPECT_EQ(client_->read_account(stop_).error().code, Code::unavailable);
  EXPECT_TRUE(transport_.finished());
  for (int i = 0; i < 6; ++i) transport_.answer(410, headers({{"x-ms-substatus", "1007"}}));
  const auto moving = client_->read_account(stop_);
  EXPECT_EQ(moving.error().code, Code::gone);
  EXPECT_EQ(moving.error().sub_status, 1007);
  EXPECT_TRUE(transport_.finished());
}

TEST_F(ClientTest, UnknownEndpointIsGivenUpSoonAKnownOneIsNot) {
  for (int i = 0; i < 3; ++i) transport_.failure(Code::unavailable);
  EXPECT_EQ(client_->read_account(stop_).error().code, Code::unavailable);
  EXPECT_LT(slept(), Milliseconds(1000));
  know_endpoint();
  for (int i = 0; i < 9; ++i) transport_.failure(Code::unavailable);
  transport_.answer(200, {}, R"({"id":"shop"})");
  EXPECT_TRUE(client_->read_account(stop_));
}

TEST_F(ClientTest, UntrustedCertificateIsNotRepeated) {
  transport_.failure(Code::unauthorized);
  EXPECT_EQ(client_->read_account(stop_).error().code, Code::unauthorized);
  EXPECT_EQ(transport_.requests().size(), 1u);
}

TEST_F(ClientTest, LostAnswersOfReadsAreRepeatedAtOnce) {
  transport_.failure(Code::ambiguous).answer(200, {}, R"({"id":"shop"})");
  ASSERT_TRUE(client_->read_account(stop_));
  EXPECT_EQ(slept(), Milliseconds(0));
}

TEST_F(ClientTest, StopEndsTheWaiting) {
  std::stop_source source;
  source.request_stop();
  transport_.answer(503);
  EXPECT_EQ(client_->read_account(source.get_token()).error().code, Code::cancelled);
}

TEST_F(ClientTest, NewestServerTimeNeverGoesBack) {
  EXPECT_EQ(client_->newest_server_time(), Second{0});
  const auto refusal = headers({{"Date", "Sun, 22 Nov 2026 12:02:00 GMT"}, {"x-ms-activity-id", "1"}});
  transport_.answer(404, refusal).answer(200, {}, R"({"id":"shop"})");
  EXPECT_FALSE(client_->read_account(stop_));
  EXPECT_TRUE(client_->read_account(stop_));
  EXPECT_EQ(client_->newest_server_time(), kNow + 23);
}

TEST_F(ClientTest, TheClockOfAProxyIsNotTheServices) {
  const auto proxy = headers({{"Date", "Sun, 22 Nov 2026 12:11:37 GMT"}, {"Via", "1.1 proxy"}});
  transport_.answer(503, proxy, "<html>busy</html>").answer(200, {}, R"({"id":"shop"})");
  EXPECT_TRUE(client_->read_account(stop_));
  EXPECT_EQ(client_->newest_server_time(), kNow);
}

}  // namespace
}  // namespace halley::cosmos
