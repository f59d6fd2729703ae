// Every row of docs/wire-protocol.md, repeats: what is repeated, how often, after how long, and at which endpoint.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "cosmos/client.h"
#include "cosmos/retry.h"
#include "cosmos/signing.h"
#include "testing/scripted_transport.h"
#include "testing/virtual_runtime.h"

namespace halley::cosmos {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::headers;
using ::testing::Not;

const ContainerName kOrders{"Shop", "Orders"};
constexpr std::string_view kGiven = "https://shop.example:443";
constexpr std::string_view kWest = "https://shop-west.example:443";
constexpr std::string_view kEast = "https://shop-east.example:443";

std::string locations(std::initializer_list<std::string_view> names) {
  std::string list;
  for (const std::string_view name : names) {
    list += (list.empty() ? "" : ",") + std::string(R"({"name":")") + std::string(name) +
            R"(","databaseAccountEndpoint":"https://shop-)" + std::string(name) + R"(.example:443/"})";
  }
  return "[" + list + "]";
}

std::string record(std::initializer_list<std::string_view> writable, std::initializer_list<std::string_view> readable) {
  return R"({"id":"shop","writableLocations":)" + locations(writable) + R"(,"readableLocations":)" +
         locations(readable) + "}";
}

class RetryTable : public ::testing::Test {
 protected:
  RetryTable() { make({}); }

  void make(ClientOptions options) {
    if (options.endpoint.empty()) options.endpoint = "https://shop.example:443/";
    options.key = kEmulatorKey;
    options.debug_log = [this](const std::string& line) { log_ += line + "\n"; };
    transport_ = std::make_unique<testing::ScriptedTransport>();
    client_ = Client::create(runtime_, *transport_, options).value();
  }
  // The account has two regions; West takes the writes.
  void know_regions(const std::string& account = record({"west"}, {"west", "east"})) {
    transport_->answer(200, {}, account);
    ASSERT_TRUE(client_->read_account({}));
    first_ = transport_->requests().size();
    slept_before_ = slept_altogether();
  }
  void refuse(int status, int sub_status = 0) {
    transport_->answer(status, headers({{"x-ms-substatus", std::to_string(sub_status)}}));
  }

  Status read() {
    auto text = client_->read_document(kOrders, "1", R"(["a"])", {});
    return text ? Status() : Status(fail(std::move(text).error()));
  }
  Status write() { return client_->upsert_document(kOrders, R"(["a"])", R"({"id":"1","pk":"a"})", {}); }
  Status read_range() {
    auto page = client_->read_documents(kOrders, "0", "", {});
    return page ? Status() : Status(fail(std::move(page).error()));
  }
  void succeed(bool reading = true) { transport_->answer(reading ? 200 : 201, {}, R"({"id":"1"})"); }

  // The endpoints asked since the regions are known, but for their account records.
  std::vector<std::string> asked() const {
    std::vector<std::string> bases;
    for (std::size_t i = first_; i < transport_->requests().size(); ++i) {
      const std::string& url = transport_->requests()[i].url;
      const std::size_t path = url.find('/', url.find("://") + 3);
      bases.push_back(url.substr(0, path) + (url.substr(path) == "/" ? "/" : ""));
    }
    return bases;
  }
  Milliseconds slept_altogether() {
    const auto sleeps = runtime_.sleeps();
    return std::accumulate(sleeps.begin(), sleeps.end(), Milliseconds(0));
  }
  Milliseconds slept() { return slept_altogether() - slept_before_; }
  std::uint64_t repeats(RetryReason reason) const {
    return client_->charges().retries_by_reason[static_cast<std::size_t>(reason)];
  }

  std::string log_;  // outlives the client, which has a last word
  testing::VirtualRuntime runtime_{Second{1795348897}};
  std::unique_ptr<testing::ScriptedTransport> transport_;
  std::unique_ptr<Client> client_;
  std::size_t first_ = 0;
  Milliseconds slept_before_{0};
};

struct Row {
  int status;  // 0: `code` is how the transport failed
  int sub_status;
  Code code;
  RetryReason reason;
  int attempts;  // of a read, all told; 0: as many as its patience allows
  std::string_view next_read;
  std::string_view next_write;
  Code write_code;  // what a write fails with in the end
};

