#include "recovery/uncertain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "recovery/hand_made_backup.h"

namespace halley::recovery {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Uncertain : public ::testing::Test {
 protected:
  Uncertain() {
    backup.database("shop", at(0));
    backup.container("shop", "orders", at(0));
  }
  HandMadeBackup::Lane& orders() { return backup.lane("shop", "orders"); }
  void put(const std::string& id, int version, std::int64_t second) {
    HandMadeBackup::put(orders(), R"(["a"])", id, R"({"id":")" + id + R"(","v":)" + std::to_string(version) + "}",
                        at(second));
  }
  void remove(const std::string& id, std::int64_t second, std::int64_t since) {
    HandMadeBackup::remove(orders(), R"(["a"])", id, at(second), at(since));
  }
  // The ids of the documents that the sync point does not vouch for.
  std::vector<std::string> at_sync_point(std::int64_t second) {
    const auto lane = backup.repository().read_lane(orders().id);
    const auto documents = uncertain_documents(backup.repository(), *lane, at(second));
    EXPECT_TRUE(documents) << documents.error().to_string();
    std::vector<std::string> ids;
    for (const DocumentName& each : *documents) ids.push_back(each.id);
    return ids;
  }

  HandMadeBackup backup;
};

TEST_F(Uncertain, AreWhatWasWrittenBehindTheMomentAndWhatIsDeletedInASpanAroundIt) {
  put("1", 1, 10);
  put("2", 1, 10);
  put("2", 2, 31);
  put("3", 1, 10);
  backup.synced(orders(), at(30));
  put("1", 2, 50);
  remove("3", 40, 20);
  backup.synced(orders(), at(60));
  EXPECT_THAT(at_sync_point(30), ElementsAre("2", "3"));
  EXPECT_THAT(at_sync_point(60), IsEmpty());
  const auto lane = backup.repository().read_lane(orders().id);
  for (const auto& [id, notes] : {std::pair("1", 0U), std::pair("2", 1U), std::pair("3", 1U)}) {
    const DocumentName only{R"(["a"])", id};
    EXPECT_EQ(sync_point_notes(backup.repository(), *lane, at(30), &only)->size(), notes) << id;
  }
}

TEST_F(Uncertain, IsWhatCameLate) {
  put("1", 1, 10);
  backup.synced(orders(), at(30));
  put("1", 2, 20);
  put("2", 1, 30);
  put("3", 1, 31);
  EXPECT_THAT(at_sync_point(30), IsEmpty()) << "nothing of it is there yet";
  backup.synced(orders(), at(60));
  EXPECT_THAT(at_sync_point(30), ElementsAre("1", "2"));
}

TEST_F(Uncertain, IsNotWhatCameBackAsItWasAlready) {
  put("1", 1, 10);  // expires later
  put("2", 1, 10);
  backup.synced(orders(), at(30));
  remove("1", 50, 45);
  backup.synced(orders(), at(60));
  backup.see_again(orders(), R"(["a"])", "1", at(10));  // back, since time to live is off
  put("2", 2, 20);                                      // so is this, which had expired before it was read
  backup.synced(orders(), at(90));
  EXPECT_THAT(at_sync_point(30), ElementsAre("2"));
  EXPECT_THAT(at_sync_point(60), ElementsAre("1", "2")) << "a delete is held: it may have been back";
}

}  // namespace
}  // namespace halley::recovery
