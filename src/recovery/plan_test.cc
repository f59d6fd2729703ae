#include "recovery/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "recovery/documents.h"
#include "recovery/get.h"
#include "recovery/hand_made_backup.h"
#include "recovery/listing.h"
#include "recovery/timeline.h"
#include "recovery/verify.h"
#include "repo/object_names.h"
#include "testing/faulty_store.h"

namespace halley::recovery {
namespace {

using repo::DefinitionKind;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

// Two databases; shop/orders exact in [10, 100), shop/cache (60 s of life) exact in [20, 90), crm/people in latest
// mode with sync points 30, 60 and 95. Definitions are known in [0, 100).
class PlanTest : public ::testing::Test {
 protected:
  PlanTest() {
    backup.database("shop", at(0));
    backup.database("crm", at(0));
    backup.container("shop", "orders", at(0));
    backup.container("shop", "cache", at(0), R"(,"defaultTtl":60)");
    backup.container("crm", "people", at(0));
    backup.define(DefinitionKind::stored_procedure, "shop", "orders", "p", R"({"id":"p","body":"function(){}"})",
                  at(0));
    backup.define(DefinitionKind::offer, "shop", "orders", "offer", R"({"content":{"offerThroughput":400}})", at(0));
    backup.define(DefinitionKind::user, "shop", "", "ann", R"({"id":"ann"})", at(0));
    backup.definitions_known(at(0), at(100));

    auto& orders = backup.lane("shop", "orders");
    backup.put(orders, R"(["a"])", "1", R"({"id":"1","pk":"a","v":1})", at(5));
    backup.put(orders, R"(["a"])", "1", R"({"id":"1","pk":"a","v":2})", at(40));
    backup.put(orders, R"(["a"])", "2", R"({"id":"2","pk":"a"})", at(50));
    backup.remove(orders, R"(["a"])", "2", at(70));
    backup.put(orders, R"(["b"])", "1", R"({"id":"1","pk":"b"})", at(20));
    backup.exact(orders, at(10), at(100));

    auto& cache = backup.lane("shop", "cache");
    backup.put(cache, R"(["a"])", "x", R"({"id":"x","pk":"a"})", at(10));
    backup.put(cache, R"(["a"])", "y", R"({"id":"y","pk":"a","ttl":-1})", at(10));
    backup.exact(cache, at(20), at(90));

    auto& people = backup.lane("crm", "people");
    backup.put(people, R"(["a"])", "1", R"({"id":"1","pk":"a","v":1})", at(25));
    backup.put(people, R"(["a"])", "2", R"({"id":"2","pk":"a","v":1})", at(25));
    backup.synced(people, at(30));
    backup.put(people, R"(["a"])", "1", R"({"id":"1","pk":"a","v":2})", at(45));
    backup.synced(people, at(60));
    backup.remove(people, R"(["a"])", "2", at(80), at(60));
    backup.synced(people, at(95));
  }

  std::vector<std::string> bodies(const Moment& moment, const char* database, const char* container,
                                  const Selection& selection = {}) {
    std::vector<std::string> result;
    const auto planned = plan_container(backup.repository(), moment, database, container);
    EXPECT_TRUE(planned) << planned.error().to_string();
    if (!planned) return result;
    auto documents = Documents::open(backup.repository(), *planned, selection, true, {});
    EXPECT_TRUE(documents) << documents.error().to_string();
    repo::Version version;
    std::string scratch;
    while (true) {
      const auto more = documents->next(version);
      EXPECT_TRUE(more) << more.error().to_string();
      if (!more || !*more) return result;
      result.emplace_back(document_body(version, scratch));
    }
  }