const Row kRows[] = {
    {404, 1002, {}, RetryReason::session_not_reached, 10, kGiven, kGiven, Code::unavailable},
    {404, 1013, {}, RetryReason::container_in_creation, 10, kGiven, kGiven, Code::unavailable},
    {408, 0, {}, RetryReason::service_timeout, 3, kWest, kGiven, Code::ambiguous},
    {410, 1000, {}, RetryReason::name_cache_stale, 3, kGiven, kGiven, Code::gone},
    {410, 1002, {}, RetryReason::partition_gone, 3, kGiven, kGiven, Code::gone},
    {410, 1007, {}, RetryReason::partition_moving, 6, kGiven, kGiven, Code::gone},
    {410, 1008, {}, RetryReason::partition_moving, 6, kGiven, kGiven, Code::gone},
    {410, 1022, {}, RetryReason::lease_lost, 10, kWest, kWest, Code::unavailable},
    {449, 0, {}, RetryReason::write_race, 0, kGiven, kGiven, Code::unavailable},
    {449, 5350, {}, RetryReason::write_race, 0, kGiven, kGiven, Code::unavailable},
    {500, 0, {}, RetryReason::service_error, 3, kWest, kGiven, Code::ambiguous},
    {502, 0, {}, RetryReason::gateway_error, 10, kWest, kGiven, Code::ambiguous},
    {503, 0, {}, RetryReason::service_unavailable, 10, kWest, kWest, Code::unavailable},
    {503, 9001, {}, RetryReason::service_unavailable, 10, kWest, kWest, Code::unavailable},
    {504, 0, {}, RetryReason::gateway_error, 10, kWest, kGiven, Code::ambiguous},
    {0, 0, Code::ambiguous, RetryReason::connection_lost, 10, kGiven, kGiven, Code::ambiguous},
    {0, 0, Code::timeout, RetryReason::no_answer_in_time, 3, kWest, kGiven, Code::ambiguous},
};

class EveryRow : public RetryTable, public ::testing::WithParamInterface<Row> {
 protected:
  void fail_once() {
    const Row& row = GetParam();
    row.status == 0 ? void(transport_->failure(row.code)) : refuse(row.status, row.sub_status);
  }
};

TEST_P(EveryRow, IsRepeatedWhereTheTableSaysCountedAndLogged) {
  const Row& row = GetParam();
  for (const bool reading : {true, false}) {
    make({});
    know_regions();
    fail_once();
    succeed(reading);
    const Status done = reading ? read() : write();
    ASSERT_TRUE(done) << done.error().to_string();
    EXPECT_THAT(asked(), ElementsAre(kGiven, reading ? row.next_read : row.next_write)) << (reading ? "read" : "write");
    EXPECT_EQ(repeats(row.reason), 1U);
    EXPECT_THAT(log_, HasSubstr(std::string(retry_reason_name(row.reason))));
    EXPECT_LE(slept(), Milliseconds(100));
    if (row.reason != RetryReason::connection_lost) {
      EXPECT_GT(slept(), Milliseconds(0));
    }
  }
}

