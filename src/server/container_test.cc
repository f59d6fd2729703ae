#include "server/container.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "json/value.h"
#include "server/account_fixture.h"
#include "server/document_scan.h"
#include "server/engine.h"
#include "testing/virtual_runtime.h"

namespace halley::server {
namespace {

class ContainerTest : public ::testing::Test {
 protected:
  ContainerTest() {
    engine_.stamps().clock().freeze(kStart);
    EXPECT_TRUE(engine_.create_database("d"));
  }

  std::shared_ptr<Container> make(std::string_view definition) {
    auto container = engine_.create_container("d", definition);
    EXPECT_TRUE(container) << (container ? "" : container.error().to_string());
    return *container;
  }
  std::shared_ptr<Container> make_plain() { return make(R"({"id":"c","partitionKey":{"paths":["/pk"],"version":2}})"); }

  static ItemResult upsert(Container& container, std::string body) {
    ItemOperation operation;
    operation.kind = ItemOperation::Kind::upsert;
    operation.body = std::move(body);
    auto done = container.run(operation);
    EXPECT_TRUE(done) << (done ? "" : done.error().to_string());
    return done ? done->result : ItemResult{};
  }
  static Result<Container::Done> one(Container& container, ItemOperation::Kind kind, std::string key, std::string id,
                                     std::string body = {}) {
    ItemOperation operation;
    operation.kind = kind;
    operation.key = std::move(key);
    operation.id = std::move(id);
    operation.body = std::move(body);
    return container.run(operation);
  }
  static int status_of(const Result<Container::Done>& done) { return done ? done->result.status : done.error().status; }

  static ChangesPage changes(Container& container, std::uint64_t after, bool all_versions = false,
                             std::string range = "0", PageLimits limits = {1000, 4'000'000}) {
    ChangesRequest request;
    request.selection.range_id = std::move(range);
    request.all_versions = all_versions;
    request.after = after;
    request.limits = limits;
    auto page = container.read_changes(request);
    EXPECT_TRUE(page) << (page ? "" : page.error().to_string());
    return page ? *page : ChangesPage{};
  }
  static std::vector<std::string> ids(const ChangesPage& page) {
    std::vector<std::string> ids;
    for (const LogEntry& entry : page.entries) ids.push_back(entry.document->id);
    return ids;
  }

