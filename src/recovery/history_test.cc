#include "recovery/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "recovery/document_key.h"
#include "recovery/get.h"
#include "recovery/hand_made_backup.h"

namespace halley::recovery {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// shop/orders was dropped and made again at 50 (exact), shop/cache lets documents go after 60 s, crm/people is in
// latest mode, shop/things is keyed by id.
class HistoryTest : public ::testing::Test {
 protected:
  HistoryTest() {
    backup.database("shop", at(0));
    backup.database("crm", at(0));
    backup.container("shop", "orders", at(0), "", "first");
    auto& old = backup.lane("shop", "orders");
    backup.put(old, R"(["a"])", "1", R"({"id":"1","pk":"a","v":1,"tags":["x"]})", at(5));
    backup.put(old, R"(["a"])", "1", R"({"id":"1","pk":"a","v":2.50,"tags":["x","y"]})", at(20));
    backup.put(old, R"(["a"])", "1", R"({"pk":"a","id":"1","v":2.5,"tags":["x","y"]})", at(22));
    backup.remove(old, R"(["a"])", "1", at(30));
    backup.put(old, R"(["a"])", "1", R"({"id":"1","pk":"a","v":9})", at(40));
    backup.put(old, R"(["b"])", "1", R"({"id":"1","pk":"b"})", at(20));
    backup.put(old, R"(["b"])", "only", R"({"id":"only","pk":"b"})", at(20));
    backup.exact(old, at(10), at(50));
    backup.undefine(DefinitionKind::container, "shop", "", "orders", at(50));
    backup.container("shop", "orders", at(55), "", "second");
    backup.container("shop", "cache", at(0), R"(,"defaultTtl":60)");
    backup.container("crm", "people", at(0));
    backup.container("shop", "things", at(0));
    backup.definitions_known(at(0), at(100));
    auto& orders = backup.lane("shop", "orders");
    backup.put(orders, R"(["a"])", "1", R"({"id":"1","pk":"a","v":10})", at(60));
    backup.exact(orders, at(60), at(100));
    auto& cache = backup.lane("shop", "cache");
    backup.put(cache, R"(["a"])", "x", R"({"id":"x","pk":"a"})", at(10));
    backup.exact(cache, at(20), at(90));
    auto& people = backup.lane("crm", "people");
    backup.put(people, R"(["a"])", "2", R"({"id":"2","pk":"a"})", at(25));
    backup.synced(people, at(30));
    backup.remove(people, R"(["a"])", "2", at(80), at(60));
    backup.synced(people, at(95));
    auto& things = backup.lane("shop", "things", R"(["/id"])");
    backup.put(things, R"(["t\"/?#%"])", "t\"/?#%", R"({"id":"t\"/?#%"})", at(25));
    backup.exact(things, at(30), at(90));
  }

  using DefinitionKind = repo::DefinitionKind;

  // One line for each version: when, what happened, of which incarnation, the difference.
  Result<std::vector<std::string>> lines(HistoryQuery query, std::size_t limit = 100) {
    std::vector<std::string> all;
    const auto each = [&](const HistoryEntry& entry) {
      std::string line = std::to_string(entry.time - at(0)) + " " + std::string(happening_name(entry.happening));
      if (entry.uncertain()) line += " after " + std::to_string(entry.since - at(0));
      line += " " + entry.incarnation->rid;
      if (!entry.changes.empty()) json::append_patch(line += ' ', entry.changes);
      all.push_back(line);
      return all.size() < limit;
    };
    ASSIGN(report_, document_history(backup.repository(), query, each, {}));
    return all;
  }

  HandMadeBackup backup;
  HistoryReport report_;
};

TEST_F(HistoryTest, TellsWhatEachVersionChanged) {
  const auto told = lines({"shop", "orders", "1", R"("a")", {}, {}});
  ASSERT_TRUE(told) << told.error().to_string();
  EXPECT_THAT(*told, ElementsAre("60 first second", "40 created first", "30 deleted first", "22 rewritten first",
                                 R"(20 changed first [{"op":"replace","path":"/v","value":2.50,"old":1},)"
                                 R"({"op":"add","path":"/tags/1","value":"y"}])",
                                 "5 first first"));
  EXPECT_EQ(report_.versions, 6U);
  EXPECT_EQ(report_.partition_key, R"(["a"])");
  EXPECT_FALSE(report_.gaps);
}