TEST_P(EveryRow, HasAnEnd) {
  const Row& row = GetParam();
  for (const bool reading : {true, false}) {
    make({});
    know_regions();
    for (int i = 0; i < (row.attempts == 0 ? 200 : row.attempts); ++i) fail_once();
    // Where it stays open whether a write was done, the client looks: it is not there.
    if (!reading && row.write_code == Code::ambiguous) refuse(404);
    const Status done = reading ? read() : write();
    ASSERT_FALSE(done);
    EXPECT_NE(reading ? done.error().code : Code::internal, Code::ambiguous) << "a read leaves nothing unclear";
    if (!reading) {
      EXPECT_EQ(done.error().code, row.write_code);
    }
    if (row.attempts > 0) {
      EXPECT_TRUE(transport_->finished());
      EXPECT_EQ(repeats(row.reason), static_cast<std::uint64_t>(row.attempts - 1));
      EXPECT_LT(slept(), Milliseconds(60000));
    } else {
      EXPECT_GT(slept(), Milliseconds(29000)) << "half a minute, in steps of up to a second";
      EXPECT_LE(slept(), Milliseconds(30000));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, EveryRow, ::testing::ValuesIn(kRows), [](const auto& row) {
  return std::string(retry_reason_name(row.param.reason)) + "_" + std::to_string(row.param.status) + "_" +
         std::to_string(row.param.sub_status);
});

TEST_F(RetryTable, RefusalsThatARepeatCannotCureStand) {
  know_regions();
  const std::pair<int, int> kRefusals[] = {{400, 0},    {400, 1001}, {400, 1024}, {401, 0},    {403, 0},
                                           {403, 1014}, {403, 1028}, {403, 5202}, {404, 0},    {404, 1003},
                                           {405, 0},    {409, 0},    {409, 3301}, {410, 1024}, {412, 0},
                                           {412, 1110}, {413, 3401}, {413, 3402}, {424, 0},    {501, 0}};
  for (const auto& [status, sub_status] : kRefusals) {
    refuse(status, sub_status);
    const Status done = read();
    ASSERT_FALSE(done) << status;
    EXPECT_EQ(done.error().status, status);
    EXPECT_EQ(done.error().sub_status, sub_status);
  }
  for (const Code code : {Code::unauthorized, Code::corrupt, Code::invalid_argument}) {
    transport_->failure(code);
    EXPECT_EQ(read().error().code, code);
  }
  EXPECT_EQ(describe_retries(client_->charges().retries_by_reason), "none");
}

// --- 429 ---

TEST_F(RetryTable, ThrottlingStaysWhereItIsButARegionWithoutRoomIsLeft) {
  know_regions();
  refuse(429, 3200);
  refuse(429, 3092);
  succeed();
  ASSERT_TRUE(read());
  EXPECT_THAT(asked(), ElementsAre(kGiven, kGiven, kWest));
  EXPECT_EQ(repeats(RetryReason::throttled), 1U);
  EXPECT_EQ(repeats(RetryReason::region_exhausted), 1U);
}

TEST_F(RetryTable, AnAbsurdRetryAfterIsNotBelieved) {
  transport_->answer(503, headers({{"x-ms-retry-after-ms", "2000000000"}}));
  succeed();
  ASSERT_TRUE(read());
  EXPECT_EQ(slept(), Milliseconds(60000));
}

// --- Regions ---

TEST_F(RetryTable, AWriteRefusedByItsRegionFollowsTheWriteRegion) {
  know_regions();
  refuse(403, 3);
  transport_->answer(200, {}, record({"east"}, {"east", "west"}));  // a failover: East takes the writes now
  succeed(false);
  ASSERT_TRUE(write());
  EXPECT_THAT(asked(), ElementsAre(kGiven, std::string(kGiven) + "/", kEast));
  EXPECT_EQ(slept(), Milliseconds(0));
  EXPECT_EQ(repeats(RetryReason::write_region_moved), 1U);
  succeed(false);
  ASSERT_TRUE(write());
  EXPECT_EQ(asked().back(), kEast) << "the next write goes there at once";
  succeed();
  ASSERT_TRUE(read());
  EXPECT_EQ(asked().back(), kGiven) << "reads are not concerned";
}

TEST_F(RetryTable, AFailoverIsWaitedFor) {
  FeedRequest feed;
  feed.range_id = "0";
  // The region that has the writes is one endpoint only to write to, and to read change feeds from.
  for (const std::string_view given : {kGiven, kWest, kEast}) {
    for (const bool writing : {true, false}) {
      ClientOptions options;
      options.endpoint = given;
      make(options);
      know_regions();
      for (int i = 0; i < 30; ++i) {
        refuse(403, 3);
        // Not decided yet; the record is read once a second, and the first repeat comes at once.
        if (i != 1) transport_->answer(200, {}, record({"west"}, {"west", "east"}));
      }
      transport_->answer(writing ? 201 : 200, headers({{"etag", "\"1\""}}), R"({"id":"1"})");
      const Status done =
          writing ? write() : Status(client_->read_change_feed(kOrders, feed, {}).transform([](auto&&) {}));
      EXPECT_TRUE(done) << given << ": " << done.error().to_string();
      EXPECT_TRUE(transport_->finished());
      EXPECT_EQ(slept(), Milliseconds(29000));
    }
  }
}

TEST_F(RetryTable, OtherFailuresEndNoFailover) {
  Retry retry(runtime_, {}, {Effect::write, false, true, false});
  const auto error = [](int status, int sub_status) {
    Error answer(code_of(status, sub_status, Effect::write), "");
    answer.status = status;
    answer.sub_status = sub_status;
    return answer;
  };
  for (int i = 0; i < 15; ++i) ASSERT_TRUE(retry.next(error(403, 3), {1, 2}));
  EXPECT_TRUE(retry.next(error(503, 0), {1, 2}));
  EXPECT_TRUE(retry.next(Error(Code::unavailable, "refused"), {1, 2}));
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(retry.next(error(403, 3), {1, 2}));
}

TEST_F(RetryTable, ARefusalByTheOnlyRegionIsNotWaitedFor) {
  know_regions(R"({"id":"shop"})");
  for (int i = 0; i < 3; ++i) {
    refuse(403, 3);
    if (i != 1) transport_->answer(200, {}, R"({"id":"shop"})");  // asked again at most once a second
  }
  const Status done = write();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().sub_status, 3);
  EXPECT_LE(slept(), Milliseconds(2000));
}

TEST_F(RetryTable, ARegionWithoutTheAccountIsLeftForAWhile) {
  know_regions();
  refuse(403, 1008);
  transport_->answer(200, {}, record({"west"}, {"west"}));
  succeed();
  ASSERT_TRUE(read());
  EXPECT_THAT(asked(), ElementsAre(kGiven, std::string(kWest) + "/", kWest));
  EXPECT_EQ(repeats(RetryReason::region_removed), 1U);
  succeed();
  ASSERT_TRUE(read());
  EXPECT_EQ(asked().back(), kWest);
  runtime_.sleep(Milliseconds(5 * 60 * 1000 + 1), {});
  succeed();
  ASSERT_TRUE(read());
  EXPECT_EQ(asked().back(), kGiven) << "first again after five minutes";
}

TEST_F(RetryTable, AnEndpointThatCannotBeReachedIsLeftForAWhile) {
  know_regions();
  transport_->failure(Code::unavailable).answer(200, {}, record({"west"}, {"west", "east"}));
  succeed();
  ASSERT_TRUE(read());
  EXPECT_THAT(asked(), ElementsAre(kGiven, std::string(kWest) + "/", kWest));
  EXPECT_EQ(repeats(RetryReason::not_connected), 1U);
  succeed(false);
  ASSERT_TRUE(write());
  EXPECT_EQ(asked().back(), kWest) << "writes too";
  runtime_.sleep(Milliseconds(5 * 60 * 1000 + 1), {});
  succeed(false);
  ASSERT_TRUE(write());
  EXPECT_EQ(asked().back(), kGiven);
}

TEST_F(RetryTable, AWriteThatMayHaveBeenDoneStaysWhereItWas) {
  know_regions(record({"west", "east"}, {"west", "east"}));
  transport_->failure(Code::ambiguous);
  refuse(503);
  refuse(429, 3092);
  refuse(410, 1022);
  succeed(false);
  ASSERT_TRUE(write());
  EXPECT_THAT(asked(), ElementsAre(kGiven, kGiven, kGiven, kGiven, kGiven)) << "elsewhere it would be a second one";
  refuse(503);
  succeed(false);
  ASSERT_TRUE(write());
  EXPECT_EQ(asked().back(), kWest) << "nothing was done";
  transport_->failure(Code::ambiguous);
  refuse(403, 3);
  transport_->answer(200, {}, record({"east"}, {"west", "east"}));
  succeed(false);
  ASSERT_TRUE(write());
  EXPECT_EQ(asked().back(), kEast) << "where the writes went";
}

TEST_F(RetryTable, TheRecordOfARegionBeingRemovedTeachesNothing) {
  know_regions();
  transport_->answer(200, {}, R"({"id":"shop-east","writableLocations":[],"readableLocations":[]})");
  ASSERT_TRUE(client_->read_account({}));
  refuse(503);
  succeed();
  ASSERT_TRUE(read());
  EXPECT_EQ(asked().back(), kWest);
}

TEST_F(RetryTable, TheAccountHasOneIdWhicheverRegionIsAsked) {
  know_regions();
  transport_->failure(Code::ambiguous).failure(Code::ambiguous);
  transport_->answer(200, {}, R"({"id":"shop-west","writableLocations":)" + locations({"west"}) + "}");
  EXPECT_EQ(client_->read_account({}).value().id, "shop");
  transport_->answer(200, {}, R"({"id":"shop-west","writableLocations":)" + locations({"west"}) + "}");
  EXPECT_EQ(client_->read_account({}).value().id, "shop-west") << "what the global endpoint says is the id";
}

TEST_F(RetryTable, NoRecordLeadsOutOfHttps) {
  know_regions(R"({"id":"shop","readableLocations":[{"name":"x","databaseAccountEndpoint":"http://shop-x.example/"},
      {"name":"y","databaseAccountEndpoint":"https://u:p@shop-y.example/"},{"name":"z"}]})");
  refuse(503);
  succeed();
  ASSERT_TRUE(read());
  EXPECT_THAT(asked(), ElementsAre(kGiven, kGiven));
}