  HandMadeBackup backup;
};

TEST_F(PlanTest, TheStateAtEachSecondIsTheNewestVersionOfEachKeyUpToIt) {
  const std::string a1 = R"({"id":"1","pk":"a","v":1})";
  const std::string a2 = R"({"id":"1","pk":"a","v":2})";
  const std::string two = R"({"id":"2","pk":"a"})";
  const std::string b1 = R"({"id":"1","pk":"b"})";
  const auto orders = [&](std::int64_t second) { return bodies(Moment::of(at(second)), "shop", "orders"); };
  EXPECT_THAT(orders(10), UnorderedElementsAre(a1));
  EXPECT_THAT(orders(19), UnorderedElementsAre(a1));
  EXPECT_THAT(orders(20), UnorderedElementsAre(a1, b1));
  EXPECT_THAT(orders(39), UnorderedElementsAre(a1, b1));
  EXPECT_THAT(orders(40), UnorderedElementsAre(a2, b1));
  EXPECT_THAT(orders(69), UnorderedElementsAre(a2, b1, two));
  EXPECT_THAT(orders(70), UnorderedElementsAre(a2, b1));
  EXPECT_THAT(orders(99), UnorderedElementsAre(a2, b1));
}

TEST_F(PlanTest, ExpiredDocumentsAreNotThereFromTheirSecondOn) {
  const auto cache = [&](std::int64_t second) { return bodies(Moment::of(at(second)), "shop", "cache").size(); };
  EXPECT_EQ(cache(69), 2U);
  EXPECT_EQ(cache(70), 1U);
}

TEST_F(PlanTest, SecondsOutsideCoverageAreRefusedWithTheNearestGoodOnes) {
  for (const std::int64_t second : {9, 100, 1000}) {
    const auto planned = plan_container(backup.repository(), Moment::of(at(second)), "shop", "orders");
    ASSERT_FALSE(planned) << second;
    EXPECT_EQ(planned.error().code, Code::outside_coverage);
  }
  const auto early = plan_container(backup.repository(), Moment::of(at(9)), "shop", "orders");
  EXPECT_THAT(early.error().message, HasSubstr("shop/orders"));
  EXPECT_THAT(early.error().hint, HasSubstr(format_rfc3339(at(10))));
  const auto between = plan_container(backup.repository(), Moment::of(at(45)), "crm", "people");
  ASSERT_FALSE(between);
  EXPECT_THAT(between.error().hint, HasSubstr(format_rfc3339(at(30))));
  EXPECT_THAT(between.error().hint, HasSubstr(format_rfc3339(at(60))));
}

TEST_F(PlanTest, SyncPointsAreReadByPosition) {
  EXPECT_THAT(bodies(Moment::of(at(30)), "crm", "people"),
              UnorderedElementsAre(R"({"id":"1","pk":"a","v":1})", R"({"id":"2","pk":"a","v":1})"));
  EXPECT_THAT(bodies(Moment::of(at(60)), "crm", "people"),
              UnorderedElementsAre(R"({"id":"1","pk":"a","v":2})", R"({"id":"2","pk":"a","v":1})"));
  EXPECT_THAT(bodies(Moment::of(at(95)), "crm", "people"), UnorderedElementsAre(R"({"id":"1","pk":"a","v":2})"));
}

TEST_F(PlanTest, AnAccountNeedsAMomentGoodForAllOfItsContainers) {
  const auto refused = make_plan(backup.repository(), Moment::of(at(95)), {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::outside_coverage);
  EXPECT_THAT(refused.error().message, HasSubstr("shop/cache"));
  EXPECT_THAT(refused.error().hint, HasSubstr(format_rfc3339(at(60))));
  const auto plan = make_plan(backup.repository(), Moment::of(at(60)), {});
  ASSERT_TRUE(plan) << plan.error().to_string();
  ASSERT_EQ(plan->containers.size(), 3U);
  ASSERT_EQ(plan->databases.size(), 2U);
  EXPECT_EQ(plan->databases[1].users.size(), 1U);
  const PlannedContainer& orders = plan->containers[2];
  EXPECT_EQ(orders.name(), "shop/orders");
  EXPECT_EQ(orders.scripts.size(), 1U);
  EXPECT_TRUE(orders.offer);
  EXPECT_FALSE(plan->containers[1].offer);
}

TEST_F(PlanTest, LatestTakesTheNewestCutOfEach) {
  const auto plan = make_plan(backup.repository(), Moment::newest(), {});
  ASSERT_TRUE(plan) << plan.error().to_string();
  EXPECT_EQ(plan->containers.size(), 3U);
  EXPECT_THAT(bodies(Moment::newest(), "crm", "people"), UnorderedElementsAre(R"({"id":"1","pk":"a","v":2})"));
}

TEST_F(PlanTest, APartIsSelectedByPatternKeyAndIds) {
  Selection selection;
  selection.include = {"shop/ord*"};
  const auto plan = make_plan(backup.repository(), Moment::of(at(95)), selection);
  ASSERT_TRUE(plan) << plan.error().to_string();
  ASSERT_EQ(plan->containers.size(), 1U);
  EXPECT_EQ(plan->databases.size(), 1U);
  selection = {};
  selection.partition_key = R"(["a"])";
  EXPECT_EQ(bodies(Moment::of(at(60)), "shop", "orders", selection).size(), 2U);
  selection.ids = {"2"};
  EXPECT_THAT(bodies(Moment::of(at(60)), "shop", "orders", selection), ElementsAre(R"({"id":"2","pk":"a"})"));
  selection.partition_key.reset();
  selection.ids = {"1"};
  EXPECT_EQ(bodies(Moment::of(at(60)), "shop", "orders", selection).size(), 2U);
}

TEST_F(PlanTest, ADatabaseIsWholeWithAllOfItsContainers) {
  const auto is_whole = [&](const std::vector<std::string>& include, const std::vector<std::string>& exclude) {
    Selection selection;
    selection.include = include;
    selection.exclude = exclude;
    const auto plan = make_plan(backup.repository(), Moment::of(at(60)), selection);
    EXPECT_TRUE(plan) << plan.error().to_string();
    return plan && plan->databases.back().name == "shop" && plan->databases.back().whole;
  };
  EXPECT_TRUE(is_whole({"shop"}, {}));
  EXPECT_TRUE(is_whole({}, {"crm/people", "shop/never"}));
  EXPECT_FALSE(is_whole({"shop"}, {"shop/cache"}));
  EXPECT_FALSE(is_whole({}, {"shop/c*"}));
  EXPECT_FALSE(is_whole({"shop"}, {"shop/cache", "shop/orders"})) << "it is made, empty";
}

TEST_F(PlanTest, ANameThatSelectsNothingIsAnError) {
  Selection selection;
  selection.include = {"shop", "shop/misspelt"};
  const auto plan = make_plan(backup.repository(), Moment::of(at(60)), selection);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, Code::not_found);
  EXPECT_THAT(plan.error().message, HasSubstr("shop/misspelt"));
  selection = {};
  selection.include = {"shop"};
  selection.partition_key = R"(["a","b","c"])";
  const auto odd = make_plan(backup.repository(), Moment::of(at(60)), selection);
  ASSERT_FALSE(odd);
  EXPECT_EQ(odd.error().code, Code::invalid_argument);
}

TEST_F(PlanTest, APatternThatLeavesNothingOutIsNoted) {
  Selection selection;
  selection.exclude = {"shop/misspelt", "crm/*"};
  const auto plan = make_plan(backup.repository(), Moment::of(at(60)), selection);
  ASSERT_TRUE(plan) << plan.error().to_string();
  EXPECT_THAT(plan->notes, ElementsAre(HasSubstr("there was no shop/misspelt to exclude")));
}

TEST_F(PlanTest, ApproximateGoesOnAndNamesWhatIsUncertain) {
  Selection selection;
  selection.include = {"crm"};
  PlanOptions options;
  options.approximate = true;
  const auto plan = make_plan(backup.repository(), Moment::of(at(40)), selection, options);
  ASSERT_TRUE(plan) << plan.error().to_string();
  ASSERT_EQ(plan->containers.size(), 1U);
  EXPECT_TRUE(plan->containers[0].approximate);
  EXPECT_THAT(plan->notes, ::testing::Contains(HasSubstr("'1' of [\"a\"]")));
  EXPECT_THAT(plan->notes, ::testing::Not(::testing::Contains(HasSubstr("'2' of"))));
  const auto later = make_plan(backup.repository(), Moment::of(at(70)), selection, options);
  ASSERT_TRUE(later);
  EXPECT_THAT(later->notes, ::testing::Contains(HasSubstr("'2' of [\"a\"]")));
}

// Of what there was before the first backup nothing is known, so that nothing is like it either.
TEST_F(PlanTest, NothingIsApproximateBeforeTheFirstBackup) {
  PlanOptions options;
  options.approximate = true;
  const auto before = make_plan(backup.repository(), Moment::of(at(-1)), {}, options);
  ASSERT_FALSE(before);
  EXPECT_EQ(before.error().code, Code::outside_coverage);
  EXPECT_THAT(before.error().message, HasSubstr("was not backed up yet at " + format_rfc3339(at(-1))));
  EXPECT_THAT(before.error().hint, HasSubstr(format_rfc3339(at(30)))) << "the first that is good for all";
  EXPECT_TRUE(make_plan(backup.repository(), Moment::of(at(5)), {}, options));
  EXPECT_TRUE(make_plan(backup.repository(), Moment::of(at(1000)), {}, options));
}

TEST_F(PlanTest, AContainerMadeAgainIsAnotherLane) {
  backup.undefine(DefinitionKind::container, "shop", "", "orders", at(110));
  backup.container("shop", "orders", at(130), "", "rid-second");
  backup.definitions_known(at(0), at(200));
  auto& second = backup.lane("shop", "orders");
  backup.put(second, R"(["z"])", "new", R"({"id":"new","pk":"z"})", at(140));
  backup.exact(second, at(135), at(200));

  EXPECT_EQ(bodies(Moment::of(at(99)), "shop", "orders").size(), 2U);
  EXPECT_THAT(bodies(Moment::of(at(150)), "shop", "orders"), ElementsAre(R"({"id":"new","pk":"z"})"));
  const auto gone = plan_container(backup.repository(), Moment::of(at(120)), "shop", "orders");
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, Code::not_found);
  EXPECT_THAT(gone.error().hint, HasSubstr(format_rfc3339(at(130))));

