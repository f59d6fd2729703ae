#include "recovery/find.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "recovery/hand_made_backup.h"
#include "repo/object_names.h"

namespace halley::recovery {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

// shop/orders exact in [10, 100), shop/cache lets documents go after 60 s, shop/gone was dropped at 50, crm/people in
// latest mode.
class FindTest : public ::testing::Test {
 protected:
  FindTest() {
    backup.database("shop", at(0));
    backup.database("crm", at(0));
    backup.container("shop", "orders", at(0));
    backup.container("shop", "cache", at(0), R"(,"defaultTtl":60)");
    backup.container("shop", "gone", at(0));
    backup.container("crm", "people", at(0));
    auto& gone = backup.lane("shop", "gone");
    backup.put(gone, R"(["a"])", "g", R"({"id":"g","pk":"a"})", at(30));
    backup.exact(gone, at(10), at(50));
    backup.undefine(repo::DefinitionKind::container, "shop", "", "gone", at(50));
    backup.definitions_known(at(0), at(100));
    auto& orders = backup.lane("shop", "orders");
    backup.put(orders, R"(["a"])", "a-1", R"({"id":"a-1","pk":"a","v":1})", at(5));
    backup.exact(orders, at(10), at(20));
    backup.put(orders, R"(["a"])", "a-1", R"({"id":"a-1","pk":"a","v":2})", at(40));
    backup.put(orders, R"(["a"])", "a-2", R"({"id":"a-2","pk":"a"})", at(50));
    backup.remove(orders, R"(["a"])", "a-2", at(70));
    backup.put(orders, R"(["b"])", "b-1", R"({"id":"b-1","pk":"b"})", at(60));
    backup.exact(orders, at(10), at(100));
    auto& cache = backup.lane("shop", "cache");
    backup.put(cache, R"(["a"])", "a-x", R"({"id":"a-x","pk":"a"})", at(10));
    backup.exact(cache, at(10), at(100));
    auto& people = backup.lane("crm", "people");
    backup.put(people, R"(["a"])", "2", R"({"id":"2","pk":"a"})", at(25));
    backup.synced(people, at(30));
    backup.remove(people, R"(["a"])", "2", at(80), at(60));
    backup.synced(people, at(95));
  }

  static FindQuery query(std::vector<std::string> include, std::string prefix = "") {
    FindQuery asked;
    asked.selection.include = std::move(include);
    asked.id_prefix = std::move(prefix);
    return asked;
  }
  EachFound into(std::vector<std::string>& lines) {
    return [&](const FoundKey& found) {
      const char* const what = found.operation == repo::Operation::upsert ? " written " : " deleted ";
      lines.push_back(found.container + " " + std::string(found.partition_key) + " " + std::string(found.id) + what +
                      std::to_string(found.first - at(0)) + ".." + std::to_string(found.time - at(0)) + " x" +
                      std::to_string(found.changes));
      return lines.size() < limit_;
    };
  }
  std::vector<std::string> there(Second moment, const FindQuery& asked) {
    std::vector<std::string> lines;
    const auto report = find_documents(backup.repository(), Moment::of(moment), asked, into(lines), {});
    EXPECT_TRUE(report) << report.error().to_string();
    return lines;
  }
  std::vector<std::string> changes(std::optional<Second> from, std::optional<Second> until, const FindQuery& asked) {
    std::vector<std::string> lines;
    const auto report = find_changes(backup.repository(), from, until, asked, into(lines), {});
    EXPECT_TRUE(report) << report.error().to_string();
    if (report) report_ = *report;
    return lines;
  }