TEST_F(RetryTable, ReadsPreferTheRegionsNamed) {
  ClientOptions options;
  options.preferred_regions = {"Nowhere", "East"};
  make(options);
  know_regions();
  succeed();
  ASSERT_TRUE(read());
  refuse(503);
  succeed();
  ASSERT_TRUE(read());
  succeed(false);
  ASSERT_TRUE(write());
  EXPECT_THAT(asked(), ElementsAre(kEast, kEast, kGiven, kGiven));
}

TEST_F(RetryTable, WhereWritesMovedMeanwhileAFeedIsAskedAgain) {
  know_regions();
  const auto not_modified = [&] { transport_->answer(304, headers({{"etag", "\"1\""}})); };
  const auto writes_go_to = [&](const char* region) {
    transport_->answer(200, {}, record({region}, {"west", "east"}));
  };
  FeedRequest request;
  request.range_id = "0";
  not_modified();
  writes_go_to("east");
  not_modified();
  writes_go_to("east");
  ASSERT_TRUE(client_->read_change_feed(kOrders, request, {}));
  EXPECT_TRUE(transport_->finished());
  EXPECT_THAT(asked(), ElementsAre(kGiven, std::string(kEast) + "/", kGiven, std::string(kWest) + "/"))
      << "whoever answered is not asked about itself";

  for (const char* region : {"west", "east", "west"}) {
    not_modified();
    writes_go_to(region);
  }
  EXPECT_EQ(client_->read_change_feed(kOrders, request, {}).error().code, Code::unavailable);

  not_modified();
  refuse(401);
  const auto unknown = client_->read_change_feed(kOrders, request, {});
  EXPECT_EQ(unknown.error().status, 401) << "whether writes moved is not known";
  EXPECT_TRUE(transport_->finished());
}