TEST_F(HistoryTest, IsBoundedByMomentsAndTheCaller) {
  const auto between = lines({"shop", "orders", "1", R"(["a"])", at(20), at(30)});
  ASSERT_TRUE(between);
  EXPECT_THAT(*between, ElementsAre(HasSubstr("30 deleted"), HasSubstr("22 rewritten"), HasSubstr("20 changed")));
  EXPECT_EQ(lines({"shop", "orders", "1", R"(["a"])", {}, {}}, 2)->size(), 2U);
  EXPECT_EQ(report_.versions, 2U);
  const auto nothing = lines({"shop", "orders", "1", R"(["a"])", at(45), at(50)});
  EXPECT_EQ(nothing.error().code, Code::not_found);
}

// Deleted at 45, and there again as it was at 15, as documents are once time to live is turned off.
TEST_F(HistoryTest, OneThatCameBackHidesNothingBehindIt) {
  auto& things = backup.lane("shop", "things", R"(["/id"])");
  backup.put(things, R"(["x"])", "x", R"({"id":"x"})", at(15));
  backup.remove(things, R"(["x"])", "x", at(45));
  backup.exact(things, at(30), at(50));
  backup.put(things, R"(["x"])", "x", R"({"id":"x"})", at(15));
  backup.exact(things, at(30), at(90));
  const HistoryQuery all{"shop", "things", "x", {}, {}, {}};
  EXPECT_THAT(*lines(all), ElementsAre(HasSubstr("15 created"), HasSubstr("45 deleted"), HasSubstr("15 first")));
  HistoryQuery later = all;
  later.from = at(40);
  const auto told = lines(later);
  ASSERT_TRUE(told) << told.error().to_string();
  EXPECT_THAT(*told, ElementsAre(HasSubstr("45 deleted")));
  EXPECT_EQ(report_.versions, 1U);
}

TEST_F(HistoryTest, WhatANewBaseReadsAgainIsNoVersion) {
  auto& orders = backup.lane("shop", "orders");
  for (const int base : {110, 130}) {
    backup.see_again(orders, R"(["a"])", "1", at(base));
    backup.exact(orders, at(60), at(base + 5));
  }
  backup.put(orders, R"(["a"])", "1", R"({"id":"1","pk":"a","v":10})", at(140));
  backup.put(orders, R"(["a"])", "1", R"({"id":"1","pk":"a","v":11})", at(141));
  backup.see_again(orders, R"(["a"])", "1", at(150));
  backup.exact(orders, at(60), at(160));
  HistoryQuery asked{"shop", "orders", "1", R"(["a"])", at(60), {}};
  const auto told = lines(asked);
  ASSERT_TRUE(told) << told.error().to_string();
  EXPECT_THAT(*told, ElementsAre(R"(141 changed second [{"op":"replace","path":"/v","value":11,"old":10}])",
                                 "140 rewritten second", "60 first second"));
  EXPECT_EQ(report_.versions, 3U);
  asked.from = at(100);
  asked.until = at(139);
  EXPECT_EQ(lines(asked).error().code, Code::not_found) << "nothing was written meanwhile";
}

TEST_F(HistoryTest, AnIdUnderSeveralKeysAsksForOne) {
  const auto told = lines({"shop", "orders", "1", {}, {}, {}});
  ASSERT_FALSE(told);
  EXPECT_EQ(told.error().code, Code::invalid_argument);
  EXPECT_THAT(told.error().hint, HasSubstr(R"(["a"]  ["b"])"));
  const auto single = lines({"shop", "orders", "only", {}, {}, {}});
  ASSERT_TRUE(single) << single.error().to_string();
  EXPECT_THAT(*single, ElementsAre("20 first first"));
  EXPECT_EQ(report_.partition_key, R"(["b"])");
  EXPECT_EQ(lines({"shop", "orders", "none", {}, {}, {}}).error().code, Code::not_found);
  EXPECT_EQ(lines({"shop", "nowhere", "1", {}, {}, {}}).error().code, Code::not_found);
  EXPECT_EQ(lines({"shop", "orders", "1", R"(["a",5])", {}, {}}).error().code, Code::invalid_argument);
}