  HandMadeBackup backup;
  FindReport report_;
  std::size_t limit_ = 1000;
};

TEST_F(FindTest, ListsWhatWasThereAtAMoment) {
  EXPECT_THAT(there(at(65), query({"shop"}, "a-")), UnorderedElementsAre(R"(shop/orders ["a"] a-1 written 40..40 x1)",
                                                                         R"(shop/orders ["a"] a-2 written 50..50 x1)",
                                                                         R"(shop/cache ["a"] a-x written 10..10 x1)"));
  // By then one was deleted, another had expired.
  EXPECT_THAT(there(at(75), query({"shop"}, "a-")), ElementsAre(R"(shop/orders ["a"] a-1 written 40..40 x1)"));
  FindQuery by_key = query({"shop/*"});
  by_key.selection.partition_key = R"(["b"])";
  EXPECT_THAT(there(at(75), by_key), ElementsAre(HasSubstr("b-1")));
  by_key.selection.ids = {"b-2"};
  EXPECT_THAT(there(at(75), by_key), IsEmpty());
}

TEST_F(FindTest, AMomentNamesWhatIsLost) {
  const repo::LaneId people = backup.lane("crm", "people").id;
  ASSERT_TRUE(backup.repository().store().put(repo::commit_name(people, 3), "no commit"));
  std::vector<std::string> found;
  const auto report = find_documents(backup.repository(), Moment::of(at(30)), query({"crm"}), into(found), {});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_THAT(found, ElementsAre(HasSubstr(R"(crm/people ["a"] 2 written)")));
  EXPECT_THAT(report->losses, ElementsAre(HasSubstr("crm/people: its backups behind commit 2 are lost")));
  EXPECT_THAT(report->notes, IsEmpty());
}

TEST_F(FindTest, LatestNamesAContainerThatIsLeftOut) {
  backup.container("shop", "young", at(98));
  backup.definitions_known(at(0), at(100));
  std::vector<std::string> found;
  const auto report = find_documents(backup.repository(), Moment::newest(), query({"shop"}), into(found), {});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_THAT(report->notes, ElementsAre(HasSubstr("left out: container shop/young")));
  EXPECT_THAT(report->losses, IsEmpty());
}

TEST_F(FindTest, AMomentOutsideCoverageIsRefused) {
  std::vector<std::string> lines;
  const auto refused = find_documents(backup.repository(), Moment::of(at(500)), query({}), into(lines), {});
  EXPECT_EQ(refused.error().code, Code::outside_coverage);
  EXPECT_FALSE(refused.error().hint.empty());
}

TEST_F(FindTest, ListsWhatChangedBetweenMomentsBothIncluded) {
  EXPECT_THAT(
      changes(at(40), at(70), query({"shop/orders"})),
      UnorderedElementsAre(R"(shop/orders ["a"] a-1 written 40..40 x1)", R"(shop/orders ["a"] a-2 deleted 50..70 x2)",
                           R"(shop/orders ["b"] b-1 written 60..60 x1)"));
  EXPECT_THAT(report_.notes, IsEmpty());
  EXPECT_THAT(changes(at(41), at(69), query({"shop/orders"}, "a")), ElementsAre(HasSubstr("a-2 written 50..50 x1")));
  EXPECT_THAT(changes({}, at(45), query({"shop/orders"})), ElementsAre(HasSubstr("a-1 written 5..40 x2")));
  EXPECT_THAT(changes(at(71), {}, query({"shop/orders"})), IsEmpty());
  EXPECT_EQ(report_.documents, 0U);
}

TEST_F(FindTest, DroppedContainersAreSearchedForTheTimeTheyWere) {
  EXPECT_THAT(changes(at(20), at(45), query({"shop/gone"})), ElementsAre(HasSubstr("shop/gone [\"a\"] g written")));
  EXPECT_THAT(changes(at(60), {}, query({"shop/gone"})), IsEmpty());
}

// A new base brings every document again, over an older history; one of them was written before it.
TEST_F(FindTest, WhatANewBaseReadsAgainIsNoChange) {
  auto& orders = backup.lane("shop", "orders");
  backup.put(orders, R"(["b"])", "b-1", R"({"id":"b-1","pk":"b","v":2})", at(110));
  backup.put(orders, R"(["c"])", "c-1", R"({"id":"c-1","pk":"c"})", at(95));
  for (const int base : {120, 130}) {
    backup.see_again(orders, R"(["a"])", "a-1", at(base));
    backup.see_again(orders, R"(["b"])", "b-1", at(base));
    backup.see_again(orders, R"(["c"])", "c-1", at(base));
    backup.exact(orders, at(10), at(base + 5));
  }
  const FindQuery asked = query({"shop/orders"});
  EXPECT_THAT(changes(at(115), {}, asked), IsEmpty());
  EXPECT_EQ(report_.documents, 0U);
  EXPECT_THAT(changes(at(125), at(131), asked), IsEmpty());
  EXPECT_THAT(changes(at(100), {}, asked), ElementsAre(R"(shop/orders ["b"] b-1 written 110..110 x1)"));
  FindQuery by_key = asked;
  by_key.selection.partition_key = R"(["c"])";
  EXPECT_THAT(changes(at(100), {}, by_key), IsEmpty());
  EXPECT_THAT(changes({}, {}, by_key), ElementsAre(R"(shop/orders ["c"] c-1 written 95..95 x1)"));
  // What was there tells when it was written, not when it was read.
  backup.definitions_known(at(0), at(130));
  EXPECT_THAT(there(at(125), by_key), ElementsAre(R"(shop/orders ["c"] c-1 written 95..95 x1)"));
}

// It was in no feed, or is another one: the base tells it first.
TEST_F(FindTest, WhatANewBaseBringsFirstIsAChange) {
  auto& orders = backup.lane("shop", "orders");
  backup.put(orders, R"(["a"])", "a-1", R"({"id":"a-1","pk":"a","v":3})", at(41));
  backup.see_again(orders, R"(["a"])", "a-1", at(120));  // written in a gap: that very write was not captured
  orders.batch.versions().erase(orders.batch.versions().begin());
  backup.put(orders, R"(["a"])", "a-2", R"({"id":"a-2","pk":"a"})", at(51));  // deleted at 70, and there again
  backup.see_again(orders, R"(["a"])", "a-2", at(120));
  orders.batch.versions().erase(orders.batch.versions().begin() + 1);
  backup.exact(orders, at(10), at(130));
  EXPECT_THAT(changes(at(100), {}, query({"shop/orders"})),
              UnorderedElementsAre(R"(shop/orders ["a"] a-1 written 120..120 x1)",
                                   R"(shop/orders ["a"] a-2 written 120..120 x1)"));
}

TEST_F(FindTest, SaysWhereChangesMayBeMissing) {
  EXPECT_THAT(changes(at(20), at(90), query({"crm/people"})), ElementsAre(HasSubstr("2 deleted 25..80 x2")));
  EXPECT_THAT(report_.notes, ElementsAre(HasSubstr("crm/people")));
  changes(at(5), at(90), query({"shop/orders"}));
  EXPECT_THAT(report_.notes, ElementsAre(HasSubstr("shop/orders"))) << "coverage begins at 10";
}

TEST_F(FindTest, SaysWhereTheTimeAskedForReachesBeyondWhatIsCovered) {
  const auto beyond = [](const std::string& names, int second) {
    return names + ": covered up to " + format_rfc3339(at(second)) + ", so later changes may be missing";
  };
  // The last covered second is 99, of the sync point's container 95.
  changes(at(40), at(99), query({"shop/orders"}));
  EXPECT_THAT(report_.notes, IsEmpty());
  EXPECT_EQ(report_.through, at(99));
  changes(at(40), at(100), query({"shop/orders"}));
  EXPECT_THAT(report_.notes, ElementsAre(beyond("shop/orders", 99)));
  changes(at(40), {}, query({"shop/orders"}));
  EXPECT_THAT(report_.notes, ElementsAre(beyond("shop/orders", 99)));
  // Nothing of the time asked for is known.
  for (const char* name : {"shop/orders", "crm/people"}) {
    changes(at(400), at(500), query({name}));
    EXPECT_THAT(report_.notes, ElementsAre(beyond(name, std::string(name) == "crm/people" ? 95 : 99)));
  }
  EXPECT_EQ(report_.through, at(95));
  // Of a dropped one there is nothing to know behind its drop.
  changes(at(40), {}, query({"shop"}));
  const auto expiring = HasSubstr("shop/cache: documents may expire");
  EXPECT_THAT(report_.notes, ElementsAre(expiring, beyond("shop/gone", 49), beyond("shop/cache, shop/orders", 99)));
  EXPECT_EQ(report_.through, at(99));
  changes(at(51), at(99), query({"shop"}));
  EXPECT_THAT(report_.notes, ElementsAre(expiring));
}

// cache/a-x, written at 10, has expired at 70; that the service has removed it is in no feed yet.
TEST_F(FindTest, SaysWhereWhatExpiredMayNotBeListed) {
  EXPECT_THAT(changes(at(60), at(95), query({"shop/cache"})), IsEmpty());
  EXPECT_THAT(report_.notes, ElementsAre(HasSubstr("shop/cache: documents may expire")));
  EXPECT_THAT(changes(at(60), at(95), query({"shop/orders"})), testing::Not(IsEmpty()));
  EXPECT_THAT(report_.notes, IsEmpty());
}

TEST_F(FindTest, SaysThatNothingIsCoveredYet) {
  backup.container("shop", "new", at(90));
  backup.definitions_known(at(0), at(100));
  auto& fresh = backup.lane("shop", "new");
  backup.put(fresh, R"(["a"])", "n", R"({"id":"n","pk":"a"})", at(95));
  backup.exact(fresh, at(100), at(100));
  changes(at(40), {}, query({"shop/new"}));
  EXPECT_THAT(report_.notes, ElementsAre(HasSubstr("shop/new: no second of it is covered yet")));
  EXPECT_FALSE(report_.through);
}

TEST_F(FindTest, SaysWhichBackupsAreDamagedAndGoesOn) {
  auto& store = backup.repository().store();
  const repo::LaneId people = backup.lane("crm", "people").id;
  ASSERT_TRUE(store.put(repo::commit_name(people, 3), "no commit"));
  const auto whole = changes({}, {}, query({}));
  EXPECT_THAT(report_.losses, ElementsAre(HasSubstr(repo::commit_name(people, 3))));
  EXPECT_FALSE(whole.empty());
  for (const int seq : {2, 1}) backup.lose_commit(people, seq);
  ASSERT_TRUE(store.put(repo::commit_name(people, 1), "no commit"));
  const auto others = changes({}, {}, query({}));
  EXPECT_THAT(report_.losses, ElementsAre(HasSubstr("crm/people: its backups are lost: ")));
  EXPECT_FALSE(others.empty());
  EXPECT_LT(others.size(), whole.size());
}

TEST_F(FindTest, SaysWhichBackupsAreLost) {
  backup.record_heads();
  changes({}, {}, query({}));
  EXPECT_THAT(report_.losses, IsEmpty());
  const repo::LaneId people = backup.lane("crm", "people").id;
  backup.lose_commit(people, 2);
  EXPECT_THAT(changes({}, {}, query({"crm/people"})), ElementsAre(HasSubstr("2 written 25..25 x1")));
  EXPECT_THAT(report_.losses, ElementsAre(HasSubstr("crm/people: its newest backups are lost")));
  backup.lose_commit(people, 1);
  EXPECT_THAT(changes({}, {}, query({"crm/people"})), IsEmpty());
  EXPECT_THAT(report_.losses, ElementsAre(HasSubstr("crm/people: its backups are lost")));
}

TEST_F(FindTest, StopsWhenToldTo) {
  limit_ = 1;
  EXPECT_EQ(changes({}, {}, query({})).size(), 1U);
  EXPECT_EQ(there(at(60), query({"shop"})).size(), 1U);
  std::stop_source stop;
  stop.request_stop();
  const auto stopped = find_changes(
      backup.repository(), {}, {}, query({}), [](const FoundKey&) { return true; }, stop.get_token());
  EXPECT_EQ(stopped.error().code, Code::cancelled);
}

TEST_F(FindTest, AKeyThatNoContainerCanHaveIsTold) {
  const auto find = [&](const std::string& key) {
    FindQuery asked = query({"shop"});
    asked.selection.partition_key = key;
    return find_changes(backup.repository(), {}, {}, asked, [](const FoundKey&) { return true; }, {});
  };
  EXPECT_EQ(find(R"(["a","b"])").error().code, Code::invalid_argument);
  EXPECT_TRUE(find(R"(["z"])")) << "there may be one";
  backup.container("shop", "pairs", at(90));
  backup.definitions_known(at(0), at(100));
  backup.exact(backup.lane("shop", "pairs", R"(["/pk","/b"])"), at(90), at(100));
  EXPECT_TRUE(find(R"(["a","b"])")) << "one of them can have it";
}

TEST_F(FindTest, AMisspeltNameIsTold) {
  const auto none =
      find_changes(backup.repository(), {}, {}, query({"shop/ordres"}), [](const FoundKey&) { return true; }, {});
  EXPECT_EQ(none.error().code, Code::not_found);
}

}  // namespace
}  // namespace halley::recovery
