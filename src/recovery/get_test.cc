// What is told of a container's lane where only the container, or one of its documents, is read.
#include "recovery/get.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "recovery/hand_made_backup.h"
#include "repo/object_names.h"

namespace halley::recovery {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// shop/orders in latest mode, with sync points at 30 and 60: that at 30 does not vouch for documents 2 and 3.
class GetTest : public ::testing::Test {
 protected:
  GetTest() {
    backup.database("shop", at(0));
    backup.container("shop", "orders", at(0));
    backup.definitions_known(at(0), at(100));
    for (const char* id : {"1", "2", "3"}) put(id, at(10));
    put("2", at(31));
    backup.synced(orders(), at(30));
    HandMadeBackup::remove(orders(), R"(["a"])", "3", at(40), at(20));
    backup.synced(orders(), at(60));
  }
  HandMadeBackup::Lane& orders() { return backup.lane("shop", "orders"); }
  void put(const std::string& id, Second time) {
    HandMadeBackup::put(orders(), R"(["a"])", id, R"({"id":")" + id + R"(","pk":"a"})", time);
  }
  void damage(const repo::LaneId& lane, std::uint64_t seq) {
    ASSERT_TRUE(backup.repository().store().put(repo::commit_name(lane, seq), "no commit"));
  }
  Result<FoundDocument> get(const std::string& id, Second moment) { return get(id, Moment::of(moment)); }
  Result<FoundDocument> get(const std::string& id, const Moment& moment) {
    return get_document(backup.repository(), moment, "shop", "orders", id, R"(["a"])");
  }

  HandMadeBackup backup;
};

// At a sync point, where every key is read for what is told of it.
TEST_F(GetTest, WhatIsLookedForCanBeStopped) {
  std::stop_source stop;
  stop.request_stop();
  const std::stop_token stopped = stop.get_token();
  repo::Repository& repository = backup.repository();
  const Moment moment = Moment::of(at(30));
  const auto key_given = get_document(repository, moment, "shop", "orders", "1", R"(["a"])", stopped);
  ASSERT_FALSE(key_given);
  EXPECT_EQ(key_given.error().code, Code::cancelled);
  const auto key_sought = get_document(repository, moment, "shop", "orders", "1", std::nullopt, stopped);
  ASSERT_FALSE(key_sought);
  EXPECT_EQ(key_sought.error().code, Code::cancelled);
  const auto planned = make_plan(repository, moment, {}, {.stop = stopped});
  ASSERT_FALSE(planned);
  EXPECT_EQ(planned.error().code, Code::cancelled);
  const auto approximate = make_plan(repository, Moment::of(at(45)), {}, {.approximate = true, .stop = stopped});
  ASSERT_FALSE(approximate);
  EXPECT_EQ(approximate.error().code, Code::cancelled);
}

TEST_F(GetTest, ADocumentThatMayNotHaveBeenSoIsNamed) {
  const auto sure = get("1", at(30));
  ASSERT_TRUE(sure) << sure.error().to_string();
  EXPECT_THAT(sure->notes, IsEmpty());
  const auto unsure = get("2", at(30));
  ASSERT_TRUE(unsure) << unsure.error().to_string();
  EXPECT_THAT(unsure->notes, ElementsAre(R"(shop/orders: may not be as it was: '2' of ["a"])"));
  EXPECT_THAT(get("2", at(60))->notes, IsEmpty());
}

TEST_F(GetTest, OneThatMayHaveBeenThereIsNamedInTheRefusal) {
  put("4", at(20));  // comes late: behind the cut of the sync point
  backup.synced(orders(), at(90));
  const auto unsure = get("4", at(30));
  ASSERT_FALSE(unsure);
  EXPECT_EQ(unsure.error().code, Code::not_found);
  EXPECT_EQ(unsure.error().hint, R"(shop/orders: may not be as it was: '4' of ["a"])");
  EXPECT_EQ(get("5", at(30)).error().hint, "");
}

TEST_F(GetTest, WithoutAKeyTheSameIsTold) {
  put("4", at(20));  // comes late: behind the cut of the sync point
  backup.synced(orders(), at(90));
  damage(orders().id, 4);
  const auto without_key = [&](const char* id) {
    return get_document(backup.repository(), Moment::of(at(30)), "shop", "orders", id, std::nullopt);
  };
  EXPECT_EQ(without_key("1")->notes, get("1", at(30))->notes);
  EXPECT_EQ(without_key("2")->notes, get("2", at(30))->notes);
  const auto refused = without_key("4");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::not_found);
  EXPECT_EQ(refused.error().hint, get("4", at(30)).error().hint);
  EXPECT_THAT(refused.error().hint, HasSubstr("its backups behind commit 3 are lost"));
  EXPECT_THAT(refused.error().hint, HasSubstr(R"(may not be as it was: '4' of ["a"])"));
}

TEST_F(GetTest, LostBackupsAreTold) {
  damage(orders().id, 3);
  const auto found = get("1", at(60));
  ASSERT_TRUE(found) << found.error().to_string();
  EXPECT_THAT(found->notes, ElementsAre(HasSubstr("shop/orders: its backups behind commit 2 are lost")));
}

TEST_F(GetTest, SoAreThoseOfTheDefinitions) {
  damage(repo::LaneId(repo::kAccountLane), 2);
  const auto found = get("1", at(60));
  ASSERT_TRUE(found) << found.error().to_string();
  EXPECT_THAT(found->notes, ElementsAre(HasSubstr("account's definitions are lost")));
}

TEST_F(GetTest, WhatLatestCantVouchForIsNamedWhereItIsASyncPoint) {
  put("1", at(61));
  backup.synced(orders(), at(60));  // once more in that second: the later one counts
  EXPECT_THAT(get("1", Moment::newest())->notes, IsEmpty()) << "latest is all that was captured";
  backup.begin_new_base(orders());
  const auto plan = make_plan(backup.repository(), Moment::newest(), {});
  ASSERT_TRUE(plan) << plan.error().to_string();
  EXPECT_EQ(plan->containers.at(0).at, at(60));
  EXPECT_THAT(plan->notes, ElementsAre(R"(shop/orders: may not be as it was: '1' of ["a"])"));
  EXPECT_EQ(get("1", Moment::newest())->notes, plan->notes);
  EXPECT_THAT(get("2", Moment::newest())->notes, IsEmpty());
}

TEST_F(GetTest, ThePlanOfAContainerTellsWhatARestoreTells) {
  damage(orders().id, 3);
  damage(repo::LaneId(repo::kAccountLane), 2);
  const auto planned = plan_container(backup.repository(), Moment::of(at(30)), "shop", "orders");
  ASSERT_TRUE(planned) << planned.error().to_string();
  const auto told = notes_of(backup.repository(), *planned);
  ASSERT_TRUE(told) << told.error().to_string();
  const std::vector<std::string>& notes = *told;
  const auto plan = make_plan(backup.repository(), Moment::of(at(30)), {});
  ASSERT_TRUE(plan) << plan.error().to_string();
  EXPECT_EQ(notes, plan->notes);
  EXPECT_THAT(notes, ElementsAre(HasSubstr("account's definitions are lost"),
                                 HasSubstr("shop/orders: its backups behind commit 2 are lost"), HasSubstr("'2' of"),
                                 HasSubstr("'3' of")));
  EXPECT_THAT(plan->losses, ElementsAre(notes[0], notes[1]));
}

}  // namespace
}  // namespace halley::recovery