  testing::VirtualRuntime runtime_{kStart};
  Engine engine_{runtime_, {}};
};

using Ids = std::vector<std::string>;

TEST_F(ContainerTest, KeepsTheBodyAndEndsWithTheSystemProperties) {
  const auto container = make_plain();
  const ItemResult written = upsert(*container, R"( {"id":"1", "pk":"a","_etag":"x","_ts":5,"n":1.0,"_own":[ 2e1 ]} )");
  EXPECT_EQ(written.status, 201);
  const std::string& text = written.document->text;
  EXPECT_TRUE(text.starts_with(R"({"id":"1","pk":"a","n":1,"_own":[20],"_rid":")")) << text;
  EXPECT_TRUE(text.ends_with(R"(,"_attachments":"attachments/","_ts":1800000000})")) << text;
  EXPECT_EQ(json::parse(text)->string_at("_etag"), written.document->etag);
}

TEST_F(ContainerTest, SingleOperationsAnswerAsTheServiceDoes) {
  using enum ItemOperation::Kind;
  const auto container = make_plain();
  const std::string body = R"({"id":"1","pk":"a"})";
  EXPECT_EQ(status_of(one(*container, create, R"(["a"])", "", body)), 201);
  EXPECT_EQ(status_of(one(*container, create, R"(["a"])", "", body)), 409);
  EXPECT_EQ(status_of(one(*container, upsert, R"(["a"])", "", body)), 200);
  EXPECT_EQ(status_of(one(*container, replace, R"(["a"])", "1", body)), 200);
  EXPECT_EQ(status_of(one(*container, replace, R"(["a"])", "2", R"({"id":"2","pk":"a"})")), 404);
  EXPECT_EQ(status_of(one(*container, read, R"(["a"])", "1")), 200);
  EXPECT_EQ(status_of(one(*container, read, R"(["b"])", "1")), 404);
  EXPECT_EQ(status_of(one(*container, remove, R"(["a"])", "1")), 204);
  EXPECT_EQ(status_of(one(*container, remove, R"(["a"])", "1")), 404);
  EXPECT_EQ(status_of(one(*container, create, R"(["a"])", "", R"({"pk":"a"})")), 400);
  EXPECT_EQ(status_of(one(*container, create, R"(["a"])", "", R"({"id":7,"pk":"a"})")), 400);
  const auto mismatch = one(*container, create, R"(["b"])", "", body);
  ASSERT_FALSE(mismatch);
  EXPECT_EQ(mismatch.error().status, 400);
  EXPECT_EQ(mismatch.error().sub_status, 1001);
}

TEST_F(ContainerTest, IdsAndDocumentsHaveTheirLimits) {
  const auto container = make_plain();
  const auto create = [&](const std::string& id, const std::string& text) {
    return status_of(one(*container, ItemOperation::Kind::create, R"(["a"])", "",
                         R"({"id":")" + id + R"(","pk":"a","t":")" + text + "\"}"));
  };
  EXPECT_EQ(create(std::string(1023, 'x'), ""), 201);
  EXPECT_EQ(create(std::string(1024, 'x'), ""), 400);
  EXPECT_EQ(create("", ""), 400);
  EXPECT_EQ(create("big", std::string(kMaxDocumentBytes - 100, 'x')), 201);
  EXPECT_EQ(create("too big", std::string(kMaxDocumentBytes, 'x')), 413);
}

TEST_F(ContainerTest, TheSameIdLivesUnderEveryKey) {
  const auto container = make_plain();
  const std::vector<std::pair<std::string, std::string>> keys = {
      {R"([{}])", ""},       {"[null]", R"(,"pk":null)"},  {R"([""])", R"(,"pk":"")"},
      {"[5]", R"(,"pk":5)"}, {R"(["5"])", R"(,"pk":"5")"}, {"[true]", R"(,"pk":true)"}};
  for (const auto& [key, member] : keys) upsert(*container, R"({"id":"1")" + member + "}");
  EXPECT_EQ(container->live_documents().size(), keys.size());
  for (const auto& [key, member] : keys) {
    EXPECT_EQ(status_of(one(*container, ItemOperation::Kind::read, key, "1")), 200) << key;
  }
}

TEST_F(ContainerTest, TheLatestFeedHasEachLiveDocumentOnceInTheOrderOfItsLastWrite) {
  const auto container = make_plain();
  for (const char* id : {"1", "2", "3", "1", "4"}) upsert(*container, fmt::format(R"({{"id":"{}","pk":"a"}})", id));
  EXPECT_EQ(status_of(one(*container, ItemOperation::Kind::remove, R"(["a"])", "3")), 204);
  const ChangesPage page = changes(*container, 0);
  EXPECT_EQ(ids(page), (Ids{"2", "1", "4"}));
  EXPECT_EQ(page.next, 6U);  // The delete is a transaction too.
  const ChangesPage nothing = changes(*container, page.next);
  EXPECT_TRUE(nothing.entries.empty());
  EXPECT_EQ(nothing.next, 6U);
  upsert(*container, R"({"id":"2","pk":"a"})");
  EXPECT_EQ(ids(changes(*container, page.next)), (Ids{"2"}));
}

TEST_F(ContainerTest, TheAllVersionsFeedHasEveryVersion) {
  const auto container = make_plain();
  upsert(*container, R"({"id":"1","pk":"a","v":1})");
  upsert(*container, R"({"id":"1","pk":"a","v":2})");
  engine_.stamps().clock().advance(7);
  EXPECT_EQ(status_of(one(*container, ItemOperation::Kind::remove, R"(["a"])", "1")), 204);
  upsert(*container, R"({"id":"1","pk":"a","v":3})");
  const auto entries = changes(*container, 0, true).entries;
  ASSERT_EQ(entries.size(), 4U);
  EXPECT_EQ(entries[0].change, Change::create);
  EXPECT_EQ(entries[1].change, Change::replace);
  EXPECT_EQ(entries[1].previous_lsn, 1U);
  EXPECT_EQ(entries[2].change, Change::remove);
  EXPECT_EQ(entries[2].previous_lsn, 2U);
  EXPECT_EQ(entries[2].time, kStart + 7);
  EXPECT_EQ(entries[3].change, Change::create);
  EXPECT_EQ(entries[3].previous_lsn, 0U);
  EXPECT_NE(entries[3].document->number, entries[0].document->number);
}

TEST_F(ContainerTest, ABatchIsOneTransactionThatPagesDoNotTear) {
  const auto container = make_plain();
  upsert(*container, R"({"id":"0","pk":"a"})");
  std::vector<ItemOperation> operations(5);
  for (std::size_t i = 0; i < operations.size(); ++i) {
    operations[i].kind = ItemOperation::Kind::create;
    operations[i].body = fmt::format(R"({{"id":"b{}","pk":"a"}})", i);
  }
  const auto done = container->run_batch(R"(["a"])", operations);
  ASSERT_TRUE(done);
  EXPECT_EQ(done->position.lsn, 2U);
  const ChangesPage first = changes(*container, 0, false, "0", {2, 4'000'000});
  EXPECT_EQ(ids(first), (Ids{"0"}));
  EXPECT_EQ(first.next, 1U);
  const ChangesPage second = changes(*container, first.next, false, "0", {2, 4'000'000});
  EXPECT_EQ(second.entries.size(), 5U);
  EXPECT_EQ(second.next, 2U);
}

TEST_F(ContainerTest, AFailedBatchChangesNothing) {
  const auto container = make_plain();
  upsert(*container, R"({"id":"0","pk":"a"})");
  std::vector<ItemOperation> operations(3);
  operations[0].kind = ItemOperation::Kind::remove;
  operations[0].id = "0";
  operations[1].kind = ItemOperation::Kind::create;
  operations[1].body = R"({"id":"1","pk":"a"})";
  operations[2].kind = ItemOperation::Kind::replace;
  operations[2].id = "gone";
  operations[2].body = R"({"id":"gone","pk":"a"})";
  const auto done = container->run_batch(R"(["a"])", operations);
  ASSERT_TRUE(done);
  EXPECT_EQ(done->results[0].status, 424);
  EXPECT_EQ(done->results[1].status, 424);
  EXPECT_EQ(done->results[2].status, 404);
  EXPECT_EQ(done->position.lsn, 1U);
  EXPECT_EQ(container->live_documents().size(), 1U);
}

TEST_F(ContainerTest, PagesHoldNoMoreThanTheirLimits) {
  const auto container = make_plain();
  for (int i = 0; i < 30; ++i) {
    upsert(*container, fmt::format(R"({{"id":"{}","pk":"a","t":"{}"}})", i, std::string(100'000, 'x')));
  }
  std::size_t seen = 0;
  std::uint64_t after = 0;
  while (true) {
    const ChangesPage page = changes(*container, after, false, "0", {1000, 1'000'000});
    if (page.entries.empty()) break;
    std::size_t bytes = 0;
    for (const LogEntry& entry : page.entries) bytes += entry.document->text.size();
    EXPECT_LE(bytes, 1'000'000U);
    EXPECT_GE(page.entries.size(), seen < 27 ? 9U : 1U);
    seen += page.entries.size();
    after = page.next;
  }
  EXPECT_EQ(seen, 30U);
}

TEST_F(ContainerTest, ASplitContinuesTheFeedInBothHalves) {
  const auto container = make_plain();
  std::map<std::string, std::size_t> versions;
  for (int i = 0; i < 60; ++i) {
    const std::string id = std::to_string(i % 40);
    upsert(*container, fmt::format(R"({{"id":"{}","pk":"p{}"}})", id, id));
    ++versions[id];
  }
  const ChangesPage before = changes(*container, 0, true, "0", {25, 4'000'000});
  ASSERT_TRUE(container->split("0"));
  EXPECT_EQ(container->ranges_version(), 2U);
  const auto ranges = container->ranges();
  ASSERT_EQ(ranges.size(), 2U);
  EXPECT_EQ(ranges[0].range.max, ranges[1].range.min);
  EXPECT_EQ(ranges[0].parents, (std::vector<std::string>{"0"}));
  ChangesRequest gone;
  gone.selection.range_id = "0";
  gone.after = 0;
  const auto refused = container->read_changes(gone);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, 410);
  EXPECT_EQ(refused.error().sub_status, 1002);

  upsert(*container, R"({"id":"0","pk":"p0"})");
  ++versions["0"];
  std::map<std::string, std::size_t> read;
  for (const LogEntry& entry : before.entries) ++read[entry.document->id];
  for (const RangeInfo& range : ranges) {
    EXPECT_EQ(range.lsn, 60U);
    for (const LogEntry& entry : changes(*container, before.next, true, range.id).entries) {
      EXPECT_TRUE(range.range.contains(entry.document->epk));
      ++read[entry.document->id];
    }
  }
  EXPECT_EQ(read, versions);
  ASSERT_TRUE(container->split("1"));
  EXPECT_EQ(container->ranges()[0].parents, (std::vector<std::string>{"0", "1"}));
}

TEST_F(ContainerTest, EveryKindOfKeySplitsIntoHalvesThatBothGetDocuments) {
  for (const char* key : {R"({"paths":["/pk"]})", R"({"paths":["/pk"],"version":2})",
                          R"({"paths":["/pk","/id"],"kind":"MultiHash","version":2})"}) {
    const auto container =
        make(fmt::format(R"({{"id":"{}","partitionKey":{}}})", engine_.stamps().next_etag({0}).substr(1, 8), key));
    for (int i = 0; i < 200; ++i) upsert(*container, fmt::format(R"({{"id":"{}","pk":"p{}"}})", i, i));
    ASSERT_TRUE(container->split("0"));
    ASSERT_TRUE(container->split("2"));
    for (const RangeInfo& range : container->ranges())
      EXPECT_GT(changes(*container, 0, false, range.id).entries.size(), 20U) << key;
  }
}

TEST_F(ContainerTest, ReadsOnlyThePartOfTheHashSpaceAskedFor) {
  const auto container = make_plain();
  for (int i = 0; i < 50; ++i) upsert(*container, fmt::format(R"({{"id":"{}","pk":"p{}"}})", i, i));
  const std::string middle(1, '\x1F');
  std::set<std::string> seen;
  for (const cosmos::HashRange& part : {cosmos::HashRange{"", middle}, cosmos::HashRange{middle, "\xFF"}}) {
    ChangesRequest request;
    request.selection = {"0", part, ""};
    request.after = 0;
    const auto page = container->read_changes(request);
    ASSERT_TRUE(page);
    EXPECT_GT(page->entries.size(), 5U);
    for (const LogEntry& entry : page->entries) {
      EXPECT_TRUE(part.contains(entry.document->epk));
      EXPECT_TRUE(seen.insert(entry.document->id).second);
    }
  }
  EXPECT_EQ(seen.size(), 50U);
}

TEST_F(ContainerTest, ExpiredDocumentsVanishAtOnceAndArePurgedLater) {
  const auto container = make(R"({"id":"t","partitionKey":{"paths":["/pk"],"version":2},"defaultTtl":60})");
  upsert(*container, R"({"id":"default","pk":"a"})");
  upsert(*container, R"({"id":"short","pk":"a","ttl":10})");
  upsert(*container, R"({"id":"never","pk":"a","ttl":-1})");
  VirtualClock& clock = engine_.stamps().clock();
  clock.advance(9);
  EXPECT_EQ(container->live_documents().size(), 3U);
  clock.advance(1);
  EXPECT_EQ(status_of(one(*container, ItemOperation::Kind::read, R"(["a"])", "short")), 404);
  EXPECT_EQ(ids(changes(*container, 0)), (Ids{"default", "never"}));
  EXPECT_TRUE(changes(*container, 3, true).entries.empty()) << "not purged yet";
  clock.advance(30);
  const auto purged = changes(*container, 3, true).entries;
  ASSERT_EQ(purged.size(), 1U);
  EXPECT_EQ(purged[0].change, Change::expire);
  EXPECT_EQ(purged[0].document->id, "short");
  EXPECT_EQ(purged[0].time, kStart + 40);
  clock.advance(1000);
  EXPECT_EQ(container->live_documents().size(), 1U);
}

// Where many are to be purged, each operation does its part, so that none waits for all of them.
TEST_F(ContainerTest, ManyAreNotPurgedAtOnce) {
  const auto container = make(R"({"id":"t","partitionKey":{"paths":["/pk"],"version":2},"defaultTtl":60})");
  constexpr std::size_t kMany = 2 * kRemovedAtOnce + 100;
  for (std::size_t i = 0; i < kMany; ++i) upsert(*container, fmt::format(R"({{"id":"{}","pk":"a"}})", i));
  upsert(*container, R"({"id":"late","pk":"a","ttl":300})");
  VirtualClock& clock = engine_.stamps().clock();
  clock.advance(100);
  const auto purged = [&] { return container->ranges().front().lsn - kMany - 1; };
  const auto touch = [&] { (void)one(*container, ItemOperation::Kind::read, R"(["a"])", "late"); };
  touch();
  EXPECT_EQ(purged(), kRemovedAtOnce);
  // The purge has passed it, and it is not forgotten.
  ASSERT_EQ(status_of(one(*container, ItemOperation::Kind::create, R"(["a"])", "", R"({"id":"0","pk":"a","ttl":5})")),
            201);
  for (int i = 0; i < 5; ++i) touch();
  EXPECT_EQ(purged(), kMany + 1) << "all of them, and one was created";
  clock.advance(20);
  touch();
  EXPECT_EQ(purged(), kMany + 2);
  clock.advance(1000);
  touch();
  EXPECT_EQ(container->usage().documents, 0U);
}

// Does something the first time that somebody sleeps.
class InterruptedRuntime : public testing::VirtualRuntime {
 public:
  using VirtualRuntime::VirtualRuntime;
  bool sleep(Milliseconds duration, std::stop_token stop) override {
    if (meanwhile) std::exchange(meanwhile, nullptr)();
    return VirtualRuntime::sleep(duration, stop);
  }
  std::function<void()> meanwhile;
};

TEST(RemovalTest, OthersAreAnsweredWhileAKeyIsRemoved) {
  InterruptedRuntime runtime(kStart);
  Engine engine(runtime, {});
  ASSERT_TRUE(engine.create_database("d"));
  const auto container =
      engine.create_container("d", R"({"id":"c","partitionKey":{"paths":["/pk"],"version":2}})").value();
  constexpr std::size_t kMany = 2 * kRemovedAtOnce + 100;
  for (std::size_t i = 0; i < kMany; ++i) {
    for (const char* key : {"a", "b"}) {
      ASSERT_TRUE(engine.upsert("d", "c", fmt::format(R"({{"id":"{}","pk":"{}"}})", i, key)));
    }
  }
  std::size_t left = 0;
  runtime.meanwhile = [&] {
    left = container->usage().documents;
    EXPECT_TRUE(engine.upsert("d", "c", R"({"id":"new","pk":"a"})"));
    EXPECT_TRUE(container->split("0"));
  };
  ASSERT_TRUE(container->remove_key(R"(["a"])"));
  EXPECT_EQ(left, 2 * kMany - kRemovedAtOnce);
  EXPECT_EQ(container->usage().documents, kMany + 1) << "those of the other key, and the one that came meanwhile";
  ASSERT_TRUE(container->remove_key(R"(["a"])"));
  EXPECT_EQ(container->usage().documents, kMany);
}

TEST_F(ContainerTest, TurningTtlOffBringsBackWhatWasNotPurged) {
  const auto container = make(R"({"id":"t","partitionKey":{"paths":["/pk"],"version":2},"defaultTtl":60})");
  upsert(*container, R"({"id":"1","pk":"a"})");
  engine_.stamps().clock().advance(62);
  EXPECT_TRUE(container->live_documents().empty());
  ASSERT_TRUE(engine_.replace({"dbs", "d", "colls", "t"},
                              *json::parse(R"({"id":"t","partitionKey":{"paths":["/pk"],"version":2}})")));
  EXPECT_EQ(container->live_documents().size(), 1U);
  ASSERT_TRUE(
      engine_.replace({"dbs", "d", "colls", "t"},
                      *json::parse(R"({"id":"t","partitionKey":{"paths":["/pk"],"version":2},"defaultTtl":5})")));
  engine_.stamps().clock().advance(10);
  EXPECT_EQ(changes(*container, 1, true).entries.size(), 1U);
}

TEST_F(ContainerTest, TheNameOfAnExpiredDocumentIsFree) {
  const auto container = make(R"({"id":"t","partitionKey":{"paths":["/pk"],"version":2},"defaultTtl":10})");
  upsert(*container, R"({"id":"1","pk":"a","v":1})");
  engine_.stamps().clock().advance(11);
  EXPECT_EQ(status_of(one(*container, ItemOperation::Kind::create, R"(["a"])", "", R"({"id":"1","pk":"a","v":2})")),
            201);
  const auto entries = changes(*container, 1, true).entries;
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].change, Change::expire);
  EXPECT_EQ(entries[0].lsn, 2U);
  EXPECT_EQ(entries[1].change, Change::create);
  EXPECT_EQ(entries[1].lsn, 3U);
}

TEST_F(ContainerTest, AnInvalidTtlIsRefusedOnlyWhereTtlIsOn) {
  const auto off = make_plain();
  const auto on = make(R"({"id":"t","partitionKey":{"paths":["/pk"],"version":2},"defaultTtl":-1})");
  for (const char* ttl : {"0", "-2", "1.5", "\"5\"", "2147483648"}) {
    const std::string body = fmt::format(R"({{"id":"1","pk":"a","ttl":{}}})", ttl);
    EXPECT_EQ(status_of(one(*on, ItemOperation::Kind::upsert, R"(["a"])", "", body)), 400) << ttl;
    EXPECT_NE(status_of(one(*off, ItemOperation::Kind::upsert, R"(["a"])", "", body)), 400) << ttl;
  }
}

TEST_F(ContainerTest, ScansGoOnBySplitsAndMerges) {
  const auto container = make_plain();
  for (int i = 0; i < 40; ++i) upsert(*container, fmt::format(R"({{"id":"{}","pk":"p{}"}})", i, i));
  std::vector<std::string> seen;
  std::uint64_t after = 0;
  for (bool more = true; more;) {
    const auto scanned = container->scan({}, after, 7);
    ASSERT_TRUE(scanned);
    EXPECT_LE(scanned->documents.size(), 7U);
    for (const DocumentPtr& document : scanned->documents) {
      EXPECT_GT(document->number, after);
      after = document->number;
      seen.push_back(document->id);
    }
    more = scanned->more;
    const auto ranges = container->ranges();
    EXPECT_EQ(scanned->positions.size(), ranges.size());
    if (ranges.size() < 4) {
      ASSERT_TRUE(container->split(ranges.back().id));
    } else {
      ASSERT_TRUE(container->merge(ranges[0].id, ranges[1].id));
    }
  }
  EXPECT_EQ(seen.size(), 40U);
  EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), 40U);
}

