// Each fault of docs/fault-injection.md as the client meets it, armed in the process and over the door.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "cosmos/client.h"
#include "server/account_fixture.h"
#include "server/emulator.h"
#include "server/engine.h"
#include "server/faults.h"
#include "server/topology.h"
#include "testing/direct_transport.h"
#include "testing/virtual_runtime.h"

namespace halley::server {
namespace {

using cosmos::RetryReason;
using ::testing::HasSubstr;
using FaultKind = Fault::Kind;

const cosmos::ContainerName kOrders{"Shop", "Orders"};
constexpr std::string_view kKey = R"(["a"])";

class FaultTest : public ::testing::Test {
 protected:
  explicit FaultTest(AccountOptions options = with_door()) : account_(runtime_, std::move(options)) {
    EXPECT_TRUE(account_.engine().create_database("Shop"));
    EXPECT_TRUE(account_.engine().create_container(
        "Shop", R"({"id":"Orders","partitionKey":{"paths":["/pk"],"version":2},"defaultTtl":-1})"));
    connect();
  }
  static AccountOptions with_door() {
    AccountOptions options;
    options.test_door = true;
    return options;
  }

  void connect(std::string endpoint = "http://account.test/") {
    cosmos::ClientOptions options;
    options.endpoint = std::move(endpoint);
    options.key = account_.key();
    client_ = cosmos::Client::create(runtime_, transport_, options).value();
  }
  void arm(FaultKind kind, int count = 1, std::string operation = {}) {
    Fault fault;
    fault.kind = kind;
    fault.count = count;
    fault.operation = std::move(operation);
    account_.faults().arm(fault);
  }
  // A request at the door: its status and body.
  std::pair<int, std::string> door(std::string_view what, std::string_view body, std::string_view method = "POST") {
    const http::Headers headers;
    const auto reply = account_.handle({method, fmt::format("/_emulator/{}", what), headers, body});
    return {reply.status, reply.body};
  }
  Status put(int id) {
    return client_->upsert_document(kOrders, kKey, fmt::format(R"({{"id":"{}","pk":"a"}})", id), {});
  }
  Result<cosmos::ReadDocument> get(int id) { return client_->read_document(kOrders, std::to_string(id), kKey, {}); }
  Result<cosmos::FeedPage> changes(std::string continuation = {}, std::string range = "0", bool all_versions = false) {
    cosmos::FeedRequest request;
    request.mode = all_versions ? cosmos::FeedMode::all_versions : cosmos::FeedMode::latest_version;
    request.range_id = std::move(range);
    request.continuation = std::move(continuation);
    return client_->read_change_feed(kOrders, request, {});
  }
  std::uint64_t repeats(RetryReason reason) const {
    return client_->charges().retries_by_reason[static_cast<std::size_t>(reason)];
  }
  std::uint64_t repeats() const {
    std::uint64_t sum = 0;
    for (const std::uint64_t count : client_->charges().retries_by_reason) sum += count;
    return sum;
  }
  std::size_t live() { return (*account_.engine().container("Shop", "Orders"))->live_documents().size(); }