  const auto timeline = read_timeline(backup.repository());
  ASSERT_TRUE(timeline) << timeline.error().to_string();
  ASSERT_EQ(timeline->containers.size(), 4U);
  EXPECT_EQ(timeline->containers[2].name(), "shop/orders");
  EXPECT_FALSE(timeline->containers[2].live);
  EXPECT_EQ(timeline->containers[3].incarnation, "rid-second");
  EXPECT_TRUE(timeline->containers[3].live);
}

// Read at 100 and at 120: of what was found then, nothing tells what was in force between.
TEST_F(PlanTest, DefinitionsBetweenTwoReadsAreNamed) {
  backup.define(DefinitionKind::stored_procedure, "shop", "orders", "p", R"({"id":"p","body":"third"})", at(110), "",
                at(90));
  backup.define(DefinitionKind::trigger, "shop", "orders", "t", R"({"id":"t"})", at(95), "", at(90));
  backup.undefine(DefinitionKind::user, "shop", "", "ann", at(120), at(90));
  backup.definitions_known(at(0), at(120));
  const auto notes_at = [&](Second moment, const Selection& selection) {
    const auto plan = make_plan(backup.repository(), Moment::of(moment), selection);
    EXPECT_TRUE(plan) << plan.error().to_string();
    return plan ? plan->notes : std::vector<std::string>{"failed"};
  };
  Selection orders;
  orders.include = {"shop/orders"};
  const std::string changed = "sproc shop/orders/p was changed between " + format_rfc3339(at(90)) + " and " +
                              format_rfc3339(at(110)) + ": the plan has it as it was before";
  const std::string made = "trigger shop/orders/t was made between " + format_rfc3339(at(90)) + " and " +
                           format_rfc3339(at(95)) + ": the plan is without it";
  EXPECT_THAT(notes_at(at(89), orders), IsEmpty());
  EXPECT_THAT(notes_at(at(90), orders), UnorderedElementsAre(changed, made));
  EXPECT_THAT(notes_at(at(95), orders), ElementsAre(changed));
  Selection shop;
  shop.include = {"shop"};
  shop.exclude = {"shop/cache"};
  EXPECT_THAT(notes_at(at(95), shop), UnorderedElementsAre(changed, HasSubstr("user shop/ann was dropped between")));
}

TEST_F(PlanTest, AContainerWithoutPartitionKeyIsLeftOutUnlessItIsNamed) {
  backup.define(DefinitionKind::container, "crm", "", "old", R"({"id":"old","indexingPolicy":{}})", at(0));
  backup.definitions_known(at(0), at(100));
  for (const Moment& moment : {Moment::newest(), Moment::of(at(60))}) {
    const auto plan = make_plan(backup.repository(), moment, {});
    ASSERT_TRUE(plan) << plan.error().to_string();
    EXPECT_EQ(plan->containers.size(), 3U);
    EXPECT_THAT(plan->notes, ::testing::Contains(HasSubstr("left out: container crm/old has no partition key")));
    ASSERT_EQ(plan->databases[0].undocumented.size(), 1U);
    EXPECT_EQ(plan->databases[0].undocumented[0].key.id, "old");
  }
  Selection selection;
  selection.include = {"crm/o*"};
  const auto alone = make_plan(backup.repository(), Moment::newest(), selection);
  ASSERT_TRUE(alone) << alone.error().to_string();
  EXPECT_EQ(alone->databases.size(), 1U);
  selection.include = {"crm/*", "crm/old"};
  const auto named = make_plan(backup.repository(), Moment::newest(), selection);
  ASSERT_FALSE(named);
  EXPECT_EQ(named.error().code, Code::unsupported);
  EXPECT_FALSE(named.error().hint.empty());
  EXPECT_EQ(plan_container(backup.repository(), Moment::newest(), "crm", "old").error().code, Code::unsupported);
  EXPECT_TRUE(verify(backup.repository(), {})->sound());
}

// crm/new was made at 50, and no backup has read documents of it.
TEST_F(PlanTest, AContainerOfWhichNothingWasCapturedIsLeftOutOfLatestUnlessItIsNamed) {
  backup.container("crm", "new", at(50));
  backup.definitions_known(at(0), at(100));
  const auto latest = make_plan(backup.repository(), Moment::newest(), {});
  ASSERT_TRUE(latest) << latest.error().to_string();
  EXPECT_EQ(latest->containers.size(), 3U);
  EXPECT_THAT(latest->notes, ElementsAre(HasSubstr("left out: container crm/new")));
  EXPECT_THAT(verify(backup.repository(), {})->notes, ElementsAre(HasSubstr("crm/new")));
  Selection selection;
  selection.include = {"crm/new"};
  for (const Moment& moment : {Moment::newest(), Moment::of(at(60))}) {
    const auto named = make_plan(backup.repository(), moment, selection);
    ASSERT_FALSE(named);
    EXPECT_EQ(named.error().code, Code::outside_coverage);
    EXPECT_THAT(named.error().to_string(), HasSubstr("crm/new"));
    EXPECT_FALSE(named.error().hint.empty());
    EXPECT_EQ(plan_container(backup.repository(), moment, "crm", "new").error().code, Code::outside_coverage);
  }
}

TEST_F(PlanTest, AMomentAtWhichNothingOfAContainerWasCapturedIsRefusedNamingOnesBeforeIt) {
  backup.container("crm", "new", at(50));
  backup.definitions_known(at(0), at(100));
  const auto refused = make_plan(backup.repository(), Moment::of(at(60)), {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::outside_coverage);
  EXPECT_THAT(refused.error().message, HasSubstr("crm/new"));
  // crm/people has sync points at 30 and 60.
  EXPECT_THAT(refused.error().hint, HasSubstr(format_rfc3339(at(30))));
  EXPECT_THAT(refused.error().hint, ::testing::Not(HasSubstr(format_rfc3339(at(60)))));
  EXPECT_TRUE(make_plan(backup.repository(), Moment::of(at(30)), {}));
  PlanOptions approximate;
  approximate.approximate = true;
  const auto plan = make_plan(backup.repository(), Moment::of(at(60)), {}, approximate);
  ASSERT_TRUE(plan) << plan.error().to_string();
  EXPECT_EQ(plan->containers.size(), 3U);
}

// Somebody removed the newest commit of crm/people, and then all of it.
TEST_F(PlanTest, LostBackupsAreNeverLeftOutInSilence) {
  backup.record_heads();
  EXPECT_TRUE(verify(backup.repository(), {})->sound());
  const repo::LaneId people = backup.lane("crm", "people").id;
  backup.lose_commit(people, 3);
  const auto behind = make_plan(backup.repository(), Moment::newest(), {});
  ASSERT_FALSE(behind);
  EXPECT_EQ(behind.error().code, Code::corrupt);
  EXPECT_THAT(behind.error().message, HasSubstr("crm/people"));
  EXPECT_THAT(behind.error().hint, HasSubstr("up to " + format_rfc3339(at(60))));
  EXPECT_THAT(behind.error().hint, HasSubstr("the others as of latest with --exclude 'crm/people'"));
  EXPECT_TRUE(make_plan(backup.repository(), Moment::of(at(60)), {})) << "what is left can be restored";
  Selection alone;
  alone.include = {"crm/people"};
  const auto none_left = make_plan(backup.repository(), Moment::newest(), alone);
  EXPECT_THAT(none_left.error().hint, HasSubstr("up to " + format_rfc3339(at(60))));
  EXPECT_THAT(none_left.error().hint, ::testing::Not(HasSubstr("--exclude"))) << "there are no others";
  backup.lose_commit(people, 2);
  backup.lose_commit(people, 1);
  for (const Moment& moment : {Moment::newest(), Moment::of(at(60))}) {
    const auto missing = make_plan(backup.repository(), moment, {});
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, Code::corrupt);
    EXPECT_THAT(missing.error().hint, HasSubstr("the others as of " + moment.text() + " with --exclude 'crm/people'"));
  }
  Selection others;
  others.exclude = {"crm/people"};
  EXPECT_TRUE(make_plan(backup.repository(), Moment::newest(), others));
  const auto report = verify(backup.repository(), {});
  ASSERT_TRUE(report);
  EXPECT_FALSE(report->sound());
  ASSERT_EQ(report->check.damaged.size(), 1U);
  EXPECT_THAT(report->check.damaged[0].affects, ElementsAre("crm/people"));
  EXPECT_FALSE(report->restorable_until);
}

TEST_F(PlanTest, AllWhoseBackupsAreLostAreNamedAtOnce) {
  backup.record_heads();
  backup.lose_commit(backup.lane("crm", "people").id, 3);
  backup.lose_commit(backup.lane("shop", "cache").id, 1);
  const auto refused = make_plan(backup.repository(), Moment::newest(), {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::corrupt);
  EXPECT_THAT(refused.error().message, HasSubstr("crm/people"));
  EXPECT_THAT(refused.error().hint, HasSubstr("with --exclude 'crm/people' --exclude 'shop/cache'"));
  Selection others;
  others.exclude = {"crm/people", "shop/cache"};
  EXPECT_TRUE(make_plan(backup.repository(), Moment::newest(), others));
}

TEST_F(PlanTest, OneContainerWithoutCoverageLeavesNoSecondOfTheWholeAccount) {
  backup.container("crm", "new", at(50));
  backup.definitions_known(at(0), at(100));
  const auto timeline = read_timeline(backup.repository());
  ASSERT_TRUE(timeline);
  EXPECT_FALSE(timeline->restorable_until);
  ASSERT_EQ(timeline->uncovered.size(), 1U);
  EXPECT_EQ(timeline->uncovered[0].name, "crm/new");
  const auto report = verify(backup.repository(), {});
  ASSERT_EQ(report->coverage_holes.size(), 1U);
  EXPECT_EQ(report->coverage_holes[0].container, "crm/new");
  EXPECT_EQ(report->coverage_holes[0].hole, (repo::Interval{at(50), at(100)}));
}

// crm/people, with sync points 30 and 60, was dropped at 92; the others end at 100 and 90.
TEST_F(PlanTest, ADroppedContainerStandsInTheWayOfTheSecondsAtWhichItWasThere) {
  backup.undefine(DefinitionKind::container, "crm", "", "people", at(92));
  backup.definitions_known(at(0), at(100));
  const auto timeline = read_timeline(backup.repository());
  ASSERT_TRUE(timeline) << timeline.error().to_string();
  EXPECT_EQ(timeline->restorable_until, at(60));
  EXPECT_TRUE(make_plan(backup.repository(), Moment::of(at(60)), {}));
  EXPECT_FALSE(make_plan(backup.repository(), Moment::of(at(89)), {}));
}

TEST_F(PlanTest, DocumentsThatAreNotThereAreNamed) {
  Selection selection;
  selection.include = {"shop/orders"};
  const auto checked = [&](std::int64_t second) {
    const auto plan = make_plan(backup.repository(), Moment::of(at(second)), selection);
    EXPECT_TRUE(plan) << plan.error().to_string();
    return check_documents(backup.repository(), *plan, {});
  };
  selection.ids = {"1", "nope", "2"};
  EXPECT_EQ(checked(60).error().code, Code::not_found);
  EXPECT_THAT(checked(60).error().message, HasSubstr("with the id 'nope' at"));
  EXPECT_THAT(checked(80).error().message, HasSubstr("'2', 'nope'"));
  selection.ids = {"1", "2"};
  EXPECT_TRUE(checked(60));
  selection.ids = {};
  selection.partition_key = R"(["z"])";
  EXPECT_THAT(checked(60).error().message, HasSubstr(R"(of the partition key ["z"])"));
  selection.partition_key = R"(["b"])";
  EXPECT_TRUE(checked(60));
}

// One object that is no commit, where the next one belongs: what was captured before it is there.
TEST_F(PlanTest, AStrayObjectBehindALaneCostsOnlyWhatIsBehindIt) {
  const repo::LaneId people = backup.lane("crm", "people").id;
  ASSERT_TRUE(backup.repository().store().put(repo::commit_name(people, 4), "no commit"));
  const auto latest = make_plan(backup.repository(), Moment::newest(), {});
  ASSERT_FALSE(latest);
  EXPECT_EQ(latest.error().code, Code::corrupt);
  EXPECT_THAT(latest.error().message, HasSubstr("crm/people"));
  EXPECT_THAT(latest.error().message, HasSubstr(repo::commit_name(people, 4)));
  EXPECT_THAT(latest.error().hint, HasSubstr("up to " + format_rfc3339(at(60)))) << "all of it; shop/cache ends at 89";
  EXPECT_THAT(latest.error().hint, HasSubstr("the others as of latest with --exclude 'crm/people'"));
  const auto plan = make_plan(backup.repository(), Moment::of(at(60)), {});
  ASSERT_TRUE(plan) << plan.error().to_string();
  EXPECT_THAT(plan->notes, Contains(HasSubstr(repo::commit_name(people, 4))));
  Selection others;
  others.exclude = {"crm/people"};
  EXPECT_TRUE(make_plan(backup.repository(), Moment::newest(), others));
  const auto timeline = read_timeline(backup.repository());
  ASSERT_TRUE(timeline) << timeline.error().to_string();
  ASSERT_EQ(timeline->containers.size(), 3U);
  EXPECT_THAT(timeline->containers[0].damage, HasSubstr(repo::commit_name(people, 4)));
  EXPECT_EQ(timeline->containers[0].through, at(95));
  EXPECT_EQ(timeline->containers[2].damage, "");
  EXPECT_FALSE(verify(backup.repository(), {})->sound());
}

TEST_F(PlanTest, ALaneOfWhichNothingCanBeReadIsListedByItsName) {
  const repo::LaneId people = backup.lane("crm", "people").id;
  for (const int seq : {3, 2, 1}) backup.lose_commit(people, seq);
  ASSERT_TRUE(backup.repository().store().put(repo::commit_name(people, 1), "no commit"));
  const auto timeline = read_timeline(backup.repository());
  ASSERT_TRUE(timeline) << timeline.error().to_string();
  ASSERT_EQ(timeline->containers.size(), 3U);
  EXPECT_EQ(timeline->containers[0].name(), "crm/people");
  EXPECT_TRUE(timeline->containers[0].live);
  EXPECT_THAT(timeline->containers[0].damage, HasSubstr(repo::commit_name(people, 1)));
  EXPECT_FALSE(timeline->restorable_until);
  const auto plan = make_plan(backup.repository(), Moment::of(at(60)), {});
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, Code::corrupt);
  EXPECT_THAT(plan.error().hint, HasSubstr("with --exclude 'crm/people'"));
}

TEST_F(PlanTest, AStrayObjectBehindTheDefinitionsCostsOnlyWhatIsBehindIt) {
  const repo::LaneId account(repo::kAccountLane);
  const std::uint64_t head = backup.repository().read_lane(account)->seq;
  ASSERT_TRUE(backup.repository().store().put(repo::commit_name(account, head + 1), "no commit"));
  EXPECT_EQ(make_plan(backup.repository(), Moment::newest(), {}).error().code, Code::corrupt);
  const auto plan = make_plan(backup.repository(), Moment::of(at(60)), {});
  ASSERT_TRUE(plan) << plan.error().to_string();
  EXPECT_THAT(plan->notes, Contains(HasSubstr(repo::commit_name(account, head + 1))));
  EXPECT_THAT(read_timeline(backup.repository())->damage, HasSubstr(repo::commit_name(account, head + 1)));
}

TEST_F(PlanTest, TimelineTellsCoverageOfEachContainer) {
  const auto timeline = read_timeline(backup.repository());
  ASSERT_TRUE(timeline) << timeline.error().to_string();
  ASSERT_EQ(timeline->containers.size(), 3U);
  const ContainerTimeline& people = timeline->containers[0];
  EXPECT_EQ(people.exactness(), "latest");
  EXPECT_THAT(people.sync_points, ElementsAre(at(30), at(60), at(95)));
  EXPECT_EQ(people.through, at(95));
  const ContainerTimeline& orders = timeline->containers[2];
  EXPECT_EQ(orders.exactness(), "exact");
  EXPECT_EQ(orders.from, at(10));
  EXPECT_EQ(orders.through, at(99));
  EXPECT_EQ(orders.versions, 5U);
  EXPECT_EQ(orders.upserts, 4U);
  EXPECT_TRUE(orders.live);
  EXPECT_EQ(timeline->newest, at(99));
  EXPECT_EQ(timeline->restorable_until, at(60));
  EXPECT_EQ(timeline->account_id, HandMadeBackup::kAccount);
}

TEST_F(PlanTest, AgesCountFromNow) {
  EXPECT_EQ(parse_moment(at(200), "-30s")->at, at(170)) << "whatever was backed up";
  EXPECT_EQ(make_plan(backup.repository(), *parse_moment(at(200), "-30s"), {}).error().code, Code::outside_coverage);
  EXPECT_TRUE(make_plan(backup.repository(), *parse_moment(at(200), "-140s"), {}));
  EXPECT_TRUE(parse_moment(at(200), "latest")->latest);
  EXPECT_EQ(parse_moment(at(200), "2023-11-14T23:13:20+01:00")->at, at(0));
  for (const char* bad : {"", "yesterday", "-", "2023-11-14", "2h", "-9999w"}) {
    const auto moment = parse_moment(at(200), bad);
    ASSERT_FALSE(moment) << bad;
    EXPECT_EQ(moment.error().code, Code::invalid_argument);
    EXPECT_THAT(moment.error().hint, HasSubstr("RFC 3339"));
  }
}

TEST_F(PlanTest, OneDocumentAsItWasCaptured) {
  const auto found = get_document(backup.repository(), Moment::of(at(45)), "shop", "orders", "1", R"("a")");
  ASSERT_TRUE(found) << found.error().to_string();
  EXPECT_THAT(found->text, HasSubstr(R"({"id":"1","pk":"a","v":2,"_rid":"rid-of-1","_self":)"));
  EXPECT_THAT(found->text, HasSubstr(R"("_ts":1700000040})"));
  EXPECT_EQ(found->ts, at(40));
  EXPECT_EQ(found->partition_key, R"(["a"])");
  const auto text_at = [&](std::int64_t second, const char* container, const char* id) {
    const auto result = get_document(backup.repository(), Moment::of(at(second)), "shop", container, id, R"(["a"])");
    EXPECT_FALSE(result);
    EXPECT_EQ(result.error().code, Code::not_found);
    return result.error().message;
  };
  EXPECT_THAT(text_at(80, "orders", "2"), HasSubstr("was deleted at " + format_rfc3339(at(70))));
  EXPECT_THAT(text_at(45, "orders", "2"), ::testing::Not(HasSubstr("deleted")));
  EXPECT_THAT(text_at(80, "cache", "x"), HasSubstr("expired"));
  const auto wrong = get_document(backup.repository(), Moment::newest(), "shop", "orders", "1", "a");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, Code::invalid_argument);
  EXPECT_THAT(wrong.error().hint, HasSubstr("JSON"));
}