class AfterNothingNew : public RetryTable {
 protected:
  void not_modified() { transport_->answer(304, headers({{"etag", "\"1\""}})); }
  void unchanged() { transport_->answer(200, {}, record({"west"}, {"west", "east"})); }
  Status read_feed() {
    FeedRequest request;
    request.range_id = "0";
    return client_->read_change_feed(kOrders, request, {}).transform([](auto&&) {});
  }
  const std::string account_at_east_ = std::string(kEast) + "/";
};

TEST_F(AfterNothingNew, WhoeverAnsweredIsNotAskedAboutItselfByWayOfTheGlobalEndpoint) {
  know_regions();
  refuse(503);
  not_modified();  // West, by an endpoint of its own
  unchanged();
  ASSERT_TRUE(read_feed());
  EXPECT_THAT(asked(), ElementsAre(kGiven, kWest, account_at_east_));
}

TEST_F(AfterNothingNew, ARegionThatIsDownIsNotAskedFirstEachTime) {
  know_regions();
  not_modified();
  transport_->failure(Code::unavailable);  // East
  unchanged();
  ASSERT_TRUE(read_feed());
  not_modified();
  unchanged();
  ASSERT_TRUE(read_feed());
  EXPECT_NE(asked().back(), account_at_east_);
  runtime_.sleep(Milliseconds(5 * 60 * 1000 + 1), {});
  not_modified();
  unchanged();
  ASSERT_TRUE(read_feed());
  EXPECT_EQ(asked().back(), account_at_east_) << "after five minutes it is";
  EXPECT_TRUE(transport_->finished());
}

