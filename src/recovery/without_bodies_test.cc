// What keys, times and digests answer is answered without bodies: every body frame of the container is damaged, and
// only what gives bodies finds it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "recovery/diff.h"
#include "recovery/find.h"
#include "recovery/get.h"
#include "recovery/hand_made_backup.h"
#include "recovery/listing.h"
#include "repo/object_names.h"
#include "repo/segment_reader.h"

namespace halley::recovery {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

// shop/orders, exact in [10, 100): a is written at 5, b at 6, b again at 40, c at 50.
class WithoutBodies : public ::testing::Test {
 protected:
  WithoutBodies() {
    backup.database("shop", at(0));
    backup.container("shop", "orders", at(0));
    backup.definitions_known(at(0), at(100));
    auto& orders = backup.lane("shop", "orders");
    backup.put(orders, R"(["k"])", "a", R"({"id":"a","pk":"k","v":1})", at(5));
    backup.put(orders, R"(["k"])", "b", R"({"id":"b","pk":"k","v":1})", at(6));
    backup.exact(orders, at(10), at(20));
    backup.put(orders, R"(["k"])", "b", R"({"id":"b","pk":"k","v":2})", at(40));
    backup.put(orders, R"(["k"])", "c", R"({"id":"c","pk":"k","v":1})", at(50));
    backup.exact(orders, at(10), at(100));
    damage_bodies(orders.id);
  }

  static repo::RepositoryOptions segments_apart() {
    repo::RepositoryOptions options;
    options.inline_bytes = 0;
    return options;
  }
  void damage_bodies(const repo::LaneId& id) {
    store::ObjectStore& store = backup.repository().store();
    const auto keys = repo::KeyRing::open(store, "password");
    ASSERT_TRUE(keys);
    const auto lane = backup.repository().read_lane(id);
    ASSERT_TRUE(lane);
    ASSERT_EQ(lane->segments.size(), 2U);
    for (const repo::SegmentRef& ref : lane->segments) {
      const auto reader = repo::SegmentReader::open(store, *keys, id, ref);
      ASSERT_TRUE(reader);
      std::string bytes = *store.get_all((*reader)->object());
      for (const repo::BlockEntry& block : (*reader)->footer().blocks) {
        ASSERT_GT(block.bodies_size, 0U);
        bytes[block.offset + block.columns_size] ^= 1;
      }
      ASSERT_TRUE(store.remove((*reader)->object()));
      ASSERT_TRUE(store.put((*reader)->object(), bytes));
    }
  }
  EachFound into(std::vector<std::string>& ids) {
    return [&](const FoundKey& found) {
      ids.emplace_back(found.id);
      return true;
    };
  }

  HandMadeBackup backup{segments_apart()};
};

TEST_F(WithoutBodies, ADocumentIsNotGiven) {
  for (const char* id : {"a", "b", "c"}) {
    const auto document = get_document(backup.repository(), Moment::of(at(60)), "shop", "orders", id, R"(["k"])");
    ASSERT_FALSE(document) << id;
    EXPECT_EQ(document.error().code, Code::corrupt) << id;
  }
}

TEST_F(WithoutBodies, DocumentsAreFoundAndListed) {
  std::vector<std::string> there;
  const auto found = find_documents(backup.repository(), Moment::of(at(45)), {}, into(there), {});
  ASSERT_TRUE(found) << found.error().to_string();
  EXPECT_THAT(there, ElementsAre("a", "b"));

  const auto plan = make_plan(backup.repository(), Moment::of(at(60)), {});
  ASSERT_TRUE(plan) << plan.error().to_string();
  std::vector<std::string> listed;
  const auto count = list_documents(backup.repository(), plan->containers.at(0), {},
                                    [&](const ListedDocument& document) {
                                      listed.emplace_back(document.id);
                                      return true;
                                    },
                                    {});
  ASSERT_TRUE(count) << count.error().to_string();
  EXPECT_THAT(listed, ElementsAre("a", "b", "c"));
}

TEST_F(WithoutBodies, WhatChangedIsFound) {
  std::vector<std::string> changed;
  const auto found = find_changes(backup.repository(), at(30), at(60), {}, into(changed), {});
  ASSERT_TRUE(found) << found.error().to_string();
  EXPECT_THAT(changed, ElementsAre("b", "c"));
}

TEST_F(WithoutBodies, TwoMomentsAreCompared) {
  DiffProgress progress;
  const auto diff = diff_moments(backup.repository(), Moment::of(at(15)), Moment::of(at(60)), {}, progress, {});
  ASSERT_TRUE(diff) << diff.error().to_string();
  std::vector<std::string> differences;
  ASSERT_TRUE(diff->documents.for_each([&](const DocumentDifference& each) -> Status {
    differences.push_back(std::string(difference_name(each.kind)) + " " + std::string(each.id));
    return {};
  }));
  EXPECT_THAT(differences, UnorderedElementsAre("changed b", "added c"));
  EXPECT_EQ(diff->containers.at(0).equal, 1U);
}

}  // namespace
}  // namespace halley::recovery