  testing::VirtualRuntime runtime_{kStart};
  Account account_;
  testing::DirectTransport transport_{account_};
  std::unique_ptr<cosmos::Client> client_;
};

// --- Kinds ---

TEST_F(FaultTest, NothingGoesWrongUnasked) {
  EXPECT_FALSE(account_.faults().armed());
  EXPECT_FALSE(account_.topology().special());
  ASSERT_TRUE(put(1));
  ASSERT_TRUE(get(1));
  EXPECT_EQ(repeats(), 0U);
}

TEST_F(FaultTest, Throttle) {
  arm(FaultKind::throttle, 3);
  ASSERT_TRUE(put(1));
  EXPECT_EQ(repeats(RetryReason::throttled), 3U);
  EXPECT_FALSE(account_.faults().armed()) << "spent";
  Fault fault;
  fault.retry_after = Milliseconds(500);
  account_.faults().arm(fault);
  const auto before = runtime_.sleeps().size();
  ASSERT_TRUE(put(1));
  EXPECT_GE(runtime_.sleeps()[before], Milliseconds(500));
}

TEST_F(FaultTest, DropIsNotDoneALostReplyIs) {
  arm(FaultKind::drop, 10, "upsert");
  EXPECT_EQ(put(1).error().code, Code::ambiguous);
  EXPECT_EQ(live(), 0U);
  arm(FaultKind::lose_reply, 10, "upsert");
  EXPECT_TRUE(put(1)) << "the client reads back what it wrote";
  EXPECT_EQ(live(), 1U);
  EXPECT_EQ(repeats(RetryReason::connection_lost), 18U);
  arm(FaultKind::lose_reply, 1, "delete");
  EXPECT_TRUE(client_->delete_document(kOrders, "1", kKey, {}));
  EXPECT_EQ(live(), 0U);
}

TEST_F(FaultTest, ALostReplyToACreationIsRecognised) {
  arm(FaultKind::lose_reply);
  const auto made = client_->create_container("Shop", R"({"id":"New","partitionKey":{"paths":["/pk"]}})", {}, {});
  ASSERT_TRUE(made) << made.error().to_string();
  const auto bulk = [&](std::string body) {
    return client_->bulk(kOrders, "0", {{cosmos::BulkOperation::Kind::create, "", kKey, body}}, {}).value()[0].status;
  };
  arm(FaultKind::lose_reply, 1, "bulk");
  EXPECT_EQ(bulk(R"({"id":"1","pk":"a"})"), 201);
  EXPECT_EQ(repeats(RetryReason::connection_lost), 2U);
  EXPECT_EQ(bulk(R"({"id":"1","pk":"a"})"), 409) << "no answer was lost";
}

TEST_F(FaultTest, Truncate) {
  ASSERT_TRUE(put(1));
  arm(FaultKind::truncate);
  ASSERT_TRUE(get(1));
  EXPECT_EQ(repeats(RetryReason::connection_lost), 1U);
}

TEST_F(FaultTest, AnyStatusBeforeOrAfterTheWork) {
  Fault fault;
  fault.kind = FaultKind::status;
  fault.status = 410;
  fault.sub_status = 1007;
  account_.faults().arm(fault);
  ASSERT_TRUE(changes());
  EXPECT_EQ(repeats(RetryReason::partition_moving), 1U);
  fault.status = 500;
  fault.sub_status = 0;
  fault.processed = true;
  fault.operation = "create";
  fault.count = 3;
  account_.faults().arm(fault);
  fault.operation = "upsert";
  account_.faults().arm(fault);
  EXPECT_TRUE(put(1)) << "done, as reading back shows";
  EXPECT_EQ(live(), 1U);
}

TEST_F(FaultTest, Delay) {
  ASSERT_EQ(door("fault", R"({"kind":"delay","delay_ms":1500})").first, 200);
  ASSERT_TRUE(put(1));
  EXPECT_EQ(runtime_.sleeps(), std::vector<Milliseconds>{Milliseconds(1500)});
  EXPECT_EQ(repeats(), 0U);
}

TEST_F(FaultTest, AStaleReplicaIsFoundOutByTheSession) {
  ASSERT_TRUE(put(1));
  ASSERT_TRUE(put(2));
  Fault fault;
  fault.kind = FaultKind::stale;
  fault.behind = 1;
  fault.count = 2;
  account_.faults().arm(fault);
  ASSERT_TRUE(get(2)) << "read again until the replica is as far as the write";
  EXPECT_EQ(repeats(RetryReason::session_not_reached), 2U);
}

TEST_F(FaultTest, AStaleReplicaAnswersANewClientWithThePast) {
  ASSERT_TRUE(put(1));
  ASSERT_TRUE(put(2));
  connect();
  arm(FaultKind::stale, 0);
  EXPECT_EQ(get(2).error().code, Code::not_found);
  EXPECT_TRUE(get(1));
  const auto page = changes();
  ASSERT_TRUE(page);
  EXPECT_EQ(page->lsn, 1U);
  EXPECT_THAT(page->body, ::testing::Not(HasSubstr(R"("id":"2")")));
  const auto feed = client_->read_documents(kOrders, "0", "", {});
  ASSERT_TRUE(feed);
  EXPECT_THAT(feed->body, ::testing::Not(HasSubstr(R"("id":"2")")));
  account_.faults().clear();
  EXPECT_THAT(changes(page->continuation).value().body, HasSubstr(R"("id":"2")"));
  EXPECT_EQ(repeats(), 0U);
}

// --- Which requests, how often ---

TEST_F(FaultTest, FiltersMustAllFit) {
  ASSERT_TRUE(put(1));
  Fault fault;
  fault.method = "GET";
  fault.operation = "change_feed";
  fault.match = "/colls/Orders/";
  account_.faults().arm(fault);
  ASSERT_TRUE(get(1));
  ASSERT_TRUE(put(1));
  ASSERT_TRUE(client_->read_container(kOrders, {}));
  EXPECT_EQ(repeats(), 0U);
  ASSERT_TRUE(changes());
  EXPECT_EQ(repeats(), 1U);
}

TEST_F(FaultTest, OperationsAreToldApart) {
  const auto name = [](std::string_view method, std::string_view target, std::string_view header = {},
                       std::string_view value = "true") {
    http::Headers headers;
    if (!header.empty()) headers.add(std::string(header), std::string(value));
    return operation_name_of({method, target, headers, {}});
  };
  const std::string_view docs = "/dbs/D/colls/C/docs";
  EXPECT_EQ(name("GET", "/"), "account");
  EXPECT_EQ(name("POST", "/dbs/D/colls"), "metadata");
  EXPECT_EQ(name("GET", "/offers"), "metadata");
  EXPECT_EQ(name("GET", "/dbs/D/colls/C/pkranges"), "ranges");
  EXPECT_EQ(name("GET", docs), "read_feed");
  EXPECT_EQ(name("GET", docs, "A-IM", "Incremental feed"), "change_feed");
  EXPECT_EQ(name("GET", "/dbs/D/colls/C/docs/a?b"), "point_read");
  EXPECT_EQ(name("POST", docs), "create");
  EXPECT_EQ(name("POST", docs, "x-ms-documentdb-is-upsert"), "upsert");
  EXPECT_EQ(name("POST", docs, "x-ms-documentdb-isquery"), "query");
  EXPECT_EQ(name("POST", docs, "x-ms-cosmos-is-query-plan-request"), "query_plan");
  EXPECT_EQ(name("POST", docs, "x-ms-cosmos-is-batch-request"), "bulk");
  EXPECT_EQ(name("PUT", "/dbs/D/colls/C/docs/1"), "replace");
  EXPECT_EQ(name("DELETE", "/dbs/D/colls/C/docs/1"), "delete");
  EXPECT_EQ(name("POST", "/dbs/D/colls/C/operations/partitionkeydelete"), "partition_key_delete");
}

TEST_F(FaultTest, ChanceIsRepeatable) {
  const auto struck = [&](std::uint64_t seed) {
    std::string pattern;
    Fault fault;
    fault.count = 0;
    fault.probability = 0.3;
    fault.seed = seed;
    Faults faults;
    faults.arm(fault);
    const http::Headers headers;
    for (int i = 0; i < 1000; ++i) pattern += faults.next({"GET", "/", headers, {}}, "") ? 'x' : '.';
    EXPECT_NEAR(static_cast<double>(faults.struck()), 300, 60);
    return pattern;
  };
  EXPECT_EQ(struck(1), struck(1));
  EXPECT_NE(struck(1), struck(2));
}

TEST_F(FaultTest, TheDoorTakesWhatItKnowsAndRefusesTheRest) {
  for (const char* fault :
       {R"({})", R"({"kind":"earthquake"})", R"({"kind":"drop","cuont":1})", R"({"kind":"drop","count":-1})",
        R"({"kind":"drop","probability":2})", R"({"kind":"drop","operation":"dance"})", R"({"kind":"drop","match":5})",
        R"({"kind":"status","status":99})", R"({"kind":"delay","delay_ms":600000})",
        R"({"kind":"status","processed":1})", R"([])", R"(x)"}) {
    EXPECT_EQ(door("fault", fault).first, 400) << fault;
  }
  EXPECT_FALSE(account_.faults().armed());
  EXPECT_EQ(door("fault", R"({"kind":"status","status":503,"sub_status":9001,"retry_after_ms":7,"processed":false,
      "method":"GET","match":"docs","operation":"point_read","region":"Local","probability":0.5,"seed":3,"count":2,
      "bytes":5,"behind":2,"delay_ms":3})")
                .first,
            200);
  EXPECT_EQ(door("fault", "", "GET").second, R"({"struck":0,"faults":[{"kind":"status","left":2,"struck":0}]})");
  EXPECT_EQ(door("fault", R"({"clear":true})").first, 200);
  EXPECT_FALSE(account_.faults().armed());
  EXPECT_EQ(door("budget", R"({"database":"Shop","container":"Nothing","request_units":1})").first, 404);
  EXPECT_EQ(door("budget", R"({"database":"Shop","container":"Orders"})").first, 400);
  EXPECT_EQ(door("region", R"({"name":"Mars","state":"down"})").first, 404);
  EXPECT_EQ(door("region", R"({"name":"Local","state":"sideways"})").first, 400);
  EXPECT_EQ(door("window", "{}").first, 404);
}

// --- The account's own doings ---

TEST_F(FaultTest, ABudgetThrottlesUntilTheSecondIsOver) {
  ASSERT_EQ(door("budget", R"({"database":"Shop","container":"Orders","request_units":10})").first, 200);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(put(i));
  EXPECT_GE(repeats(RetryReason::throttled), 4U);
  const std::uint64_t before = repeats();
  ASSERT_EQ(door("budget", R"({"database":"Shop","container":"Orders","request_units":0})").first, 200);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(put(i));
  EXPECT_EQ(repeats(), before);
}

TEST_F(FaultTest, ASplitAndAMergeContinueTheFeeds) {
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(client_->upsert_document(kOrders, fmt::format(R"(["k{}"])", i),
                                         fmt::format(R"({{"id":"{}","pk":"k{}"}})", i, i), {}));
  }
  const std::string continuation = changes().value().continuation;
  ASSERT_EQ(door("split", R"({"database":"Shop","container":"Orders","range":"0"})").first, 200);
  EXPECT_EQ(changes(continuation).error().sub_status, 1002);
  EXPECT_TRUE(changes(continuation, "1").value().not_modified);
  const cosmos::HashRange left = client_->partition_key_ranges(kOrders, {}).value()[0].range;