TEST_F(HistoryTest, AKeyThatIsTheIdIsNotLookedFor) {
  const auto told = lines({"shop", "things", "t\"/?#%", {}, {}, {}});
  ASSERT_TRUE(told) << told.error().to_string();
  EXPECT_EQ(report_.partition_key, R"(["t\"/?#%"])");
}

TEST_F(HistoryTest, ADeleteThatReconciliationFoundIsASpan) {
  const auto told = lines({"crm", "people", "2", R"("a")", {}, {}});
  ASSERT_TRUE(told);
  EXPECT_THAT(*told, ElementsAre(HasSubstr("80 deleted after 60"), HasSubstr("25 first")));
  EXPECT_TRUE(report_.gaps);
}

TEST_F(HistoryTest, SaysThatTheNewestVersionHadExpired) {
  ASSERT_TRUE(lines({"shop", "cache", "x", R"("a")", {}, {}}));
  ASSERT_TRUE(report_.expired_by);
  EXPECT_EQ(*report_.expired_by, at(90));
}

TEST_F(HistoryTest, GetFindsTheKeyToo) {
  auto& repository = backup.repository();
  EXPECT_EQ(get_document(repository, Moment::of(at(25)), "shop", "orders", "only", {})->partition_key, R"(["b"])");
  EXPECT_THAT(get_document(repository, Moment::of(at(25)), "shop", "orders", "1", {}).error().hint,
              HasSubstr(R"(["a"]  ["b"])"));
  // By then one of the two was deleted.
  EXPECT_EQ(get_document(repository, Moment::of(at(35)), "shop", "orders", "1", {})->partition_key, R"(["b"])");
  EXPECT_EQ(get_document(repository, Moment::of(at(35)), "shop", "orders", "none", {}).error().code, Code::not_found);
}

TEST_F(HistoryTest, AKeyThatFollowsFromTheIdCountsWhereThereIsSuchADocument) {
  backup.undefine(DefinitionKind::container, "shop", "", "things", at(92));
  backup.container("shop", "things", at(93), "", "by pk");
  backup.definitions_known(at(0), at(200));
  auto& things = backup.lane("shop", "things");
  backup.put(things, R"(["tenant"])", "new", R"({"id":"new","pk":"tenant"})", at(95));
  backup.exact(things, at(94), at(200));
  const auto told = lines({"shop", "things", "new", {}, {}, {}});
  ASSERT_TRUE(told) << told.error().to_string() << " | " << told.error().hint;
  EXPECT_THAT(*told, ElementsAre("95 first by pk"));
  const auto before = lines({"shop", "things", "t\"/?#%", {}, {}, {}});
  ASSERT_TRUE(before) << before.error().to_string();
  EXPECT_THAT(*before, ElementsAre(HasSubstr("25 first")));
}

TEST(DocumentKey, FollowsFromTheIdWhereThatIsTheKey) {
  cosmos::PartitionKeyDefinition definition;
  definition.paths = {{"id"}};
  EXPECT_EQ(key_of_id(definition, "a\"b"), R"(["a\"b"])");
  definition.paths = {{"pk"}};
  EXPECT_EQ(key_of_id(definition, "a"), "");
  definition.paths = {{"id"}, {"pk"}};
  EXPECT_EQ(key_of_id(definition, "a"), "");
}

TEST_F(HistoryTest, SaysWhichBackupsAreLost) {
  backup.record_heads();
  const HistoryQuery asked{"shop", "orders", "1", R"(["a"])", {}, {}};
  ASSERT_EQ(lines(asked)->size(), 6U);
  EXPECT_TRUE(report_.losses.empty());
  backup.lose_commit(backup.lane("shop", "orders").id, 1);  // all of the container that was made again
  EXPECT_EQ(lines(asked)->size(), 5U);
  EXPECT_THAT(report_.losses, ElementsAre(HasSubstr("shop/orders: its backups are lost")));
  const auto perhaps = lines({"shop", "orders", "never-seen", R"(["a"])", {}, {}});
  EXPECT_EQ(perhaps.error().code, Code::corrupt) << "what is not there may be what was lost";

  backup.lose_commit(backup.lane("shop", "things").id, 1);
  const auto nothing_left = lines({"shop", "things", "t", {}, {}, {}});
  ASSERT_FALSE(nothing_left);
  EXPECT_EQ(nothing_left.error().code, Code::corrupt);
}

}  // namespace
}  // namespace halley::recovery
