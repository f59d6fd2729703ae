#include "recovery/good_moments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "recovery/hand_made_backup.h"
#include "recovery/plan.h"
#include "repo/coverage.h"

namespace halley::recovery {
namespace {

using repo::DefinitionKind;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr std::int64_t kEnd = 30;  // definitions are known in [2, kEnd)

// Accounts whose containers come, go, come again and are covered here and there, by a seed.
class RandomAccount {
 public:
  explicit RandomAccount(unsigned seed) : random_(seed) {
    for (const char* database : {"shop", "crm"}) {
      backup.database(database, at(0));
      for (const char* container : {"a", "b", "c"}) live(database, container);
      if (chance(2)) leave(database);
    }
    backup.definitions_known(at(2), at(kEnd));
    for (auto& [lane, seconds] : covered_) cover(*lane, seconds);
  }

  HandMadeBackup backup;

 private:
  bool chance(int of) { return any_of(of) == 0; }
  std::int64_t any_of(std::int64_t count) { return static_cast<std::int64_t>(random_()) % count; }

  // One container's life: made, changed, dropped and made again at times that rise.
  void live(const std::string& database, const std::string& container) {
    std::int64_t now = any_of(12);
    for (int incarnation = 0; now < kEnd && incarnation < 3; ++incarnation) {
      make(database, container, now, std::to_string(incarnation));
      if (chance(2)) make(database, container, now + any_of(4), std::to_string(incarnation));
      now += 4 + any_of(20);
      if (now >= kEnd) return;
      backup.undefine(DefinitionKind::container, database, "", container, at(now));
      now += any_of(8);
    }
  }

  void make(const std::string& database, const std::string& container, std::int64_t now, const std::string& rid) {
    if (chance(12)) {
      backup.define(DefinitionKind::container, database, "", container, R"({"id":"old"})", at(now), rid + container);
      return;
    }
    const bool two = container == "c";
    const std::string paths = two ? R"(["/pk","/q"])" : R"(["/pk"])";
    backup.define(DefinitionKind::container, database, "", container,
                  R"({"id":"x","partitionKey":{"paths":)" + paths + R"(,"kind":")" + (two ? "MultiHash" : "Hash") +
                      R"(","version":2}})",
                  at(now), rid + container);
    HandMadeBackup::Lane& lane = backup.lane(database, container, paths);
    if (chance(10)) return;  // nothing of it was captured
    std::vector<repo::Interval>& seconds = covered_[&lane];
    for (int i = 0; i < 2; ++i) {
      const std::int64_t from = now + any_of(6);
      seconds.push_back({at(from), at(from + 1 + any_of(12))});
    }
  }

  void leave(const std::string& database) {
    backup.undefine(DefinitionKind::database, "", "", database, at(kEnd - 1 - any_of(6)));
  }

  // The first of the seconds as exact, the others as a sync point each.
  void cover(HandMadeBackup::Lane& lane, const std::vector<repo::Interval>& seconds) {
    repo::CommitDraft draft;
    repo::RangeState range;
    range.base_done = true;
    draft.ranges = {range};
    draft.exact = {{{}, seconds[0].from, seconds[0].until}};
    for (std::size_t i = 1; i < seconds.size(); ++i) draft.sync_points.push_back({seconds[i].from, {{{}, {0, 1}}}});
    auto writer = backup.repository().open_writer(lane.id, lane.identity);
    ASSERT_TRUE(writer) << writer.error().to_string();
    repo::VersionBatch nothing;
    ASSERT_TRUE((*writer)->commit(draft, nothing));
  }

  std::mt19937 random_;
  std::map<HandMadeBackup::Lane*, std::vector<repo::Interval>> covered_;
};

std::vector<Selection> selections() {
  std::vector<Selection> all(7);
  all[1].include = {"shop"};
  all[2].include = {"shop/a"};
  all[3].include = {"shop/?", "crm/c"};
  all[4].exclude = {"*/b", "crm/c"};
  all[5].partition_key = R"(["k"])";
  all[6].include = {"shop/c", "crm/c"};
  all[6].partition_key = R"(["k","l"])";
  return all;
}

