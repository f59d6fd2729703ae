// What lagging replicas, clocks that are not right, refused feeds and restores in place do to a pass.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>

#include "capture/captured_account.h"
#include "repo/coverage.h"
#include "server/clock.h"
#include "server/container.h"
#include "server/faults.h"

namespace halley::capture {
namespace {

using Answer = testing::DirectTransport::Answer;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

class FeedFaults : public CapturedAccount {
 protected:
  FeedFaults() { latest_.mode = ModeChoice::latest; }

  Answer refused_with(int status) {
    http::Response response;
    response.status = status;
    response.headers.add("Date", format_http_date(account_.clock().now()));
    return response;
  }
  // The next answers to these operations come from a replica that is one write behind.
  void lag(const std::vector<std::string>& operations, int answers) {
    for (const std::string& operation : operations) {
      server::Fault fault;
      fault.kind = server::Fault::Kind::stale;
      fault.operation = operation;
      fault.count = answers;
      fault.behind = 1;
      account_.faults().arm(fault);
    }
  }
  // Ranges are read at once.
  static std::shared_ptr<std::atomic<int>> counter() { return std::make_shared<std::atomic<int>>(0); }
  // Calls `action` before the nth request that `is_one` tells of.
  void before_request(int nth, std::function<bool(const http::Request&)> is_one,
                      std::function<std::optional<Answer>()> action) {
    transport_.before = [=, count = counter()](const http::Request& request) -> std::optional<Answer> {
      return is_one(request) && ++*count == nth ? action() : std::nullopt;
    };
  }
  // The pass dies at the nth request of the base, with all before it kept; the next is another process.
  void die_in_base(int nth) {
    transport_.before = [=, this, count = counter()](const http::Request& request) -> std::optional<Answer> {
      if (!is_base(request) || ++*count < nth) return std::nullopt;
      return refused_with(403);
    };
    BackupOptions options;
    options.flush_bytes = 1;
    EXPECT_EQ(incomplete_backup(options).status, 403);
    transport_.before = nullptr;
    connect(transport_, 1);
  }
  // Three documents, that in the middle dated an hour ahead; pages hold one each.
  void write_while_a_clock_is_ahead() {
    upsert(R"({"id":"a","pk":"a"})");
    account_.clock().advance(3600);
    upsert(R"({"id":"b","pk":"a"})");
    account_.clock().advance(-3590);
    upsert(R"({"id":"c","pk":"a"})");
    connect(transport_, 1);
  }
  void write_dated(Second moment, const std::string& body) {
    const std::int64_t step = moment - account_.clock().now();
    account_.clock().advance(step);
    upsert(body);
    account_.clock().advance(-step);
  }
  std::map<std::string, std::string> documents_at(Second moment) {
    const auto cut = repo::cut_at(orders(), moment);
    EXPECT_TRUE(cut) << format_rfc3339(moment);
    return cut ? documents(*cut) : std::map<std::string, std::string>();
  }