TEST_F(PlanTest, ListsWhatWasThere) {
  const auto listing = list_containers(backup.repository(), Moment::of(at(50)), "");
  ASSERT_TRUE(listing);
  EXPECT_THAT(listing->databases, ElementsAre("crm", "shop"));
  EXPECT_EQ(listing->containers.size(), 3U);
  EXPECT_EQ(list_containers(backup.repository(), Moment::of(at(50)), "shop")->containers.size(), 2U);
  EXPECT_EQ(list_containers(backup.repository(), Moment::of(at(50)), "none").error().code, Code::not_found);
  const auto planned = plan_container(backup.repository(), Moment::of(at(60)), "shop", "orders");
  ASSERT_TRUE(planned);
  std::vector<std::string> ids;
  const auto count = list_documents(backup.repository(), *planned, {},
                                    [&](const ListedDocument& document) {
                                      ids.emplace_back(document.id);
                                      return true;
                                    },
                                    {});
  ASSERT_TRUE(count);
  EXPECT_EQ(*count, 3U);
  EXPECT_THAT(ids, UnorderedElementsAre("1", "1", "2"));
}

TEST_F(PlanTest, VerifyFindsHolesAndSaysWhatCanBeRestored) {
  auto report = verify(backup.repository(), {});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_TRUE(report->sound()) << report->not_restorable;
  EXPECT_THAT(report->coverage_holes, IsEmpty());
  EXPECT_EQ(report->restorable_until, at(60));
  ASSERT_TRUE(report->last_backup);

  auto& orders = backup.lane("shop", "orders");
  repo::CommitDraft draft;
  repo::RangeState range;
  range.base_done = true;
  draft.ranges = {range};
  draft.exact = {{{}, at(10), at(100)}, {{}, at(130), at(200)}};
  auto writer = backup.repository().open_writer(orders.id, orders.identity);
  ASSERT_TRUE(writer);
  repo::VersionBatch nothing;
  ASSERT_TRUE((*writer)->commit(draft, nothing));
  report = verify(backup.repository(), {});
  ASSERT_TRUE(report);
  ASSERT_EQ(report->coverage_holes.size(), 1U);
  EXPECT_EQ(report->coverage_holes[0].container, "shop/orders");
  EXPECT_EQ(report->coverage_holes[0].hole, (repo::Interval{at(100), at(130)}));
  EXPECT_THAT(report->coverage_holes[0].sync_points, IsEmpty());

  draft.sync_points = {{at(110), {{{}, {0, 1}}}}, {at(140), {{{}, {0, 1}}}}};
  ASSERT_TRUE((*writer)->commit(draft, nothing));
  report = verify(backup.repository(), {});
  ASSERT_EQ(report->coverage_holes.size(), 1U);
  EXPECT_THAT(report->coverage_holes[0].sync_points, ElementsAre(at(110))) << "it can be restored";
}