std::string listed(const std::vector<repo::Interval>& intervals) {
  std::string text;
  for (const auto& each : intervals) {
    text += std::to_string(each.from.value - at(0).value) + "-" + std::to_string(each.until.value - at(0).value) + " ";
  }
  return text;
}

repo::LaneState account_of(HandMadeBackup& backup) {
  return *backup.repository().read_lane(repo::LaneId(repo::kAccountLane));
}

// Good are the seconds at which the plan is made, each of them tried.
TEST(GoodMoments, AreTheSecondsAtWhichAPlanIsMade) {
  int some = 0;
  for (unsigned seed = 1; seed <= 10; ++seed) {
    RandomAccount account(seed);
    repo::Repository& repository = account.backup.repository();
    for (std::size_t which = 0; which < selections().size(); ++which) {
      const Selection selection = selections()[which];
      std::vector<repo::Interval> planned;
      std::vector<std::pair<Second, std::string>> hints;
      for (std::int64_t second = -1; second <= kEnd; ++second) {
        const auto plan = make_plan(repository, Moment::of(at(second)), selection);
        if (plan) planned.push_back({at(second), at(second + 1)});
        if (!plan && plan.error().code == Code::outside_coverage) hints.emplace_back(at(second), plan.error().hint);
      }
      planned = repo::joined(std::move(planned));
      const auto good = good_moments(repository, account_of(account.backup), selection);
      ASSERT_TRUE(good) << good.error().to_string();
      EXPECT_EQ(listed(*good), listed(planned)) << "seed " << seed << ", selection " << which;
      if (!planned.empty()) ++some;
      for (const auto& [second, hint] : hints) EXPECT_EQ(hint, nearest_good(planned, second)) << "seed " << seed;
    }
  }
  EXPECT_GT(some, 20) << "histories with nothing good show little";
}

TEST(GoodMoments, OfOneContainerAreThoseAtWhichItIsThere) {
  for (unsigned seed = 1; seed <= 25; ++seed) {
    RandomAccount account(seed);
    repo::Repository& repository = account.backup.repository();
    std::vector<repo::Interval> planned;
    for (std::int64_t second = -1; second <= kEnd; ++second) {
      if (plan_container(repository, Moment::of(at(second)), "shop", "a")) {
        planned.push_back({at(second), at(second + 1)});
      }
    }
    const auto good = good_moments_of(repository, account_of(account.backup), "shop", "a");
    ASSERT_TRUE(good) << good.error().to_string();
    EXPECT_EQ(listed(*good), listed(repo::joined(std::move(planned)))) << "seed " << seed;
  }
}

// shop/old was dropped at 60 and shop/fresh made at 40, between backups that ended at 20 and at 90: at none of the
// seconds between was all that was there captured.
TEST(GoodMoments, AroundADropAndACreationEachHintNamesMomentsThatArePlanned) {
  HandMadeBackup backup;
  backup.database("shop", at(0));
  backup.container("shop", "kept", at(0));
  backup.container("shop", "old", at(0));
  auto& kept = backup.lane("shop", "kept");
  auto& old = backup.lane("shop", "old");
  backup.container("shop", "fresh", at(40));
  auto& fresh = backup.lane("shop", "fresh");
  backup.undefine(DefinitionKind::container, "shop", "", "old", at(60));
  backup.definitions_known(at(5), at(100));
  backup.exact(kept, at(10), at(100));
  backup.exact(old, at(10), at(21));
  backup.exact(fresh, at(90), at(100));
  for (const std::int64_t second : {21, 40, 50, 60, 89}) {
    const auto refused = make_plan(backup.repository(), Moment::of(at(second)), {});
    ASSERT_FALSE(refused) << second;
    EXPECT_EQ(refused.error().code, Code::outside_coverage);
    EXPECT_THAT(refused.error().hint, AllOf(HasSubstr(format_rfc3339(at(20))), HasSubstr(format_rfc3339(at(90)))));
  }
  Selection both;
  both.include = {"shop/old", "shop/fresh"};
  const auto never = make_plan(backup.repository(), Moment::of(at(50)), both);
  ASSERT_FALSE(never);
  EXPECT_THAT(never.error().hint, HasSubstr("no moment that was captured has all that is selected"));
}

}  // namespace
}  // namespace halley::recovery
