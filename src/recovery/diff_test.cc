#include "recovery/diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cosmos/signing.h"
#include "recovery/hand_made_backup.h"
#include "server/engine.h"
#include "testing/direct_transport.h"
#include "testing/virtual_runtime.h"

namespace halley::recovery {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

// "counts" of each container that differs, then its documents.
std::vector<std::string> lines(const Result<DiffReport>& report) {
  std::vector<std::string> all;
  EXPECT_TRUE(report) << report.error().to_string();
  if (!report) return all;
  for (const ContainerDiff& each : report->containers) {
    if (!each.differs()) continue;
    std::string line = each.container + " +" + std::to_string(each.added) + " -" + std::to_string(each.removed) + " ~" +
                       std::to_string(each.changed) + " =" + std::to_string(each.equal);
    if (each.made_again) line += " made again";
    if (!each.was_there) line += " new";
    if (!each.is_there) line += " gone";
    for (const auto& definition : each.definitions) {
      line += " " + std::string(repo::definition_kind_name(definition.what)) + " " + definition.id + " " +
              std::string(difference_name(definition.kind));
    }
    all.push_back(line);
  }
  EXPECT_TRUE(report->documents.for_each([&](const DocumentDifference& each) -> Status {
    all.push_back(std::string(difference_name(each.kind)) + " " + std::string(each.container) + " " +
                  std::string(each.partition_key) + " " + std::string(each.id));
    return {};
  }));
  return all;
}

// Each database that differs, and how.
std::vector<std::string> database_lines(const Result<DiffReport>& report) {
  std::vector<std::string> all;
  EXPECT_TRUE(report) << report.error().to_string();
  if (!report) return all;
  for (const DatabaseDiff& each : report->databases) {
    if (!each.differs()) continue;
    if (!each.was_there) all.push_back(each.database + " new");
    if (!each.is_there) all.push_back(each.database + " gone");
    if (each.made_again) all.push_back(each.database + " made again");
    for (const auto& definition : each.definitions) {
      all.push_back(each.database + " " + std::string(repo::definition_kind_name(definition.what)) + " " +
                    definition.id + " " + std::string(difference_name(definition.kind)));
    }
  }
  return all;
}

TEST(DifferenceList, GivesWhatWasAddedAndForgetsWhatIsCutBack) {
  auto list = DifferenceList::create();
  ASSERT_TRUE(list) << list.error().to_string();
  const std::string key = "[\"" + std::string(100'000, 'k') + "\"]";
  ASSERT_TRUE(list->add({DifferenceKind::added, "db/c", key, "a\nb", {}, at(5)}));
  const std::uint64_t size = list->size();
  ASSERT_TRUE(list->add({DifferenceKind::removed, "db/c", "[1]", "x", at(1), {}}));
  ASSERT_TRUE(list->cut_back(size));
  ASSERT_TRUE(list->add({DifferenceKind::changed, "db/c", "[2]", "y", at(1), at(2)}));
  for (int turn = 0; turn < 2; ++turn) {
    std::vector<std::string> found;
    ASSERT_TRUE(list->for_each([&](const DocumentDifference& each) -> Status {
      found.push_back(std::string(difference_name(each.kind)) + std::string(each.id));
      if (found.size() == 1) {
        EXPECT_EQ(each.partition_key, key);
        EXPECT_EQ(each.after, at(5));
      }
      return {};
    }));
    EXPECT_THAT(found, ElementsAre("addeda\nb", "changedy"));
  }
}

// shop/orders exact in [10, 100), shop/cache lets documents go after 60 s, shop/again was made again at 50, shop/late
// is there from 60 on, crm/people is in latest mode.
class DiffTest : public ::testing::Test {
 protected:
  DiffTest() {
    backup.database("shop", at(0));
    backup.database("crm", at(0));
    backup.container("shop", "orders", at(0));
    backup.container("shop", "cache", at(0), R"(,"defaultTtl":60)");
    backup.container("crm", "people", at(0));
    backup.container("shop", "again", at(0), "", "first");
    auto& first = backup.lane("shop", "again");
    backup.put(first, R"(["a"])", "1", R"({"id":"1","pk":"a"})", at(5));
    backup.put(first, R"(["a"])", "2", R"({"id":"2","pk":"a"})", at(5));
    backup.exact(first, at(10), at(50));
    backup.undefine(repo::DefinitionKind::container, "shop", "", "again", at(50));
    backup.container("shop", "again", at(51), R"(,"conflictResolutionPolicy":{"mode":"LastWriterWins"})", "second");
    backup.define(repo::DefinitionKind::trigger, "shop", "orders", "t", R"({"id":"t","body":"1","_ts":1})", at(0));
    backup.define(repo::DefinitionKind::trigger, "shop", "orders", "t", R"({"id":"t","body":"2","_ts":2})", at(60));
    backup.container("shop", "late", at(60));
    backup.definitions_known(at(0), at(100));
    auto& second = backup.lane("shop", "again");
    backup.put(second, R"(["a"])", "1", R"({"id":"1","pk":"a"})", at(55));
    backup.put(second, R"(["a"])", "3", R"({"id":"3","pk":"a"})", at(55));
    backup.exact(second, at(55), at(100));
    auto& late = backup.lane("shop", "late");
    backup.put(late, R"(["a"])", "1", R"({"id":"1","pk":"a"})", at(65));
    backup.exact(late, at(60), at(100));
    auto& orders = backup.lane("shop", "orders");
    for (int i = 0; i < 200; ++i) {
      const std::string id = std::to_string(i);
      backup.put(orders, R"(["k)" + std::to_string(i % 7) + "\"]", id,
                 R"({"id":")" + id + R"(","pk":"k)" + std::to_string(i % 7) + R"(","n":1})", at(5));
    }
    backup.exact(orders, at(10), at(20));
    backup.put(orders, R"(["k1"])", "1", R"({"n":1.0,"pk":"k1","id":"1"})", at(40));  // the same, spelled otherwise
    backup.put(orders, R"(["k2"])", "2", R"({"id":"2","pk":"k2","n":2})", at(40));
    backup.put(orders, R"(["k3"])", "3", R"({"id":"3","pk":"k3","n":2})", at(40));
    backup.put(orders, R"(["k3"])", "3", R"({"id":"3","pk":"k3","n":1})", at(45));  // and back
    backup.remove(orders, R"(["k4"])", "4", at(50));
    backup.put(orders, R"(["k2"])", "1", R"({"id":"1","pk":"k2"})", at(60));  // the same id under another key
    backup.exact(orders, at(10), at(100));
    auto& cache = backup.lane("shop", "cache");
    backup.put(cache, R"(["a"])", "x", R"({"id":"x","pk":"a"})", at(10));
    backup.exact(cache, at(10), at(100));
    auto& people = backup.lane("crm", "people");
    backup.put(people, R"(["a"])", "1", R"({"id":"1","pk":"a","v":1})", at(25));
    backup.put(people, R"(["a"])", "2", R"({"id":"2","pk":"a"})", at(25));
    backup.synced(people, at(30));
    backup.put(people, R"(["a"])", "1", R"({"id":"1","pk":"a","v":2})", at(45));
    backup.remove(people, R"(["a"])", "2", at(80), at(60));
    backup.synced(people, at(95));
  }

  static Selection of(std::vector<std::string> include) {
    Selection selection;
    selection.include = std::move(include);
    return selection;
  }
  // shop/keys, with keys of two values until 50 and of one from 51 on; shop/hier has those of two values throughout.
  void make_again_with_other_keys() {
    hierarchical("keys");
    hierarchical("hier");
    backup.undefine(repo::DefinitionKind::container, "shop", "", "keys", at(50));
    auto& first = backup.lane("shop", "keys", R"(["/a","/b"])");
    backup.put(first, R"(["x","y"])", "1", R"({"id":"1","a":"x","b":"y"})", at(5));
    backup.exact(first, at(10), at(50));
    backup.container("shop", "keys", at(51), "", "with other keys");
    backup.definitions_known(at(0), at(100));
    auto& second = backup.lane("shop", "keys");
    backup.put(second, R"(["x"])", "2", R"({"id":"2","pk":"x"})", at(55));
    backup.exact(second, at(55), at(100));
    auto& other = backup.lane("shop", "hier", R"(["/a","/b"])");
    backup.put(other, R"(["x","y"])", "1", R"({"id":"1","a":"x","b":"y"})", at(5));
    backup.exact(other, at(10), at(100));
  }
  void hierarchical(const std::string& name) {
    const std::string text = R"({"id":")" + name + R"(","partitionKey":{"paths":["/a","/b"],"kind":"MultiHash"}})";
    backup.define(repo::DefinitionKind::container, "shop", "", name, text, at(0));
  }
  static Selection of_key(std::vector<std::string> include, std::string key) {
    Selection selection = of(std::move(include));
    selection.partition_key = std::move(key);
    return selection;
  }
  Result<DiffReport> moments(Second from, const Moment& until, const Selection& selection) {
    return diff_moments(backup.repository(), Moment::of(from), until, selection, progress, {});
  }

  HandMadeBackup backup;
  DiffProgress progress;
};

TEST_F(DiffTest, CountsAndListsWhatIsDifferent) {
  EXPECT_THAT(lines(moments(at(15), Moment::of(at(70)), of({"shop/orders"}))),
              UnorderedElementsAre("shop/orders +1 -1 ~1 =198 trigger t changed", R"(changed shop/orders ["k2"] 2)",
                                   R"(removed shop/orders ["k4"] 4)", R"(added shop/orders ["k2"] 1)"));
  EXPECT_THAT(lines(moments(at(41), Moment::of(at(42)), of({"shop/orders"}))), IsEmpty());
  // The later may be given first: what was added was removed then.
  EXPECT_THAT(lines(moments(at(70), Moment::of(at(55)), of({"shop/orders"}))),
              ElementsAre("shop/orders +0 -1 ~0 =199 trigger t changed", R"(removed shop/orders ["k2"] 1)"));
}

TEST_F(DiffTest, WhatHadExpiredIsRemoved) {
  EXPECT_THAT(lines(moments(at(20), Moment::of(at(75)), of({"shop/cache"}))),
              ElementsAre("shop/cache +0 -1 ~0 =0", R"(removed shop/cache ["a"] x)"));
}

TEST_F(DiffTest, ContainersComeGoAndAreMadeAgain) {
  EXPECT_THAT(lines(moments(at(20), Moment::newest(), of({"shop/late", "shop/again"}))),
              UnorderedElementsAre("shop/again +1 -1 ~0 =1 made again container again changed",
                                   "shop/late +1 -0 ~0 =0 new", R"(removed shop/again ["a"] 2)",
                                   R"(added shop/again ["a"] 3)", R"(added shop/late ["a"] 1)"));
  EXPECT_THAT(lines(moments(at(70), Moment::of(at(20)), of({"shop/late"}))),
              ElementsAre("shop/late +0 -1 ~0 =0 gone", R"(removed shop/late ["a"] 1)"));
  EXPECT_EQ(moments(at(20), Moment::newest(), of({"shop/nothing"})).error().code, Code::not_found);
}

TEST_F(DiffTest, MomentsOutsideCoverageAreRefused) {
  const auto refused = moments(at(5), Moment::of(at(70)), of({"shop/orders"}));
  EXPECT_EQ(refused.error().code, Code::outside_coverage);
  EXPECT_THAT(refused.error().hint, HasSubstr(format_rfc3339(at(10))));
  backup.definitions_known(at(0), at(300));
  const auto unknown = moments(at(15), Moment::of(at(400)), of({"shop/orders"}));
  EXPECT_EQ(unknown.error().hint, "nearest moments that can be restored: " + format_rfc3339(at(99)));
  EXPECT_EQ(moments(at(15), Moment::of(at(200)), of({"shop/orders"})).error().code, Code::outside_coverage);
  EXPECT_EQ(moments(at(30), Moment::of(at(50)), of({"crm"})).error().code, Code::outside_coverage);
}

TEST_F(DiffTest, SyncPointsAreComparedByTheirCuts) {
  EXPECT_THAT(
      lines(moments(at(30), Moment::of(at(95)), of({"crm"}))),
      UnorderedElementsAre("crm/people +0 -1 ~1 =0", R"(changed crm/people ["a"] 1)", R"(removed crm/people ["a"] 2)"));
}

TEST_F(DiffTest, OnePartitionKeyAlone) {
  Selection selection = of({"shop/orders"});
  selection.partition_key = R"(["k2"])";
  EXPECT_THAT(lines(moments(at(15), Moment::of(at(70)), selection)),
              UnorderedElementsAre("shop/orders +1 -0 ~1 =28", R"(changed shop/orders ["k2"] 2)",
                                   R"(added shop/orders ["k2"] 1)"));
}

TEST_F(DiffTest, AContainerOfOtherKeysHasNoDocumentsOfTheSelectedOne) {
  make_again_with_other_keys();
  const std::string two = R"(["x","y"])";
  for (const auto& include : {std::vector<std::string>{"shop/keys"}, {"shop/keys", "shop/hier"}, {"shop"}, {}}) {
    EXPECT_THAT(lines(moments(at(20), Moment::of(at(70)), of_key(include, two))),
                ElementsAre("shop/keys +0 -1 ~0 =0 made again", R"(removed shop/keys ["x","y"] 1)"));
    EXPECT_THAT(lines(moments(at(70), Moment::of(at(20)), of_key(include, two))),
                ElementsAre("shop/keys +1 -0 ~0 =0 made again", R"(added shop/keys ["x","y"] 1)"));
  }
  EXPECT_THAT(
      lines(moments(at(20), Moment::of(at(70)), of_key({"shop/keys"}, R"(["x"])"))),
      ElementsAre("shop/keys +1 -1 ~0 =0 made again", R"(removed shop/keys ["x","y"] 1)", R"(added shop/keys ["x"] 2)"))
      << "the keys of two values that begin so are selected, too";
}

TEST_F(DiffTest, AKeyThatOneOfTheNamedContainersCanHaveIsEnough) {
  make_again_with_other_keys();
  const auto report = moments(at(20), Moment::of(at(70)), of_key({"shop/orders", "shop/hier"}, R"(["x","y"])"));
  EXPECT_THAT(lines(report), IsEmpty());
  EXPECT_EQ(report->containers.size(), 1U);
  const auto refused = moments(at(20), Moment::of(at(70)), of_key({"shop/orders", "crm"}, R"(["x","y"])"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::invalid_argument);
}

TEST_F(DiffTest, EachOfTheNamesIsThereAtOneOfTheMoments) {
  backup.container("shop", "early", at(0));
  auto& early = backup.lane("shop", "early");
  backup.put(early, R"(["a"])", "1", R"({"id":"1","pk":"a"})", at(5));
  backup.exact(early, at(10), at(50));
  backup.undefine(repo::DefinitionKind::container, "shop", "", "early", at(50));
  backup.definitions_known(at(0), at(100));
  EXPECT_THAT(lines(moments(at(20), Moment::of(at(70)), of({"shop/early", "shop/late"}))),
              UnorderedElementsAre("shop/early +0 -1 ~0 =0 gone", R"(removed shop/early ["a"] 1)",
                                   "shop/late +1 -0 ~0 =0 new", R"(added shop/late ["a"] 1)"));
  const auto refused = moments(at(20), Moment::of(at(70)), of({"shop/early", "shop/late", "shop/typo"}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::not_found);
  EXPECT_THAT(refused.error().message, HasSubstr("shop/typo"));
}

TEST_F(DiffTest, DatabasesAreComparedWithWhatBelongsToThem) {
  using repo::DefinitionKind;
  const auto define = [&](DefinitionKind kind, const char* parent, const char* id, const char* text, Second time) {
    backup.define(kind, "shop", parent, id, text, time);
  };
  define(DefinitionKind::offer, "", "offer", R"({"id":"x","content":{"offerThroughput":400},"_ts":1})", at(0));
  define(DefinitionKind::offer, "", "offer", R"({"id":"x","content":{"offerThroughput":800},"_ts":2})", at(60));
  define(DefinitionKind::offer, "orders", "offer", R"({"id":"y","content":{"offerThroughput":500},"_ts":1})", at(0));
  define(DefinitionKind::offer, "orders", "offer", R"({"id":"z","content":{"offerThroughput":500},"_ts":2})", at(60));
  define(DefinitionKind::offer, "cache", "offer",
         R"({"content":{"offerThroughput":100,"offerAutopilotSettings":{"maxThroughput":1000}}})", at(60));
  define(DefinitionKind::user, "", "ada", R"({"id":"ada","_ts":1})", at(0));
  define(DefinitionKind::user, "", "ada", R"({"id":"ada","_ts":2})", at(60));
  define(DefinitionKind::user, "", "bob", R"({"id":"bob"})", at(60));
  define(DefinitionKind::permission, "ada", "p", R"({"id":"p","permissionMode":"Read","_ts":1})", at(0));
  define(DefinitionKind::permission, "ada", "p", R"({"id":"p","permissionMode":"All","_ts":2})", at(60));
  backup.database("old", at(0));
  backup.undefine(DefinitionKind::database, "", "", "old", at(60));
  backup.database("new", at(60));
  backup.definitions_known(at(0), at(100));
  const auto report = moments(at(20), Moment::of(at(70)), of({"shop", "o*d", "new"}));
  EXPECT_THAT(database_lines(report), ElementsAre("new new", "old gone", "shop permission ada/p changed",
                                                  "shop offer offer changed", "shop user bob added"));
  EXPECT_THAT(lines(report), ::testing::Contains("shop/cache +0 -1 ~0 =0 offer offer added"));
  EXPECT_THAT(lines(report), ::testing::Not(::testing::Contains(HasSubstr("shop/orders offer"))));
  EXPECT_TRUE(moments(at(20), Moment::of(at(70)), of({"o*d"}))->differs()) << "without a container in it";
  EXPECT_THAT(moments(at(20), Moment::of(at(70)), of({"shop/orders"}))->databases, IsEmpty());
  EXPECT_FALSE(moments(at(62), Moment::of(at(64)), of({"new"}))->differs());
}

// Backups took in shop/orders and shop/cache alone until 50, and everything from then on.
TEST_F(DiffTest, WhatBackupsLeftOutByThenIsNotCalledAdded) {
  backup.takes_in({{"shop/orders", "shop/cache"}, {}}, at(0));
  backup.definitions_known(at(0), at(100));
  backup.takes_in({}, at(50));
  backup.database("other", at(60));
  backup.definitions_known(at(0), at(100));
  for (const bool turned : {false, true}) {
    const Second from = at(turned ? 70 : 20);
    const auto report = moments(from, Moment::of(at(turned ? 20 : 70)), of({"shop/late", "shop/orders", "other"}));
    ASSERT_TRUE(report) << report.error().to_string();
    ASSERT_EQ(report->containers.size(), 1U);
    EXPECT_EQ(report->containers[0].container, "shop/orders");
    EXPECT_THAT(database_lines(report), IsEmpty());
    EXPECT_THAT(report->notes, ::testing::Contains(HasSubstr("shop/late, other: not compared, for backups")));
  }
  const auto refused = moments(at(20), Moment::of(at(70)), of({"shop/late"}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::outside_coverage);
  EXPECT_THAT(lines(moments(at(55), Moment::of(at(70)), of({"shop/late"}))),
              ElementsAre("shop/late +1 -0 ~0 =0 new", R"(added shop/late ["a"] 1)"));
}

// The account as it is, against the moment 70 of the backup.
class LiveDiffTest : public DiffTest {
 protected:
  LiveDiffTest() : account_(runtime_, options()), transport_(account_) {
    cosmos::ClientOptions client_options;
    client_options.endpoint = "http://live.test/";
    client_options.key = std::string(cosmos::kEmulatorKey);
    auto client = cosmos::Client::create(runtime_, transport_, client_options);
    EXPECT_TRUE(client) << client.error().to_string();
    client_ = std::move(*client);
    EXPECT_TRUE(account_.engine().create_database("shop"));
    EXPECT_TRUE(account_.engine().create_container(
        "shop", R"({"id":"orders","partitionKey":{"paths":["/pk"],"kind":"Hash","version":2}})"));
    for (int i = 0; i < 200; ++i) {
      if (i == 4) continue;
      const std::string n = i == 2 ? "2" : "1";
      put(std::to_string(i), "k" + std::to_string(i % 7), R"(,"n":)" + n);
    }
    put("1", "k2", "");
  }
  static server::AccountOptions options() {
    server::AccountOptions options;
    options.account_id = HandMadeBackup::kAccount;
    options.partitions = 3;
    return options;
  }
  void put(const std::string& id, const std::string& key, const std::string& more) {
    const std::string body = R"({"id":")" + id + R"(","pk":")" + key + "\"" + more + "}";
    ASSERT_TRUE(account_.engine().upsert("shop", "orders", body));
  }
  Result<DiffReport> live(const Selection& selection, std::uint64_t group = 1'000'000) {
    LiveDiffOptions live_options;
    live_options.group_documents = group;
    return diff_live(backup.repository(), Moment::of(at(70)), *client_, selection, live_options, progress, {});
  }
  void change() {
    put("10", "k3", R"(,"n":7)");
    put("new", "k3", "");
    ASSERT_TRUE(account_.engine().remove_document("shop", "orders", R"(["k4"])", "11"));
  }
  // What change() and the container being another one make.
  static ::testing::Matcher<std::vector<std::string>> changes() {
    return UnorderedElementsAre(HasSubstr("shop/orders +1 -1 ~1 =198 made again"), R"(changed shop/orders ["k3"] 10)",
                                R"(added shop/orders ["k3"] new)", R"(removed shop/orders ["k4"] 11)");
  }

  halley::testing::VirtualRuntime runtime_{at(1000)};
  server::Account account_;
  halley::testing::DirectTransport transport_;
  std::unique_ptr<cosmos::Client> client_;
};

TEST_F(LiveDiffTest, DocumentsThatMeanTheSameAreEqual) {
  const auto report = live(of({"shop/orders"}));
  EXPECT_THAT(lines(report), ElementsAre(HasSubstr("shop/orders +0 -0 ~0 =200 made again")));
}

TEST_F(LiveDiffTest, ContainersOfAnotherAccountAreNotCalledMadeAgain) {
  transport_.after = [](const http::Request& request, http::Response response) -> Result<http::Response> {
    const std::size_t id = response.body.find(HandMadeBackup::kAccount);
    if (request.url.ends_with(".test/") && id != std::string::npos) {
      response.body.replace(id, HandMadeBackup::kAccount.size(), "another");
    }
    return response;
  };
  const auto report = live(of({"shop/orders"}));
  ASSERT_TRUE(report);
  EXPECT_FALSE(report->containers.front().made_again);
  EXPECT_THAT(report->notes, ::testing::Contains(HasSubstr("compared with account another")));
}

TEST_F(LiveDiffTest, AnAccountOfTheSameIdElsewhereIsAnother) {
  const auto located = [&](const std::string& address) {
    backup.define(repo::DefinitionKind::account, "", "", "account",
                  R"({"id":"a","writableLocations":[{"name":"x","databaseAccountEndpoint":")" + address + "\"}]}",
                  at(30));
    backup.definitions_known(at(0), at(100));
    auto report = live(of({"shop/orders"}));
    EXPECT_TRUE(report);
    return report;
  };
  const auto elsewhere = located("http://elsewhere.test/");
  EXPECT_FALSE(elsewhere->containers.front().made_again);
  EXPECT_THAT(elsewhere->notes, ::testing::Contains(HasSubstr("another account of the id")));
  const json::Value record = client_->read_account({}).value().value;
  const std::string here = record.find("writableLocations")->items()[0].string_at("databaseAccountEndpoint");
  EXPECT_TRUE(located(here)->containers.front().made_again);
}

TEST_F(LiveDiffTest, CountsAndListsWhatIsDifferent) {
  change();
  EXPECT_THAT(lines(live(of({"shop/orders"}))), changes());
}

TEST_F(LiveDiffTest, AContainerThatDoesNotFitInMemoryIsComparedInGroups) {
  change();
  for (const std::uint64_t group : {1U, 2U, 50U, 199U, 200U}) {
    EXPECT_THAT(lines(live(of({"shop/orders"}), group)), changes()) << group;
  }
}

TEST_F(LiveDiffTest, ASplitMeanwhileBeginsTheContainerAnew) {
  change();
  int pages = 0;
  transport_.before = [&](const http::Request& request) -> std::optional<Result<http::Response>> {
    if (request.method != "GET" || !request.url.ends_with("/docs") || ++pages != 3) return std::nullopt;
    http::Response gone;
    gone.status = 410;
    gone.headers.add("x-ms-substatus", "1002");
    gone.headers.add("Date", "Sun, 22 Nov 2026 12:01:37 GMT");
    return gone;
  };
  EXPECT_THAT(lines(live(of({"shop/orders"}))), changes());
  EXPECT_GT(pages, 5);
}

TEST_F(LiveDiffTest, ContainersAndScriptsOfOneSideAlone) {
  ASSERT_TRUE(account_.engine().create_container(
      "shop", R"({"id":"fresh","partitionKey":{"paths":["/pk"],"kind":"Hash","version":2}})"));
  const auto report = live(of({"shop"}));
  const auto found = lines(report);
  EXPECT_THAT(found, ::testing::Contains("shop/fresh +0 -0 ~0 =0 new"));
  EXPECT_THAT(found, ::testing::Contains("shop/late +0 -1 ~0 =0 gone"));
  EXPECT_THAT(found, ::testing::Contains(HasSubstr("trigger t removed")));
  EXPECT_EQ(live(of({"shop/nothing"})).error().code, Code::not_found);
}

TEST_F(LiveDiffTest, AMisspeltNameBesideOthersIsTold) {
  ASSERT_TRUE(account_.engine().create_container(
      "shop", R"({"id":"fresh","partitionKey":{"paths":["/pk"],"kind":"Hash","version":2}})"));
  EXPECT_TRUE(live(of({"shop/late", "shop/fresh"}))) << "one is there at the moment, the other one now";
  const auto refused = live(of({"shop/orders", "shop/typo"}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::not_found);
  EXPECT_THAT(refused.error().message, HasSubstr("shop/typo"));
}

TEST_F(LiveDiffTest, AContainerOfOtherKeysHasNoDocumentsOfTheSelectedOne) {
  make_again_with_other_keys();
  for (const char* name : {"hier", "keys"}) {
    const bool was_hierarchical = name == std::string("hier");
    const std::string now = was_hierarchical ? R"(["/pk"],"kind":"Hash")" : R"(["/a","/b"],"kind":"MultiHash")";
    ASSERT_TRUE(account_.engine().create_container(
        "shop", R"({"id":")" + std::string(name) + R"(","partitionKey":{"paths":)" + now + R"(,"version":2}})"));
  }
  ASSERT_TRUE(account_.engine().upsert("shop", "keys", R"({"id":"3","a":"x","b":"y"})"));
  EXPECT_THAT(lines(live(of_key({"shop/hier", "shop/keys"}, R"(["x","y"])"))),
              UnorderedElementsAre("shop/hier +0 -1 ~0 =0 made again", R"(removed shop/hier ["x","y"] 1)",
                                   "shop/keys +1 -0 ~0 =0 made again", R"(added shop/keys ["x","y"] 3)"));
  EXPECT_THAT(lines(live(of_key({"shop/orders", "shop/keys"}, R"(["x","y"])"))), ::testing::SizeIs(2));
  EXPECT_EQ(live(of_key({"shop/orders"}, R"(["x","y"])")).error().code, Code::invalid_argument);
}

TEST_F(LiveDiffTest, WhatBelongsToDatabasesIsComparedAsItIsNow) {
  using repo::DefinitionKind;
  backup.define(DefinitionKind::user, "shop", "", "ada", R"({"id":"ada","_ts":1})", at(0));
  backup.define(DefinitionKind::user, "shop", "", "bob", R"({"id":"bob"})", at(0));
  const std::string by_rid = "dbs/rid---shop/colls/rid-shop--orders";
  backup.define(DefinitionKind::permission, "shop", "ada", "p",
                R"({"id":"p","permissionMode":"Read","resource":")" + by_rid + "\"}", at(0));
  backup.container("shop", "priced", at(0));
  backup.define(DefinitionKind::offer, "shop", "priced", "offer", R"({"content":{"offerThroughput":700}})", at(0));
  backup.definitions_known(at(0), at(100));
  auto& priced = backup.lane("shop", "priced");
  backup.exact(priced, at(10), at(100));
  ASSERT_TRUE(client_->put_user("shop", R"({"id":"ada"})", {}));
  const auto put_permission = [&](const std::string& mode) {
    const std::string named = R"({"id":"p","permissionMode":")" + mode + R"(","resource":"dbs/shop/colls/orders"})";
    ASSERT_TRUE(client_->put_permission("shop", "ada", named, {}));
  };
  put_permission("Read");
  http::Headers throughput;
  throughput.add("x-ms-offer-throughput", "800");
  ASSERT_TRUE(client_->create_container(
      "shop", R"({"id":"priced","partitionKey":{"paths":["/pk"],"kind":"Hash","version":2}})", throughput, {}));
  const auto report = live(of({"shop"}));
  EXPECT_THAT(database_lines(report), ElementsAre("shop made again", "shop user bob removed"));
  EXPECT_THAT(lines(report), ::testing::Contains(HasSubstr("offer offer changed")));
  put_permission("All");
  EXPECT_THAT(database_lines(live(of({"shop"}))), ::testing::Contains("shop permission ada/p changed"));

  transport_.before = [](const http::Request& request) -> std::optional<Result<http::Response>> {
    if (!request.url.ends_with("/offers") && !request.url.ends_with("/users")) return std::nullopt;
    http::Response refusal;
    refusal.status = 403;
    refusal.headers.add("Date", "Sun, 22 Nov 2026 12:01:37 GMT");
    return refusal;
  };
  const auto refused = live(of({"shop"}));
  EXPECT_THAT(database_lines(refused), ElementsAre("shop made again"));
  EXPECT_THAT(lines(refused), ::testing::Not(::testing::Contains(HasSubstr("offer"))));
  EXPECT_THAT(refused->notes, ::testing::IsSupersetOf({HasSubstr("throughput is not compared: "),
                                                       HasSubstr("users and permissions of shop are not compared: ")}));
}

TEST_F(LiveDiffTest, WhatBackupsLeaveOutIsNotCalledAdded) {
  backup.takes_in({{"shop/orders"}, {}}, at(0));
  backup.definitions_known(at(0), at(100));
  const std::string key = R"(","partitionKey":{"paths":["/pk"],"kind":"Hash","version":2}})";
  for (const char* database : {"bare", "other"}) ASSERT_TRUE(account_.engine().create_database(database));
  ASSERT_TRUE(account_.engine().create_container("shop", R"({"id":"fresh)" + key));
  ASSERT_TRUE(account_.engine().create_container("other", R"({"id":"c)" + key));
  const auto report = live(of({"shop/orders", "shop/fresh", "other", "bare"}));
  EXPECT_THAT(lines(report), ElementsAre(HasSubstr("shop/orders +0 -0 ~0 =200")));
  EXPECT_THAT(database_lines(report), IsEmpty());
  EXPECT_THAT(report->notes, ::testing::Contains(HasSubstr("other/c, shop/fresh, bare: not compared, for backups")));
  const auto refused = live(of({"shop/fresh"}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::outside_coverage);
  EXPECT_THAT(refused.error().message, HasSubstr("--include 'shop/orders'"));
}

}  // namespace
}  // namespace halley::recovery
