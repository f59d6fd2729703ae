#include "recovery/timeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "recovery/hand_made_backup.h"
#include "recovery/plan.h"
#include "recovery/verify.h"

namespace halley::recovery {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// shop/a is captured in [10, 100), nothing of shop/b is.
class TimelineTest : public ::testing::Test {
 protected:
  TimelineTest() {
    backup.database("shop", at(0));
    backup.container("shop", "a", at(0));
    backup.container("shop", "b", at(0));
  }
  void capture(const std::string& container, Second until) {
    auto& lane = backup.lane("shop", container);
    backup.put(lane, R"(["p"])", "1", R"({"id":"1","pk":"p"})", at(5));
    backup.exact(lane, at(10), until);
  }
  // "name" of each uncovered container, "name!" where a backup has missed it.
  std::vector<std::string> uncovered() {
    std::vector<std::string> names;
    const auto timeline = read_timeline(backup.repository());
    EXPECT_TRUE(timeline) << timeline.error().to_string();
    for (const auto& each : timeline->uncovered) names.push_back(each.name + (each.missed ? "!" : ""));
    return names;
  }
  std::optional<Second> restorable_until() { return read_timeline(backup.repository())->restorable_until; }

  HandMadeBackup backup;
};

TEST_F(TimelineTest, WhatABackupTookInAndDidNotCaptureIsMissed) {
  backup.definitions_known(at(0), at(90));  // at the beginning of a backup
  capture("a", at(100));
  EXPECT_THAT(uncovered(), ElementsAre("shop/b")) << "the backup may be under way";
  EXPECT_THAT(verify(backup.repository(), {})->missed, IsEmpty());
  backup.record_heads({"rid-shop--b"});
  backup.container("shop", "new", at(95));
  backup.definitions_known(at(0), at(100));  // at its end
  EXPECT_THAT(uncovered(), ElementsAre("shop/b!", "shop/new")) << "the new one is the next backup's";
  EXPECT_EQ(restorable_until(), std::nullopt);
  const auto report = verify(backup.repository(), {});
  EXPECT_THAT(report->missed, ElementsAre("shop/b"));
  EXPECT_TRUE(report->sound()) << "what was captured is";
  for (const int end : {110, 120, 130}) backup.definitions_known(at(0), at(end));
  EXPECT_THAT(uncovered(), ElementsAre("shop/b!", "shop/new")) << "backups that were killed miss nothing";
  capture("b", at(120));
  EXPECT_THAT(uncovered(), ElementsAre("shop/new")) << "what can be restored by now is not, whatever was said";
  EXPECT_THAT(verify(backup.repository(), {})->missed, IsEmpty());
}

// As backups with --no-wait do at first: documents are there, and no second of them is proven.
TEST_F(TimelineTest, WhatCanBeRestoredAsOfLatestIsNotMissed) {
  for (int commit = 0; commit < 3; ++commit) backup.definitions_known(at(0), at(100));
  for (const char* name : {"a", "b"}) {
    auto& lane = backup.lane("shop", name);
    backup.put(lane, R"(["p"])", "1", R"({"id":"1","pk":"p"})", at(5));
    backup.unproven(lane, at(50));
  }
  ASSERT_EQ(make_plan(backup.repository(), Moment::newest(), {})->containers.size(), 2U);
  EXPECT_THAT(uncovered(), ElementsAre("shop/a", "shop/b"));
}

TEST_F(TimelineTest, WhereNothingIsCapturedAllIsMissedOnceABackupHasEnded) {
  backup.definitions_known(at(0), at(100));
  EXPECT_THAT(uncovered(), ElementsAre("shop/a", "shop/b")) << "the first may be under way";
  backup.record_heads({"rid-shop--a", "rid-shop--b"});
  EXPECT_THAT(uncovered(), ElementsAre("shop/a!", "shop/b!"));
}

// As a repository has it whose backups were refused for a name that is not there.
TEST_F(TimelineTest, OfAPartThatIsNotThereNoSecondIsVouchedFor) {
  backup.takes_in({{"shop/typo"}, {}}, at(0));
  backup.definitions_known(at(0), at(100));
  capture("a", at(90));
  EXPECT_EQ(restorable_until(), std::nullopt);
}

TEST_F(TimelineTest, WhatBackupsLeaveOutDoesNotCount) {
  backup.takes_in({{"shop/a"}, {}}, at(0));
  for (int commit = 0; commit < 3; ++commit) backup.definitions_known(at(0), at(100));
  capture("a", at(90));
  EXPECT_THAT(uncovered(), IsEmpty());
  EXPECT_EQ(restorable_until(), at(89));
  const auto timeline = read_timeline(backup.repository());
  EXPECT_EQ(timeline->taken_in, (repo::TakenIn{{"shop/a"}, {}}));
  EXPECT_THAT(verify(backup.repository(), {})->notes, testing::Contains(HasSubstr("a part of the account: --include")));
  capture("b", at(50));
  EXPECT_EQ(restorable_until(), at(89)) << "captured before, and left out since";
}

TEST_F(TimelineTest, OfADroppedContainerWhatBackupsTakeInStandsInTheWay) {
  backup.container("shop", "c", at(0));
  for (const char* gone : {"b", "c"}) backup.undefine(repo::DefinitionKind::container, "shop", "", gone, at(80));
  backup.takes_in({{}, {"shop/c"}}, at(0));
  backup.definitions_known(at(0), at(100));
  capture("a", at(70));
  capture("b", at(50));
  capture("c", at(30));
  EXPECT_EQ(restorable_until(), at(49));
}

}  // namespace
}  // namespace halley::recovery