TEST_F(ContainerTest, AScanIsAboutWhatIsSelected) {
  const auto container = make_plain();
  for (int i = 0; i < 20; ++i) upsert(*container, fmt::format(R"({{"id":"{}","pk":"p{}"}})", i, i % 5));
  ASSERT_TRUE(container->split("0"));
  const auto ids = [&](const Selection& selection) {
    const auto scanned = container->scan(selection, 0, 100);
    std::set<std::string> found;
    for (const DocumentPtr& document : scanned->documents) found.insert(document->id);
    return found;
  };
  EXPECT_EQ(ids({}).size(), 20U);
  Selection selection;
  selection.key = R"(["p3"])";
  EXPECT_EQ(ids(selection), (std::set<std::string>{"3", "8", "13", "18"}));
  EXPECT_EQ(container->partition_count(selection), 1U);
  EXPECT_EQ(container->partition_count({}), 2U);
  selection.id = "8";
  EXPECT_EQ(ids(selection), (std::set<std::string>{"8"}));
  selection.id = "9";
  EXPECT_EQ(ids(selection), std::set<std::string>());
  selection.key.clear();
  EXPECT_EQ(ids(selection), (std::set<std::string>{"9"}));
  selection = {};
  selection.range_id = container->ranges().front().id;
  EXPECT_LT(ids(selection).size(), 20U);
  selection.range_id = "0";
  EXPECT_EQ(container->scan(selection, 0, 1).error().status, 410);
}