  EXPECT_EQ(door("merge", R"({"database":"Shop","container":"Orders","ranges":["1","1"]})").first, 400);
  EXPECT_EQ(door("merge", R"({"database":"Shop","container":"Orders","ranges":["1"]})").first, 400);
  ASSERT_EQ(door("merge", R"({"database":"Shop","container":"Orders","ranges":["2","1"]})").first, 200);
  const auto ranges = client_->partition_key_ranges(kOrders, {}).value();
  ASSERT_EQ(ranges.size(), 1U);
  EXPECT_EQ(ranges[0].id, "3");
  EXPECT_THAT(ranges[0].parents, ::testing::UnorderedElementsAre("0", "1", "2"));
  EXPECT_EQ(changes(continuation, "1").error().sub_status, 1002);
  EXPECT_TRUE(changes(continuation, "3").value().not_modified);
  EXPECT_EQ(changes("", "3").value().items, 20U) << "the whole past is still there";

  cosmos::FeedRequest part;
  part.range_id = "3";
  part.part = left;
  const std::size_t in_left = client_->read_change_feed(kOrders, part, {}).value().items;
  EXPECT_GT(in_left, 0U);
  EXPECT_LT(in_left, 20U);
  EXPECT_EQ(changes("*", "3", true).error().status, 400) << "all versions are not offered where ranges merged";
}