TEST_F(RetryTable, PagesTellWhetherAWriteRegionAnswered) {
  know_regions();
  const auto page = [&] {
    FeedRequest request;
    request.range_id = "0";
    request.any_region = true;
    return client_->read_change_feed(kOrders, request, {}).value();
  };
  const auto unchanged = [&] { transport_->answer(200, {}, record({"west"}, {"west", "east"})); };
  transport_->answer(304, headers({{"etag", "\"1\""}}));
  unchanged();
  EXPECT_TRUE(page().from_write_region);
  refuse(503);
  transport_->answer(304, headers({{"etag", "\"1\""}}));
  unchanged();
  EXPECT_TRUE(page().from_write_region);  // West
  refuse(503);
  refuse(503);
  transport_->answer(304, headers({{"etag", "\"1\""}}));
  EXPECT_FALSE(page().from_write_region);
  EXPECT_EQ(asked().back(), kEast);
}

TEST_F(RetryTable, FeedsStayWhereNothingNewerMeansSo) {
  know_regions();
  FeedRequest request;
  request.range_id = "0";
  for (int i = 0; i < 10; ++i) refuse(503);
  EXPECT_EQ(client_->read_change_feed(kOrders, request, {}).error().code, Code::unavailable);
  for (const std::string& base : asked()) EXPECT_NE(base, kEast);
}

// --- Bulk requests ---

TEST(BulkReactions, GoByTheTable) {
  using Step = BulkReaction::Step;
  for (const int status : {200, 201, 204}) EXPECT_EQ(bulk_reaction(status, 0).step, Step::done);
  for (const Row& row : kRows) {
    if (row.status == 0) continue;
    const BulkReaction reaction = bulk_reaction(row.status, row.sub_status);
    EXPECT_EQ(reaction.step, row.write_code == Code::gone ? Step::route_anew : Step::repeat) << row.status;
    EXPECT_EQ(reaction.reason, row.reason) << row.status << "/" << row.sub_status;
    EXPECT_EQ(reaction.may_have_worked, row.write_code == Code::ambiguous) << row.status;
  }
  EXPECT_EQ(bulk_reaction(410, 1024).step, Step::route_anew);
  EXPECT_EQ(bulk_reaction(424, 0).step, Step::repeat) << "passed over for another operation's sake";
  EXPECT_EQ(bulk_reaction(413, 3402).step, Step::alone);
  for (const auto& [status, sub_status] :
       {std::pair(304, 0), {400, 0}, {401, 0}, {403, 1014}, {404, 0}, {404, 1003}, {409, 0}, {412, 0}, {501, 0}}) {
    EXPECT_EQ(bulk_reaction(status, sub_status).step, Step::refuse) << status;
  }
}

// --- 410 of requests that name a range ---

TEST_F(RetryTable, RangesThatAreGoneGoBackToTheCallerAtOnce) {
  know_regions();
  for (const int sub_status : {1000, 1002, 1024}) {
    refuse(410, sub_status);
    const Status done = read_range();
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, Code::gone);
    EXPECT_EQ(done.error().sub_status, sub_status);
  }
  EXPECT_EQ(slept(), Milliseconds(0));
  refuse(410, 1007);
  refuse(410, 1008);
  succeed();
  EXPECT_TRUE(read_range()) << "a split or migration that is completing is waited for";
}

// --- Session tokens ---

class Sessions : public RetryTable {
 protected:
  void see(std::string token, std::string rid = "RID", int status = 200) {
    transport_->answer(status,
                       headers({{"x-ms-session-token", std::move(token)}, {"x-ms-content-path", std::move(rid)}}),
                       R"({"id":"1"})");
  }
  std::string sent() const { return std::string(transport_->requests().back().headers.get("x-ms-session-token")); }
};

TEST_F(Sessions, ReadsSayWhatWasSeen) {
  see("0:1#5");
  ASSERT_TRUE(read_range());
  EXPECT_EQ(sent(), "");
  see("0:1#9#4=8");
  ASSERT_TRUE(write());
  EXPECT_EQ(sent(), "") << "writes need none";
  see("0:1#9");
  ASSERT_TRUE(read_range());
  EXPECT_EQ(sent(), "0:1#9#4=8") << "also what writes have seen";
  see("0:1#7");
  ASSERT_TRUE(write());
  see("1:1#3");
  ASSERT_TRUE(read());
  EXPECT_EQ(sent(), "0:1#9#4=8") << "an older token does not replace a newer one";
  see("", "RID", 404);
  EXPECT_FALSE(read());
  EXPECT_EQ(sent(), "0:1#9#4=8,1:1#3") << "a request without a range carries those of all";
  see("0:2#1");
  ASSERT_TRUE(read_range());
  see("0:2#1");
  ASSERT_TRUE(read_range());
  EXPECT_EQ(sent(), "0:2#1") << "a newer version counts more than the LSN";
}