// The container is locked while a scan looks at documents, so that it must not look for long.
TEST_F(ContainerTest, AScanLooksAtSoManyDocumentsAtATime) {
  const auto container = make_plain();
  ASSERT_TRUE(container->split("0"));
  for (int i = 0; i < 20'000; ++i) upsert(*container, fmt::format(R"({{"id":"{}","pk":"p{}"}})", i, i % 50));
  Selection selection;
  selection.id = "19999";
  const auto first = container->scan(selection, 0, 100);
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->documents.empty());
  EXPECT_TRUE(first->more);
  EXPECT_GT(first->next, 4'000U);
  EXPECT_LT(first->next, 15'000U);
  DocumentScan scan(*container, selection, 0);
  EXPECT_EQ((*scan.next())->id, "19999");
  EXPECT_EQ(*scan.next(), nullptr);
  DocumentScan all(*container, {}, 0);
  std::uint64_t last = 0;
  std::size_t count = 0;
  for (auto document = all.next(); *document != nullptr; document = all.next()) {
    EXPECT_GT((*document)->number, last);
    last = (*document)->number;
    ++count;
  }
  EXPECT_EQ(count, 20'000U);
}

// Readers that follow the feeds from any point see exactly what a model of the container holds, whatever happens in
// between.
TEST_F(ContainerTest, FollowingTheFeedsGivesTheModel) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    std::mt19937 random(seed);
    const auto container =
        make(fmt::format(R"({{"id":"m{}","partitionKey":{{"paths":["/pk"],"version":2}},"defaultTtl":-1}})", seed));
    std::map<std::string, std::string> model;  // id -> text
    std::map<std::string, std::uint64_t> cursors{{"0", 0}};
    std::map<std::string, std::string> followed;  // by the all-versions feed
    const auto follow = [&] {
      std::map<std::string, std::uint64_t> next;
      for (const RangeInfo& range : container->ranges()) {
        std::uint64_t after = 0;
        const auto own = cursors.find(range.id);
        if (own != cursors.end()) after = own->second;
        for (const std::string& parent : range.parents) {
          if (own == cursors.end() && cursors.contains(parent)) after = cursors[parent];
        }
        const ChangesPage page = changes(*container, after, true, range.id);
        for (const LogEntry& entry : page.entries) {
          followed[entry.document->id] = entry.document->text;
          if (entry.change == Change::remove || entry.change == Change::expire) followed.erase(entry.document->id);
        }
        next[range.id] = page.next;
      }
      cursors = next;
    };
    for (int step = 0; step < 300; ++step) {
      const std::string id = std::to_string(random() % 30);
      const std::string key = R"(["p)" + id + "\"]";
      switch (random() % 12) {
        case 0:
          one(*container, ItemOperation::Kind::remove, key, id);
          model.erase(id);
          break;
        case 1:
          follow();
          break;
        case 2:
          if (container->ranges().size() < 6 && random() % 3 == 0) {
            follow();
            ASSERT_TRUE(container->split(container->ranges()[random() % container->ranges().size()].id));
          }
          break;
        default:
          model[id] =
              upsert(*container, fmt::format(R"({{"id":"{}","pk":"p{}","v":{}}})", id, id, step)).document->text;
      }
    }
    follow();
    EXPECT_EQ(followed, model) << "seed " << seed;
    std::map<std::string, std::string> latest;
    for (const RangeInfo& range : container->ranges()) {
      for (const LogEntry& entry : changes(*container, 0, false, range.id).entries) {
        EXPECT_TRUE(latest.emplace(entry.document->id, entry.document->text).second);
      }
    }
    EXPECT_EQ(latest, model) << "seed " << seed;
  }
}