TEST_F(FaultTest, AForkBeginsThePastAnew) {
  ASSERT_TRUE(put(1));
  account_.clock().advance(60);
  ASSERT_TRUE(put(2));
  ASSERT_TRUE(put(3));
  const auto page = changes();
  EXPECT_EQ(page->lsn, 3U);
  EXPECT_EQ(door("fork", R"({"database":"Shop","container":"Orders"})").first, 400);
  ASSERT_EQ(
      door("fork", fmt::format(R"({{"database":"Shop","container":"Orders","at":"{}"}})", format_rfc3339(kStart + 30)))
          .first,
      200);
  EXPECT_EQ(live(), 1U);
  ASSERT_TRUE(changes(page->continuation)) << "a session of the lost past is given up in the end";
  EXPECT_GE(repeats(RetryReason::session_not_reached), 3U);
  EXPECT_EQ(get(3).error().code, Code::not_found);
  ASSERT_TRUE(put(4));
  EXPECT_EQ(changes().value().lsn, 2U);
}

// --- Regions ---

class RegionTest : public FaultTest {
 public:
  RegionTest() : FaultTest(two_regions()) {
    EXPECT_TRUE(client_->read_account({}));
    EXPECT_TRUE(put(1));
  }
  static AccountOptions two_regions() {
    AccountOptions options = with_door();
    options.regions = {{"West US", "west.test"}, {"East US", "east.test"}};
    return options;
  }
};

TEST_F(RegionTest, TheRecordNamesThem) {
  const auto account = client_->read_account({}).value();
  EXPECT_EQ(account.id, "halley-emulator");
  EXPECT_EQ(account.write_endpoint, "http://west.test/");
  EXPECT_EQ(account.value.find("readableLocations")->items().size(), 2U);
  connect("http://east.test/");
  const auto asked_east = client_->read_account({}).value();
  EXPECT_EQ(asked_east.value.string_at("id"), "halley-emulator-eastus");
  EXPECT_EQ(asked_east.id, "halley-emulator");
}