TEST_F(Sessions, RefusalsThatLookedTellToo) {
  for (const auto& [status, lsn] : {std::pair{404, 5}, {409, 6}, {412, 7}}) {
    see("0:1#" + std::to_string(lsn), "RID", status);
    EXPECT_FALSE(write());
    see("x");
    ASSERT_TRUE(read_range());
    EXPECT_EQ(sent(), "0:1#" + std::to_string(lsn)) << status;
  }
}

TEST_F(Sessions, TextsThatAreNoTokenArePassedOver) {
  for (const char* token : {"x", "0:", "0:1", "0:1#", "0:1#x", ":1#2", "0:a#2", ","}) {
    see(token);
    ASSERT_TRUE(read_range());
    EXPECT_EQ(sent(), "") << token;
  }
  see("0:-1#250,,x,1:1#2");
  ASSERT_TRUE(read_range());
  see("");
  ASSERT_TRUE(read_range());
  EXPECT_EQ(sent(), "0:-1#250");
}

TEST_F(Sessions, AContainerMadeAgainHasNoPast) {
  see("0:1#500", "OLD");
  ASSERT_TRUE(read_range());
  see("0:1#3", "NEW");
  ASSERT_TRUE(read_range());
  see("0:1#4", "NEW");
  ASSERT_TRUE(read_range());
  EXPECT_EQ(sent(), "0:1#3");
  for (const auto& [status, sub_status] : {std::pair{404, 1003}, {400, 1024}}) {
    see("0:1#5", "NEW");
    ASSERT_TRUE(read_range());
    refuse(status, sub_status);
    EXPECT_FALSE(read_range());
    see("0:1#5", "NEW");
    ASSERT_TRUE(read_range());
    EXPECT_EQ(sent(), "") << status << "/" << sub_status;
  }
}

TEST_F(Sessions, AStaleNameDoesNotEndIt) {
  see("0:1#500");
  ASSERT_TRUE(read_range());
  refuse(410, 1000);
  EXPECT_FALSE(read_range());
  see("0:1#500");
  ASSERT_TRUE(read_range());
  EXPECT_EQ(sent(), "0:1#500") << "it may be the same container";
  refuse(410, 1000);
  EXPECT_FALSE(read_range());
  see("0:1#3", "NEW");
  ASSERT_TRUE(read_range()) << "it was another";
  see("0:1#3", "NEW");
  ASSERT_TRUE(read_range());
  EXPECT_EQ(sent(), "0:1#3");
}

TEST_F(Sessions, AReadOfDocumentsIsNotAnsweredFromBehind) {
  see("0:1#9,1:1#5");
  ASSERT_TRUE(read_range());
  for (const char* behind : {"0:1#8", "0:0#10", "1:1#4"}) {
    see(behind);
    see("0:1#9");
    EXPECT_TRUE(read()) << behind;
  }
  EXPECT_EQ(repeats(RetryReason::session_not_reached), 3U);
  see("0:1#8");
  EXPECT_TRUE(write()) << "writes are done where they are done";
  see("0:1#8", "RID", 404);
  see("0:1#9");
  EXPECT_TRUE(read()) << "what a replica lacks that is behind may be there";
  see("0:1#9", "RID", 404);
  EXPECT_EQ(read().error().code, Code::not_found) << "it is not there";
  for (int i = 0; i < 10; ++i) see("0:1#8", "RID", 404);
  const Status lacking = read();
  ASSERT_FALSE(lacking);
  EXPECT_EQ(lacking.error().code, Code::unavailable);
  EXPECT_EQ(lacking.error().sub_status, 1002);
}

TEST_F(Sessions, AnAnswerIsHeldToWhatWasSeenWhenItWasAskedFor) {
  see("0:1#8");
  ASSERT_TRUE(read_range());
  see("0:1#8");  // to the read
  see("0:1#9");  // to a write, before the read has its answer
  transport_->answered = [&] { EXPECT_TRUE(write()); };
  EXPECT_TRUE(read());
  EXPECT_EQ(repeats(RetryReason::session_not_reached), 0U);
}

