// What single passes leave behind, as restores see it: where a pass did not look at all there was, or was interrupted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "capture/captured_account.h"
#include "recovery/plan.h"
#include "recovery/uncertain.h"
#include "recovery/verify.h"
#include "repo/coverage.h"

namespace halley::capture {
namespace {

using recovery::Moment;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PassAndPlan : public CapturedAccount {
 protected:
  static std::string container(std::string_view name) {
    return R"({"id":")" + std::string(name) + R"(","partitionKey":{"paths":["/pk"],"kind":"Hash","version":2}})";
  }
  Result<recovery::RestorePlan> plan(const Moment& moment) { return recovery::make_plan(*repository_, moment, {}); }
  std::vector<std::string> planned(const Moment& moment) {
    const auto made = plan(moment);
    EXPECT_TRUE(made) << made.error().to_string();
    std::vector<std::string> names;
    for (std::size_t i = 0; made && i < made->containers.size(); ++i) names.push_back(made->containers[i].name());
    return names;
  }
  static BackupOptions without(std::string pattern) {
    BackupOptions options;
    options.exclude = {std::move(pattern)};
    return options;
  }
};

TEST_F(PassAndPlan, AContainerThatIsLeftOutGoesWithItsDatabase) {
  ASSERT_TRUE(account_.engine().create_container("shop", container("cache")));
  ASSERT_TRUE(account_.engine().create_database("other"));
  ASSERT_TRUE(account_.engine().create_container("other", definition()));
  backup();
  pass_seconds(60);
  backup(without("shop/cache"));
  ASSERT_TRUE(account_.engine().remove({"dbs", "shop"}));
  pass_seconds(60);
  const BackupReport report = backup(without("shop/cache"));
  ASSERT_TRUE(report.restorable_until);
  EXPECT_THAT(planned(Moment::of(*report.restorable_until)), ElementsAre("other/orders"));
  EXPECT_THAT(planned(Moment::newest()), ElementsAre("other/orders"));
  const auto verified = recovery::verify(*repository_, {});
  ASSERT_TRUE(verified);
  EXPECT_TRUE(verified->restorable) << verified->not_restorable;
}

TEST_F(PassAndPlan, AContainerThatIsLeftOutIsNotInADatabaseThatWasMadeAgain) {
  ASSERT_TRUE(account_.engine().create_container("shop", container("cache")));
  backup();
  ASSERT_TRUE(account_.engine().remove({"dbs", "shop"}));
  ASSERT_TRUE(account_.engine().create_database("shop"));
  ASSERT_TRUE(account_.engine().create_container("shop", definition()));
  pass_seconds(60);
  const BackupReport report = backup(without("shop/cache"));
  ASSERT_TRUE(report.restorable_until);
  EXPECT_THAT(planned(Moment::of(*report.restorable_until)), ElementsAre("shop/orders"));
  EXPECT_THAT(planned(Moment::newest()), ElementsAre("shop/orders"));
}

class LeftOut : public PassAndPlan, public ::testing::WithParamInterface<bool> {};

TEST_P(LeftOut, WhatChangedWhileAContainerWasNotLookedAtIsTold) {
  ASSERT_TRUE(account_.engine().create_container("shop", container("other")));
  ASSERT_TRUE(account_.engine().create({"dbs", "shop", "colls", "orders"}, server::ResourceKind::sproc,
                                       *json::parse(R"({"id":"sum","body":"function () {}"})")));
  upsert(R"({"id":"d","pk":"a"})");
  pass_seconds(20);
  backup();
  pass_seconds(20);
  set_expiry(R"(,"defaultTtl":10)");
  ASSERT_TRUE(account_.engine().remove({"dbs", "shop", "colls", "orders", "sprocs", "sum"}));
  pass_seconds(10);
  const Second between = account_.clock().now();
  pass_seconds(10);
  set_expiry("");
  pass_seconds(20);
  backup(GetParam() ? without("shop/orders") : BackupOptions());
  pass_seconds(60);
  backup();
  const auto made = plan(Moment::of(between));
  ASSERT_TRUE(made) << made.error().to_string();
  EXPECT_THAT(made->notes, ::testing::Contains(HasSubstr("container shop/orders was changed")));
  EXPECT_THAT(made->notes, ::testing::Contains(HasSubstr("was dropped between")));
}
INSTANTIATE_TEST_SUITE_P(OfOnePass, LeftOut, ::testing::Bool());

class Looks : public PassAndPlan {
 protected:
  std::vector<std::string> notes(Second at, bool approximate = false) {
    recovery::PlanOptions options;
    options.approximate = approximate;
    const auto made = recovery::make_plan(*repository_, Moment::of(at), {}, options);
    EXPECT_TRUE(made) << made.error().to_string();
    return made ? made->notes : std::vector<std::string>();
  }
  void add_script(const std::string& container) {
    ASSERT_TRUE(account_.engine().create({"dbs", "shop", "colls", container}, server::ResourceKind::sproc,
                                         *json::parse(R"({"id":"sum","body":"function () {}"})")));
  }
  void drop_script() { EXPECT_TRUE(account_.engine().remove({"dbs", "shop", "colls", "orders", "sprocs", "sum"})); }
  Second now() { return account_.clock().now(); }
};

TEST_F(Looks, WhatGoesWithItsDatabaseWasLastLookedAtBeforeItWasLeftOut) {
  ASSERT_TRUE(account_.engine().create_container("shop", container("cache")));
  add_script("cache");
  ASSERT_TRUE(account_.engine().create_database("other"));
  ASSERT_TRUE(account_.engine().create_container("other", definition()));
  backup();
  pass_seconds(100);
  const Second between = now();
  pass_seconds(100);
  backup(without("shop/cache"));
  ASSERT_TRUE(account_.engine().remove({"dbs", "shop"}));
  pass_seconds(200);
  backup(without("shop/cache"));
  EXPECT_THAT(notes(between, true), ::testing::Contains(HasSubstr("shop/cache was dropped between")));
}

TEST_F(Looks, UsersAreOfADatabaseThatIsLeftOut) {
  ASSERT_TRUE(account_.engine().create({"dbs", "shop"}, server::ResourceKind::user, *json::parse(R"({"id":"ann"})")));
  ASSERT_TRUE(account_.engine().create_database("other"));
  ASSERT_TRUE(account_.engine().create_container("other", definition()));
  backup();
  pass_seconds(20);
  ASSERT_TRUE(account_.engine().remove({"dbs", "shop", "users", "ann"}));
  pass_seconds(50);
  const Second between = now();
  pass_seconds(150);
  BackupOptions other;
  other.include = {"other"};
  backup(other);
  pass_seconds(200);
  backup();
  EXPECT_THAT(notes(between), ::testing::Contains(HasSubstr("ann was dropped between")));
}

TEST_F(Looks, OneListingOfDatabasesThatIsStaleDropsNothingThatIsLeftOut) {
  ASSERT_TRUE(account_.engine().create_container("shop", container("cache")));
  backup();
  pass_seconds(60);
  int listings = 0;
  transport_.after = [&](const http::Request& request, http::Response response) -> testing::DirectTransport::Answer {
    if (request.method != "GET" || !request.url.ends_with("/dbs") || ++listings != 1) return response;
    const std::size_t rid = response.body.find(R"("_rid":")", response.body.find("Databases")) + 8;
    response.body[rid] = response.body[rid] == 'A' ? 'B' : 'A';
    return response;
  };
  BackupProgress progress;
  ASSERT_TRUE(capture::backup(runtime_, *client_, *repository_, without("shop/cache"), progress, {}));
  EXPECT_GE(listings, 2);
  EXPECT_EQ(planned(Moment::newest()).size(), 2U);
}

TEST_F(Looks, PassesThatFailToReadDocumentsLookAtDefinitionsAllTheSame) {
  add_script("orders");
  backup();
  pass_seconds(400);
  const Second between = now();
  pass_seconds(400);
  transport_.before = [&](const http::Request& request) -> std::optional<testing::DirectTransport::Answer> {
    if (!is_feed(request)) return std::nullopt;
    return testing::DirectTransport::Answer(fail(Code::corrupt, "no"));
  };
  incomplete_backup().message.clear();
  transport_.before = nullptr;
  pass_seconds(100);
  drop_script();
  pass_seconds(100);
  backup();
  EXPECT_THAT(notes(between), ::testing::Not(::testing::Contains(HasSubstr("was dropped between"))));
}

TEST_F(Looks, WhatIsDroppedDuringAPassThatTheNextLeavesOutIsTold) {
  ASSERT_TRUE(account_.engine().create_container("shop", container("other")));
  add_script("orders");
  pass_seconds(20);
  backup();
  pass_seconds(20);
  upsert(R"({"id":"e","pk":"a"})");
  Second between;
  int listings = 0;
  transport_.before = [&](const http::Request& request) -> std::optional<testing::DirectTransport::Answer> {
    if (is_feed(request) && between == Second{}) {
      drop_script();
      pass_seconds(50);
      between = now();
      pass_seconds(50);
    }
    if (request.method != "GET" || !request.url.ends_with("/dbs") || ++listings < 2) return std::nullopt;
    return testing::DirectTransport::Answer(fail(Code::unavailable, "no"));
  };
  BackupOptions one;
  one.containers_at_once = 1;
  EXPECT_EQ(incomplete_backup(one).code, Code::unavailable);
  transport_.before = nullptr;
  pass_seconds(100);
  backup(without("shop/orders"));
  pass_seconds(100);
  backup();
  EXPECT_THAT(notes(between), ::testing::Contains(HasSubstr("was dropped between")));
}

TEST_F(PassAndPlan, WhereANewBaseWasInterruptedTheNewestIsWhatWasCoveredBefore) {
  for (int i = 0; i < 9; ++i) upsert(R"({"id":"d)" + std::to_string(i) + R"(","pk":"a"})");
  connect(transport_, 2);
  pass_seconds(10);
  const BackupReport report = backup();
  pass_seconds(10);
  int bases = 0;
  transport_.before = [&](const http::Request& request) -> std::optional<testing::DirectTransport::Answer> {
    const bool refused = is_all_versions(request) && is_feed(request) && request.headers.get("If-None-Match") != "*";
    const bool interrupted = is_base(request) && is_feed(request) && ++bases == 2;
    if (!refused && !interrupted) return std::nullopt;
    http::Response response;
    response.headers.add("Date", format_http_date(account_.clock().now()));
    response.status = refused ? 400 : 401;
    response.body = R"({"code":"No","message":"no"})";
    return testing::DirectTransport::Answer(std::move(response));
  };
  EXPECT_EQ(incomplete_backup().status, 401);
  ASSERT_EQ(bases, 2);
  const auto newest = plan(Moment::newest());
  ASSERT_TRUE(newest) << newest.error().to_string();
  ASSERT_EQ(newest->containers.size(), 1U);
  EXPECT_EQ(newest->containers.front().at, *report.restorable_until);
  EXPECT_EQ(documents(newest->containers.front().cut).size(), 9U);
}

// A delete that only the feed of a new base tells may be of another document of that key than the one that is known.
TEST_F(PassAndPlan, ADeleteBehindASyncPointIsNamedThoughAnotherDocumentOfItsKeyIsPurgedMeanwhile) {
  set_expiry(R"(,"defaultTtl":-1)");
  for (const char* id : {"x", "y"}) upsert(R"({"id":")" + std::string(id) + R"(","pk":"a"})");
  pass_seconds(10);
  BackupOptions latest;
  latest.mode = ModeChoice::latest;
  backup(latest);
  pass_seconds(10);
  int listings = 0;
  transport_.after = [&](const http::Request& request, http::Response response) -> testing::DirectTransport::Answer {
    if (is_listing(request) && ++listings == 1) {
      remove("x");  // it was listed, and is gone at the sync point
      pass_seconds(1);
    }
    return response;
  };
  backup(latest);
  transport_.after = nullptr;
  const Second point = orders().sync_points.back().at;
  upsert(R"({"id":"x","pk":"a","ttl":3})");
  pass_seconds(5);  // hidden, not purged
  listings = 0;
  transport_.before = [&](const http::Request& request) -> std::optional<testing::DirectTransport::Answer> {
    if (is_listing(request) && ++listings == 1) pass_seconds(6);  // it is purged
    return std::nullopt;
  };
  backup();
  const auto named = recovery::uncertain_documents(*repository_, orders(), point);
  ASSERT_TRUE(named);
  ASSERT_EQ(named->size(), 1U);
  EXPECT_EQ(named->front().id, "x");
}

}  // namespace
}  // namespace halley::capture