TEST_F(RegionTest, ReadsGoOnInTheOtherWhileOneIsDown) {
  ASSERT_EQ(door("region", R"({"name":"West US","state":"down"})").first, 200);
  ASSERT_TRUE(get(1));
  EXPECT_EQ(changes().error().code, Code::unavailable) << "a feed that may lag is not followed unasked";
  cosmos::FeedRequest request;
  request.range_id = "0";
  request.any_region = true;
  const auto page = client_->read_change_feed(kOrders, request, {});
  ASSERT_TRUE(page) << page.error().to_string();
  EXPECT_FALSE(page->from_write_region);
  EXPECT_EQ(put(2).error().code, Code::ambiguous) << "nobody else takes writes";
  ASSERT_EQ(door("region", R"({"name":"West US","state":"up"})").first, 200);
  EXPECT_TRUE(put(2));
}

TEST_F(RegionTest, WritesFollowAFailover) {
  connect("http://west.test/");
  ASSERT_TRUE(client_->read_account({}));
  ASSERT_EQ(door("region", R"({"name":"East US","writes":true})").first, 200);
  ASSERT_TRUE(put(2));
  EXPECT_EQ(repeats(RetryReason::write_region_moved), 1U);
  ASSERT_TRUE(put(3));
  EXPECT_EQ(repeats(), 1U);
}

TEST_F(RegionTest, AFeedIsNotTakenForReadByARegionThatLostItsWrites) {
  connect("http://west.test/");
  ASSERT_TRUE(client_->read_account({}));
  const auto before = changes();
  ASSERT_TRUE(before);
  ASSERT_EQ(door("region", R"({"name":"East US","writes":true})").first, 200);
  ASSERT_EQ(door("region", R"({"name":"West US","behind":1})").first, 200);
  auto reader = std::move(client_);
  connect("http://east.test/");
  ASSERT_TRUE(put(2));
  client_ = std::move(reader);
  const auto after = changes(before->continuation);
  ASSERT_TRUE(after) << after.error().to_string();
  EXPECT_FALSE(after->not_modified) << "West does not have it yet, and does not say so";
}

TEST_F(RegionTest, ARemovedRegionIsLeft) {
  connect("http://west.test/");
  ASSERT_TRUE(client_->read_account({}));
  ASSERT_EQ(door("region", R"({"name":"East US","writes":true})").first, 200);
  ASSERT_EQ(door("region", R"({"name":"West US","state":"removed"})").first, 200);
  ASSERT_TRUE(get(1));
  EXPECT_EQ(repeats(RetryReason::region_removed), 1U);
  ASSERT_TRUE(put(2));
}

TEST_F(RegionTest, ALaggingRegionIsLeftForOneThatHasWhatWasSeen) {
  ASSERT_TRUE(put(2));
  ASSERT_EQ(door("region", R"({"name":"West US","behind":1})").first, 200);
  ASSERT_TRUE(get(2));
  EXPECT_EQ(repeats(RetryReason::session_not_reached), 4U) << "here twice more, by its own host, in the other";
  EXPECT_EQ(door("region", R"({"name":"West US","behind":-1})").first, 400);
}

TEST_F(RegionTest, FaultsMayStrikeOneRegionOnly) {
  Fault fault;
  fault.kind = FaultKind::status;
  fault.region = "West US";
  fault.count = 0;
  account_.faults().arm(fault);
  EXPECT_TRUE(get(1));
  EXPECT_EQ(repeats(RetryReason::service_unavailable), 2U) << "the global endpoint leads to West, too";
  EXPECT_EQ(put(2).error().code, Code::unavailable);
}

class ManyWritersTest : public FaultTest {
 protected:
  ManyWritersTest() : FaultTest(many_writers()) {}
  static AccountOptions many_writers() {
    AccountOptions options = RegionTest::two_regions();
    options.multiple_write_regions = true;
    return options;
  }
};

TEST_F(ManyWritersTest, WritesGoToTheOtherRegion) {
  EXPECT_TRUE(client_->read_account({}).value().multiple_write_regions);
  Fault fault;
  fault.kind = FaultKind::status;
  fault.region = "West US";
  fault.count = 0;
  account_.faults().arm(fault);
  EXPECT_TRUE(put(1));
  EXPECT_EQ(repeats(RetryReason::service_unavailable), 2U);
}