TEST_F(Sessions, ASplitDoesNotEndIt) {
  see("0:1#500");
  ASSERT_TRUE(read_range());
  refuse(410, 1002);
  EXPECT_FALSE(read_range());
  see("2:1#500");
  ASSERT_TRUE(client_->read_documents(kOrders, "2", "", {}));
  EXPECT_EQ(sent(), "0:1#500");
}

TEST_F(Sessions, AReplicaBehindIsAskedAgainThenOtherRegionsThenWithoutTheToken) {
  know_regions();
  see("0:1#500");
  ASSERT_TRUE(read_range());
  for (int i = 0; i < 5; ++i) refuse(404, 1002);
  // The past was lost: the LSNs begin anew.
  transport_->answer(200, headers({{"x-ms-session-token", "0:1#20"}, {"etag", "\"20\""}}), R"({"Documents":[]})");
  FeedRequest request;
  request.range_id = "0";
  request.any_region = true;
  ASSERT_TRUE(client_->read_change_feed(kOrders, request, {}));
  EXPECT_THAT(asked(), ElementsAre(kGiven, kGiven, kGiven, kGiven, kWest, kEast, kGiven));
  std::vector<std::string> tokens;
  for (std::size_t i = first_ + 1; i < transport_->requests().size(); ++i) {
    tokens.emplace_back(transport_->requests()[i].headers.get("x-ms-session-token"));
  }
  EXPECT_THAT(tokens, ElementsAre("0:1#500", "0:1#500", "0:1#500", "0:1#500", "0:1#500", ""));
  EXPECT_THAT(log_, HasSubstr("without a session token"));
  see("0:1#21");
  ASSERT_TRUE(read_range());
  EXPECT_EQ(sent(), "0:1#20");
}

TEST_F(Sessions, ReadsOfDocumentsAreNotAnsweredFromThePast) {
  see("0:1#500");
  ASSERT_TRUE(read());
  for (const bool one : {true, false}) {
    for (int i = 0; i < 10; ++i) refuse(404, 1002);
    const Status done = one ? read() : read_range();
    ASSERT_FALSE(done) << "what a replica lacks that is behind may be there";
    EXPECT_EQ(done.error().code, Code::unavailable);
    EXPECT_EQ(sent(), "0:1#500");
  }
}

TEST_F(Sessions, WhoLooksForALostWriteIsNotAnsweredFromThePast) {
  see("0:1#500");
  ASSERT_TRUE(write());
  for (int i = 0; i < 10; ++i) transport_->failure(Code::ambiguous);
  for (int i = 0; i < 10; ++i) refuse(404, 1002);
  const Status removed = client_->delete_document(kOrders, "1", R"(["a"])", {});
  ASSERT_FALSE(removed) << "a replica without the document may only not have it yet";
  EXPECT_EQ(removed.error().code, Code::ambiguous);
  EXPECT_EQ(sent(), "0:1#500");
}

TEST_F(Sessions, AreNotCarriedWhenTheyWouldFillAHeader) {
  std::string token;
  for (int i = 0; i < 1000; ++i) token += (i == 0 ? "" : ",") + std::to_string(i) + ":1#1000000";
  see(token);
  ASSERT_TRUE(read());
  see("");
  ASSERT_TRUE(read());
  EXPECT_EQ(sent(), "");
  see("");
  ASSERT_TRUE(read_range());
  EXPECT_EQ(sent(), "0:1#1000000");
  see("700:1#999999", "RID", 404);
  see("700:1#1000000", "RID", 404);
  EXPECT_EQ(read().error().code, Code::not_found);
  EXPECT_EQ(sent(), "");
  EXPECT_EQ(repeats(RetryReason::session_not_reached), 1U) << "the answers are held to them all the same";
}

// --- The log ---

TEST_F(RetryTable, TheLogHoldsNoSecretAndEndsWithTheSum) {
  know_regions();
  transport_->answer(503, {}, R"({"message":"bad token sig=c2VjcmV0"})");
  succeed();
  ASSERT_TRUE(read());
  client_.reset();
  EXPECT_THAT(log_, HasSubstr("repeating in "));
  EXPECT_THAT(log_, HasSubstr("(service_unavailable) reading a document of Shop/Orders at https://shop-west"));
  EXPECT_THAT(log_, HasSubstr("3 requests, repeated: service_unavailable 1"));
  EXPECT_THAT(log_, Not(HasSubstr("c2VjcmV0")));
}

}  // namespace
}  // namespace halley::cosmos