  BackupOptions latest_;
};

// --- Replicas that lag ---

TEST_F(FeedFaults, ABaseDoesNotEndAtAReplicaThatIsNotAsFarAsTheCursor) {
  upsert(R"({"id":"a","pk":"a"})");
  upsert(R"({"id":"b","pk":"a"})");
  pass_seconds(60);
  before_request(1, is_base, [this] {
    lag({"change_feed"}, 5);
    return std::nullopt;
  });
  backup();
  EXPECT_GT(account_.faults().struck(), 1U);
  EXPECT_THAT(documents(), UnorderedElementsAre(Key("a"), Key("b")));
}

TEST_F(FeedFaults, NorDoesOneThatAnotherProcessReadsOn) {
  upsert(R"({"id":"a","pk":"a"})");
  upsert(R"({"id":"b","pk":"a"})");
  die_in_base(1);
  lag({"change_feed"}, 2);
  pass_seconds(3600);
  backup();
  EXPECT_EQ(account_.faults().struck(), 2U);
  EXPECT_THAT(documents(), UnorderedElementsAre(Key("a"), Key("b")));
}

TEST_F(FeedFaults, WhatOnlyALaggingReplicaLacksIsNotDeleted) {
  upsert(R"({"id":"a","pk":"a"})");
  backup(latest_);
  upsert(R"({"id":"b","pk":"a"})");
  pass_seconds(30);
  lag({"read_feed", "point_read"}, 4);
  const BackupReport report = backup(latest_);
  EXPECT_GT(account_.faults().struck(), 3U);
  EXPECT_EQ(report.deletes, 0U);
  EXPECT_THAT(documents_at(*report.restorable_until), UnorderedElementsAre(Key("a"), Key("b")));
}

TEST_F(FeedFaults, NorBehindAGap) {
  upsert(R"({"id":"a","pk":"a"})");
  backup();
  upsert(R"({"id":"b","pk":"a"})");
  pass_seconds(30);
  int refusals = 2;
  bool armed = false;
  transport_.before = [&](const http::Request& request) -> std::optional<Answer> {
    if (refusals > 0 && is_all_versions(request)) {
      --refusals;
      return refused_with(400);
    }
    if (!armed && is_listing(request)) {
      armed = true;
      lag({"read_feed", "point_read"}, 4);
    }
    return std::nullopt;
  };
  backup();
  ASSERT_TRUE(armed);
  EXPECT_THAT(documents(), UnorderedElementsAre(Key("a"), Key("b")));
}

// --- Clocks that are ahead ---

TEST_F(FeedFaults, ATimeFromAClockThatIsAheadDatesNothingOfABaseBehindItsCursor) {
  write_while_a_clock_is_ahead();
  const Second began = account_.clock().now();
  const BackupReport report = backup();
  ASSERT_TRUE(report.restorable_until);
  EXPECT_LT(*report.restorable_until - began, 60) << "nothing waits for the time of b";
  EXPECT_EQ(documents_at(*report.restorable_until).size(), 3U);
}

TEST_F(FeedFaults, NorWhereAnotherProcessReadsTheBaseOn) {
  write_while_a_clock_is_ahead();
  die_in_base(4);
  const BackupReport report = backup();
  ASSERT_TRUE(report.restorable_until);
  EXPECT_EQ(documents_at(*report.restorable_until).size(), 3U);
}

TEST_F(FeedFaults, NorWhereItsRangeIsSplitMeanwhile) {
  write_while_a_clock_is_ahead();
  before_request(4, is_base, [this] {
    EXPECT_TRUE((*account_.engine().container("shop", "orders"))->split("0"));
    return std::nullopt;
  });
  const BackupReport report = backup();
  ASSERT_TRUE(report.restorable_until);
  EXPECT_EQ(documents_at(*report.restorable_until).size(), 3U);
}

// --- Clocks that are set back ---

TEST_F(FeedFaults, AStepBackOfMoreThanAMinuteIsAnEvent) {
  backup();
  const auto events_of_step = [&](int seconds) {
    pass_seconds(300);  // so that nothing is late
    upsert(R"({"id":"a","pk":"a"})");
    write_dated(account_.clock().now() - seconds, R"({"id":"b","pk":"a"})");
    return backup().events;
  };
  EXPECT_THAT(events_of_step(60), IsEmpty());
  ASSERT_THAT(events_of_step(61), ElementsAre(HasSubstr("stepped back by 61 s")));
  EXPECT_EQ(orders().events.back().kind, "clock_step");
}

TEST_F(FeedFaults, InLatestModeAChangeUpToTheLastSyncPointIsLateAndNoOther) {
  const auto vouched_for = [this] { return orders().sync_points.back().at; };
  upsert(R"({"id":"a","pk":"a"})");
  backup(latest_);
  pass_seconds(30);
  write_dated(vouched_for() + 1, R"({"id":"b","pk":"a"})");
  EXPECT_THAT(backup(latest_).events, IsEmpty());
  pass_seconds(30);
  const Second late = vouched_for();
  write_dated(late, R"({"id":"c","pk":"a"})");
  ASSERT_THAT(backup(latest_).events, ElementsAre(HasSubstr("covered already: " + format_rfc3339(late))));
  EXPECT_EQ(orders().events.back().kind, "late_change");
  EXPECT_THAT(documents(), UnorderedElementsAre(Key("a"), Key("b"), Key("c"))) << "it is kept";
}

// What a base reads was written at any time: it stands behind an older history by its place, not by its times.
TEST_F(FeedFaults, ANewBaseOverAnOlderHistoryIsNoStepBack) {
  upsert(R"({"id":"old","pk":"a"})");
  backup();
  pass_seconds(300);
  upsert(R"({"id":"a","pk":"a"})");
  backup();
  BackupOptions options;
  options.mode = ModeChoice::latest;
  EXPECT_THAT(backup(options).events, IsEmpty());
  EXPECT_THAT(orders().events, IsEmpty());
  // Once the base is done, time tells again.
  write_dated(account_.clock().now() - 100, R"({"id":"b","pk":"a"})");
  EXPECT_THAT(backup(options).events, Contains(HasSubstr("stepped back by")));
}

// --- Feeds that are refused ---

TEST_F(FeedFaults, AFeedThatWasFollowedAndIsNotOfferedAnyMoreGivesWayToTheOther) {
  upsert(R"({"id":"a","pk":"a"})");
  backup();
  transport_.before = [&](const http::Request& request) -> std::optional<Answer> {
    if (is_all_versions(request)) return refused_with(500);
    return std::nullopt;
  };
  upsert(R"({"id":"b","pk":"a"})");
  const BackupReport report = backup();
  EXPECT_THAT(report.events, Contains(HasSubstr("could not be continued")));
  EXPECT_THAT(documents(), UnorderedElementsAre(Key("a"), Key("b")));
}

TEST_F(FeedFaults, ARefusalThatIsSaidOnceIsNone) {
  upsert(R"({"id":"a","pk":"a"})");
  backup();
  upsert(R"({"id":"b","pk":"a"})");
  before_request(1, is_all_versions, [this] { return std::optional<Answer>(refused_with(400)); });
  EXPECT_THAT(backup().events, IsEmpty());
  EXPECT_THAT(documents(), UnorderedElementsAre(Key("a"), Key("b")));
}

TEST_F(FeedFaults, AContinuationThatAloneIsAnsweredWithAFaultIsKept) {
  upsert(R"({"id":"a","pk":"a"})");
  backup();
  upsert(R"({"id":"b","pk":"a"})");
  transport_.before = [&](const http::Request& request) -> std::optional<Answer> {
    const bool continued = is_all_versions(request) && request.headers.get("If-None-Match") != "*";
    return continued ? std::optional<Answer>(refused_with(500)) : std::nullopt;
  };
  EXPECT_EQ(incomplete_backup().status, 500);
  transport_.before = nullptr;
  EXPECT_THAT(backup().events, IsEmpty());
  EXPECT_THAT(documents(), UnorderedElementsAre(Key("a"), Key("b")));
}

// --- Restores in place ---

TEST_F(FeedFaults, ARestoreInPlaceLeavesWhatWasSaidOfAContainerThatWasEmpty) {
  upsert(R"({"id":"d","pk":"a"})");
  pass_seconds(10);
  const Second then = account_.clock().now();
  pass_seconds(10);
  remove("d");
  for (int i = 0; i < 5; ++i) {
    upsert(R"({"id":"x","pk":"a"})");
    remove("x");
  }
  pass_seconds(100);
  backup();
  pass_seconds(60);
  const BackupReport empty = backup();
  ASSERT_THAT(documents_at(*empty.restorable_until), IsEmpty());
  pass_seconds(60);
  (*account_.engine().container("shop", "orders"))->restore_in_place(then);
  die_in_base(1);
  backup();
  EXPECT_THAT(documents_at(*empty.restorable_until), IsEmpty());
  EXPECT_THAT(documents(), UnorderedElementsAre(Key("d")));
}

TEST_F(FeedFaults, ARestoreInPlaceOfAMergedContainerIsSeen) {
  const auto container = *account_.engine().container("shop", "orders");
  ASSERT_TRUE(container->split("0"));
  upsert(R"({"id":"x","pk":"a","v":1})");
  pass_seconds(20);
  const Second then = account_.clock().now();
  pass_seconds(20);
  upsert(R"({"id":"x","pk":"a","v":2})");
  for (int i = 0; i < 30; ++i) upsert(fmt::format(R"({{"id":"{0}","pk":"{0}"}})", i));
  pass_seconds(20);
  backup(latest_);
  const auto ranges = container->ranges();
  ASSERT_EQ(ranges.size(), 2U);
  ASSERT_TRUE(container->merge(ranges[0].id, ranges[1].id));
  backup(latest_);
  pass_seconds(20);
  const BackupReport good = backup(latest_);
  const auto before = documents_at(*good.restorable_until);
  pass_seconds(50);
  container->restore_in_place(then);
  pass_seconds(50);
  EXPECT_THAT(backup(latest_).events, Contains(HasSubstr("began anew")));
  EXPECT_EQ(documents_at(*good.restorable_until), before);
  EXPECT_THAT(documents(), UnorderedElementsAre(::testing::Pair("x", R"({"id":"x","pk":"a","v":1})")));
}

}  // namespace
}  // namespace halley::capture