// --- Everything at once ---

// Whatever goes wrong: what the client says was done is done, what it refuses is not, and only "ambiguous" leaves both
// open.
TEST(SeededFaults, TheClientNeverSaysWhatIsNotSo) {
  constexpr FaultKind kKinds[] = {FaultKind::throttle, FaultKind::drop,  FaultKind::lose_reply,
                                  FaultKind::truncate, FaultKind::delay, FaultKind::stale};
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    std::mt19937_64 random(seed);
    testing::VirtualRuntime runtime{kStart};
    Account account(runtime, RegionTest::two_regions());
    ASSERT_TRUE(account.engine().create_database("Shop"));
    ASSERT_TRUE(account.engine().create_container("Shop", R"({"id":"Orders","partitionKey":{"paths":["/pk"]}})"));
    testing::DirectTransport transport(account);
    cosmos::ClientOptions options;
    options.endpoint = "http://account.test/";
    options.key = account.key();
    options.max_attempts = 2 + static_cast<int>(seed % 10);
    const auto client = cosmos::Client::create(runtime, transport, options).value();
    ASSERT_TRUE(client->read_account({}));
    for (const FaultKind kind : kKinds) {
      Fault fault;
      fault.kind = kind;
      fault.count = 0;
      fault.probability = 0.12;
      fault.seed = random();
      account.faults().arm(fault);
    }
    Fault status;
    status.kind = FaultKind::status;
    status.count = 0;
    status.probability = 0.2;
    status.status = std::array{408, 449, 500, 503}[seed % 4];
    status.processed = status.status == 408 || status.status == 500;
    account.faults().arm(status);

    std::map<std::string, std::set<std::string>> possible;  // of each id: the texts it may have, "" = absent
    const auto container = *account.engine().container("Shop", "Orders");
    for (int step = 0; step < 60; ++step) {
      const std::string id = std::to_string(random() % 4);
      const bool remove = random() % 3 == 0;
      const std::string text = remove ? "" : fmt::format(R"({{"id":"{}","pk":"a","n":{}}})", id, step);
      const Status done =
          remove ? client->delete_document(kOrders, id, kKey, {}) : client->upsert_document(kOrders, kKey, text, {});
      std::set<std::string>& states = possible.try_emplace(id, std::set<std::string>{""}).first->second;
      if (done) {
        states = {text};
      } else if (done.error().code == Code::ambiguous) {
        states.insert(text);
      }
      std::string held;
      for (const DocumentPtr& document : container->live_documents()) {
        if (document->id == id) held = document->text.substr(0, document->text.find(R"(,"_rid")")) + "}";
      }
      ASSERT_TRUE(states.contains(held)) << "seed " << seed << " step " << step << ": " << held
                                         << (done ? " done" : done.error().to_string());
    }
    EXPECT_GT(account.faults().struck(), 20U);
  }
}

// --- Over sockets ---

TEST(FaultyEmulator, RegionsHavePortsOfTheirOwn) {
  EmulatorOptions options;
  options.account.regions = {{"West US", ""}, {"East US", ""}};
  const auto emulator = Emulator::start(real_runtime(), options).value();
  EXPECT_EQ(emulator->region_endpoint("Mars"), "");
  const auto transport = http::make_curl_transport(real_runtime(), {});
  cosmos::ClientOptions client_options;
  client_options.endpoint = emulator->endpoint();
  client_options.key = emulator->key();
  const auto client = cosmos::Client::create(real_runtime(), *transport, client_options).value();
  const auto account = client->read_account({}).value();
  EXPECT_EQ(account.write_endpoint, emulator->region_endpoint("West US"));
  emulator->account().topology().set_state("West US", Topology::State::down);
  EXPECT_TRUE(client->list_databases({})) << "East answers";
}

TEST(FaultyEmulator, StopsInTheMiddleOfADelay) {
  auto emulator = Emulator::start(real_runtime(), {}).value();
  Fault fault;
  fault.kind = FaultKind::delay;
  fault.delay = Milliseconds(60'000);
  emulator->account().faults().arm(fault);
  const auto transport = http::make_curl_transport(real_runtime(), {});
  const std::jthread asking([&, url = emulator->endpoint()] {
    http::Request request;
    request.method = "GET";
    request.url = url;
    (void)transport->send(request, Deadline::after(real_runtime(), Milliseconds(60'000)), {});
  });
  while (emulator->account().faults().struck() == 0) std::this_thread::yield();
  emulator.reset();
}

}  // namespace
}  // namespace halley::server
