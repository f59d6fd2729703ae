// What a continuous backup restores from: the history of databases and containers, and how they come back.
#include "server/resource_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/engine.h"

namespace halley::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kOrders = R"({"id":"orders","partitionKey":{"paths":["/pk"]},"defaultTtl":100})";
constexpr Second kCreated{1'700'000'000};

class ResourceHistoryTest : public ::testing::Test {
 protected:
  ResourceHistoryTest() {
    for (Engine* each : {&engine_, &other_}) each->stamps().clock().freeze(kCreated);
    EXPECT_TRUE(engine_.create_database("store"));
    EXPECT_TRUE(engine_.create_container("store", kOrders));
  }

  void pass(std::int64_t seconds) { engine_.stamps().clock().advance(seconds); }
  Second now() { return engine_.stamps().now(); }
  void put(const std::string& body) { ASSERT_TRUE(engine_.upsert("store", "orders", body)); }

  std::vector<std::string> names_at(Second moment) {
    std::vector<std::string> names;
    for (const PastDatabase& database : history_->at(moment)) {
      names.push_back(database.version.id);
      for (const auto& container : database.containers) names.push_back(database.version.id + "/" + container.id);
    }
    return names;
  }
  ResourceVersion orders_at(Second moment) { return history_->at(moment).at(0).containers.at(0); }
  static std::vector<std::string> texts(Container& container) {
    std::vector<std::string> texts;
    for (const DocumentPtr& document : container.live_documents()) texts.push_back(document->text);
    return texts;
  }

  std::shared_ptr<ResourceHistory> history_ = std::make_shared<ResourceHistory>();
  Engine engine_{real_runtime(), EngineOptions{2, {}, nullptr, history_}};
  std::shared_ptr<ResourceHistory> others_history_ = std::make_shared<ResourceHistory>();
  Engine other_{real_runtime(), EngineOptions{1, {}, nullptr, others_history_}};
};

TEST_F(ResourceHistoryTest, ForgetsWhatNoLaterMomentHas) {
  std::weak_ptr<Container> first = history_->versions().back().container;
  for (int changes = 0; changes < 3; ++changes) {
    pass(10);
    ASSERT_TRUE(engine_.replace({"dbs", "store", "colls", "orders"}, *json::parse(kOrders)));
  }
  pass(10);
  ASSERT_TRUE(engine_.remove({"dbs", "store"}));
  pass(10);
  ASSERT_TRUE(engine_.create_database("store"));
  ASSERT_TRUE(engine_.create_container("store", kOrders));
  const auto name_all = [&] {
    std::vector<std::vector<std::string>> named;
    for (Second at = kCreated + 25; at <= now(); at = at + 5) named.push_back(names_at(at));
    return named;
  };
  const auto before = name_all();
  const auto numbers = [&] {
    std::vector<std::size_t> found;
    for (const ResourceVersion& each : history_->versions()) found.push_back(each.number);
    return found;
  };
  EXPECT_THAT(numbers(), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
  history_->forget_before(kCreated - 1);
  EXPECT_EQ(numbers().size(), 8U);
  history_->forget_before(kCreated + 25);
  EXPECT_THAT(numbers(), ElementsAre(0, 3, 4, 5, 6, 7)) << "the database, and the container as it last was by then";
  EXPECT_EQ(name_all(), before);
  history_->forget_before(kCreated + 39);
  EXPECT_FALSE(first.expired());
  history_->forget_before(kCreated + 40);
  EXPECT_THAT(numbers(), ElementsAre(6, 7)) << "the container went with its database";
  EXPECT_TRUE(first.expired());
  history_->forget_before(kCreated + 1000);
  EXPECT_THAT(names_at(now()), ElementsAre("store", "store/orders"));
}

TEST_F(ResourceHistoryTest, ForgetsNothingThatAClockSetBackMadeLater) {
  pass(-10);
  ASSERT_TRUE(engine_.remove({"dbs", "store", "colls", "orders"}));
  history_->forget_before(kCreated - 5);
  EXPECT_EQ(history_->versions().size(), 3U);
}

TEST_F(ResourceHistoryTest, KnowsWhatThereWasAtEachMoment) {
  pass(10);
  ASSERT_TRUE(engine_.remove({"dbs", "store", "colls", "orders"}));
  pass(10);
  ASSERT_TRUE(engine_.remove({"dbs", "store"}));
  EXPECT_THAT(names_at(kCreated - 1), ElementsAre());
  EXPECT_THAT(names_at(kCreated + 9), ElementsAre("store", "store/orders"));
  EXPECT_THAT(names_at(kCreated + 10), ElementsAre("store"));
  EXPECT_THAT(names_at(kCreated + 20), ElementsAre());
  std::vector<ResourceChange> changes;
  for (const ResourceVersion& version : history_->versions()) changes.push_back(version.change);
  EXPECT_THAT(changes, ElementsAre(ResourceChange::create, ResourceChange::create, ResourceChange::remove,
                                   ResourceChange::remove));
}

TEST_F(ResourceHistoryTest, ADefinitionIsAsItWas) {
  pass(10);
  auto definition = *json::parse(kOrders);
  definition.set("defaultTtl", json::Value::integer(7));
  ASSERT_TRUE(engine_.replace({"dbs", "store", "colls", "orders"}, definition));
  EXPECT_THAT(*orders_at(kCreated + 9).text, HasSubstr(R"("defaultTtl":100)"));
  EXPECT_THAT(*orders_at(kCreated + 10).text, HasSubstr(R"("defaultTtl":7)"));
}

TEST_F(ResourceHistoryTest, ADeletedContainerComesBackWithItsDocumentsAndWithoutItsScripts) {
  put(R"({"id":"1","pk":"a","n":1})");
  const auto rid = engine_.find({"dbs", "store", "colls", "orders"})->rid;
  ASSERT_TRUE(engine_.create({"dbs", "store", "colls", "orders"}, ResourceKind::sproc,
                             *json::parse(R"({"id":"s","body":"function () {}"})")));
  const auto before = texts(**engine_.container("store", "orders"));
  const Second then = now();
  pass(1);
  put(R"({"id":"1","pk":"a","n":2})");
  put(R"({"id":"2","pk":"b"})");
  ASSERT_TRUE(engine_.remove({"dbs", "store", "colls", "orders"}));
  pass(1);
  const auto restored = engine_.restore_container(orders_at(then), {then});
  ASSERT_TRUE(restored) << restored.error().message;
  EXPECT_EQ(restored->rid, rid);
  EXPECT_EQ(texts(*restored->container), before);
  EXPECT_TRUE(engine_.list({"dbs", "store", "colls", "orders"}, ResourceKind::sproc)->texts.empty());
  EXPECT_EQ(engine_.list({}, ResourceKind::offer)->texts.size(), 1U);
  EXPECT_EQ(engine_.restore_container(orders_at(then), {then}).error().status, 409);
  // What it was before it was deleted can still be had, and what it becomes.
  put(R"({"id":"3","pk":"c"})");
  EXPECT_EQ(texts(*orders_at(then).container->as_of(then + 1, {}, engine_.stamps(), {})).size(), 2U);
  EXPECT_EQ(texts(*orders_at(now()).container).size(), 2U);
}

TEST_F(ResourceHistoryTest, AnotherAccountTakesItAndCountsOn) {
  put(R"({"id":"1","pk":"a"})");
  other_.count_on_from(engine_);
  const PastDatabase past = history_->at(now()).at(0);
  EXPECT_EQ(other_.restore_container(past.containers[0], {now()}).error().status, 404) << "its database first";
  ASSERT_TRUE(other_.restore_database(past.version));
  ASSERT_TRUE(other_.restore_container(past.containers[0], {now()}));
  EXPECT_EQ(texts(**other_.container("store", "orders")), texts(**engine_.container("store", "orders")));
  ASSERT_TRUE(other_.upsert("store", "orders", R"({"id":"2","pk":"a"})"));
  EXPECT_EQ(texts(**other_.container("store", "orders")).size(), 2U);
  EXPECT_EQ(texts(**engine_.container("store", "orders")).size(), 1U);
  EXPECT_EQ(others_history_->versions().size(), 2U);
}

TEST_F(ResourceHistoryTest, WhatHadExpiredStaysAwayAndNothingExpiresUnlessAsked) {
  put(R"({"id":"early","pk":"a"})");
  pass(60);
  put(R"({"id":"late","pk":"a"})");
  pass(50);
  const Second then = now();  // "early" expired ten seconds ago
  ASSERT_TRUE(engine_.remove({"dbs", "store", "colls", "orders"}));
  pass(1000);
  const auto kept = engine_.restore_container(orders_at(then - 1), {then - 1, false});
  ASSERT_TRUE(kept);
  EXPECT_THAT(texts(*kept->container), ElementsAre(HasSubstr("late")));
  EXPECT_EQ(kept->text->find("defaultTtl"), std::string::npos);
  ASSERT_TRUE(engine_.remove({"dbs", "store", "colls", "orders"}));
  pass(1);
  const auto expired = engine_.restore_container(orders_at(then - 1), {then - 1, true});
  ASSERT_TRUE(expired);
  EXPECT_THAT(texts(*expired->container), ElementsAre());
}

}  // namespace
}  // namespace halley::server