// Of an account with that many containers of which nothing was captured.
std::uint64_t segments_read_for_a_refusal(int containers) {
  repo::RepositoryOptions options;
  options.inline_bytes = 0;
  HandMadeBackup backup(options);
  backup.database("shop", at(0));
  for (int i = 0; i < containers; ++i) backup.container("shop", "c" + std::to_string(i), at(0));
  backup.definitions_known(at(0), at(100));
  auto plan = std::make_shared<halley::testing::FaultPlan>();
  std::uint64_t reads = 0;
  plan->before = [&](std::string_view call, std::string_view name) {
    if (call == "get" && !name.starts_with("lanes/")) ++reads;
  };
  const auto store = std::shared_ptr<store::ObjectStore>(std::shared_ptr<void>(), &backup.repository().store());
  const auto repository =
      repo::Repository::open(real_runtime(), halley::testing::make_faulty_store(store, plan), "password");
  EXPECT_TRUE(repository);
  reads = 0;
  EXPECT_EQ(make_plan(**repository, Moment::of(at(70)), {}).error().code, Code::outside_coverage);
  return reads;
}

TEST(Plan, ARefusalReadsTheHistoryOfDefinitionsOnce) {
  const std::uint64_t few = segments_read_for_a_refusal(2);
  EXPECT_GT(few, 0U);
  EXPECT_EQ(segments_read_for_a_refusal(20), few);
}

TEST(Plan, ARepositoryWithoutBackupIsRefusedClearly) {
  HandMadeBackup backup;
  const auto plan = make_plan(backup.repository(), Moment::newest(), {});
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, Code::outside_coverage);
  EXPECT_THAT(plan.error().hint, HasSubstr("halley backup"));
  const auto timeline = read_timeline(backup.repository());
  ASSERT_TRUE(timeline);
  EXPECT_THAT(timeline->containers, IsEmpty());
  const auto report = verify(backup.repository(), {});
  ASSERT_TRUE(report);
  EXPECT_FALSE(report->sound());
  EXPECT_FALSE(report->last_backup);
}

TEST_F(PlanTest, WhatCompletesARestoreOfLatestIsToldWithItsLimit) {
  const auto latest = make_plan(backup.repository(), Moment::newest(), {});
  ASSERT_TRUE(latest);
  EXPECT_EQ(how_to_complete(*latest, " with --resume"),
            "the same restore with --resume completes it until another backup has run; from then on restore into "
            "another place");
}

}  // namespace
}  // namespace halley::recovery