TEST_F(ContainerTest, WritersReadersAndSplitsDoNotDisturbEachOther) {
  const auto container = make_plain();
  constexpr int kWriters = 3;
  constexpr int kWrites = 400;
  std::vector<std::jthread> threads;
  for (int writer = 0; writer < kWriters; ++writer) {
    threads.emplace_back([&, writer] {
      for (int i = 0; i < kWrites; ++i) {
        upsert(*container, fmt::format(R"({{"id":"{}-{}","pk":"p{}"}})", writer, i % 100, i));
      }
    });
  }
  threads.emplace_back([&] {
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(container->split(container->ranges().front().id));
  });
  threads.emplace_back([&](const std::stop_token&) {
    for (int i = 0; i < 50; ++i) {
      EXPECT_TRUE(container->scan({}, 0, 100));
      const RangeInfo range = container->ranges().back();
      ChangesRequest request;
      request.selection.range_id = range.id;
      request.after = 0;
      const auto page = container->read_changes(request);
      EXPECT_TRUE(page || page.error().status == 410);
    }
  });
  threads.clear();
  std::size_t versions = 0;
  for (const RangeInfo& range : container->ranges())
    versions += changes(*container, 0, true, range.id, {10'000, 400'000'000}).entries.size();
  EXPECT_EQ(versions, static_cast<std::size_t>(kWriters * kWrites));
}

}  // namespace
}  // namespace halley::server
