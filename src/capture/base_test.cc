// The base of the all-versions feed: what is committed before it, what is read meanwhile, and where exactness begins
// behind it.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "capture/captured_account.h"
#include "repo/coverage.h"
#include "server/clock.h"
#include "server/container.h"

namespace halley::capture {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

class Base : public CapturedAccount {
 protected:
  // Calls `action` before the base is asked for the first time.
  void before_the_base(std::function<void()> action) {
    transport_.before = [=, done = false](const http::Request& request) mutable -> std::optional<Answer> {
      if (!done && is_base(request)) {
        done = true;
        action();
      }
      return std::nullopt;
    };
  }
  void expect_a_document_at_every_exact_second() {
    const repo::LaneState lane = orders();
    const auto exact = repo::exact_intervals(lane);
    ASSERT_FALSE(exact.empty());
    std::vector<std::string> without;
    for (const repo::Interval& interval : exact) {
      for (Second second = interval.from; second < interval.until; second = second + 1) {
        if (documents(*repo::cut_at(lane, second)).empty()) without.push_back(format_rfc3339(second));
      }
    }
    EXPECT_THAT(without, IsEmpty());
  }
  // The bodies of all captured versions, oldest first.
  std::vector<std::string> versions() {
    std::vector<std::string> bodies;
    const auto stream = repository_->versions(orders(), {});
    repo::Version version;
    while (*(*stream)->next(version)) bodies.insert(bodies.begin(), repo::body_text(version));
    return bodies;
  }

  using Answer = testing::DirectTransport::Answer;
};

TEST_F(Base, IsReadOnlyOnceTheCursorsOfAllRangesAreCommitted) {
  const auto container = *account_.engine().container("shop", "orders");
  ASSERT_TRUE(container->split("0"));
  upsert(R"({"id":"d","pk":"a","n":1})");
  transport_.before = [&](const http::Request& request) -> std::optional<Answer> {
    if (!is_base(request)) return std::nullopt;
    http::Response refusal;
    refusal.status = 403;
    return Answer(std::move(refusal));
  };
  EXPECT_EQ(incomplete_backup().status, 403);
  const repo::LaneState lane = orders();
  EXPECT_EQ(lane.seq, 1U);
  EXPECT_THAT(lane.segments, IsEmpty());
  ASSERT_EQ(lane.ranges.size(), 2U);
  for (const repo::RangeState& range : lane.ranges) {
    EXPECT_NE(range.feed, "") << "its cursor";
    EXPECT_EQ(range.base, "");
  }
  // So another process has the cursors, and with them every change since.
  upsert(R"({"id":"d","pk":"a","n":2})");
  upsert(R"({"id":"d","pk":"a","n":3})");
  transport_.before = nullptr;
  backup();
  EXPECT_THAT(versions(), ElementsAre(R"({"id":"d","pk":"a","n":2})", R"({"id":"d","pk":"a","n":3})"));
}

TEST_F(Base, MeanwhileTheFeedIsFollowed) {
  for (int i = 0; i < 5; ++i) upsert(fmt::format(R"({{"id":"d{}","pk":"a"}})", i));
  connect(transport_, 1);
  std::string asked;  // b: a page of the base, f: one of the feed
  transport_.before = [&](const http::Request& request) -> std::optional<Answer> {
    if (is_all_versions(request)) asked += 'f';
    if (!is_base(request)) return std::nullopt;
    asked += 'b';
    pass_seconds(20);
    return std::nullopt;
  };
  backup();
  EXPECT_THAT(asked, StartsWith("fbfbfbfbfb"));
  EXPECT_THAT(asked, Not(HasSubstr("bb")));
}

// One range was read whole before another was divided in the middle of its base, which is read over an older history
// then.
TEST_F(Base, WhereARangeWasReadWholeItsFeedTellsDeletesThoughAnotherIsStillRead) {
  const auto container = *account_.engine().container("shop", "orders");
  ASSERT_TRUE(container->split("0"));
  const std::string first = container->ranges()[0].id;
  const std::string second = container->ranges()[1].id;
  const auto is_of = [](const http::Request& request, const std::string& range) {
    return request.headers.get("x-ms-documentdb-partitionkeyrangeid") == range;
  };
  for (int i = 0; i < 8; ++i) upsert(fmt::format(R"({{"id":"d{0}","pk":"{0}"}})", i));
  BackupOptions options;
  options.ranges_at_once = 1;
  options.flush_bytes = 1;
  connect(transport_, 1);
  int pages = 0;
  transport_.before = [&](const http::Request& request) -> std::optional<Answer> {
    if (!is_base(request) || !is_of(request, second) || ++pages == 1) return std::nullopt;
    // Until the page is committed, too.
    for (int i = 0; i < 100'000 && !orders().ranges[0].base_done; ++i) std::this_thread::yield();
    http::Response refusal;
    refusal.status = 403;
    return Answer(std::move(refusal));
  };
  EXPECT_EQ(incomplete_backup(options).status, 403);
  ASSERT_FALSE(orders().ranges[1].base_done);
  ASSERT_TRUE(container->split(second));
  // The feed of the first range is left at a page that is far ahead of the delete behind it: the clock was set back.
  std::string key = "0";
  while (!orders().ranges[0].range.contains(
      *cosmos::effective_partition_key(*orders().identity.key, fmt::format(R"(["{}"])", key)))) {
    key = std::to_string(std::stoi(key) + 1);
  }
  const std::string id = "d" + key;
  ASSERT_EQ(documents().count(id), 1U);
  bool listed = false;
  transport_.before = [&](const http::Request& request) -> std::optional<Answer> {
    if (!is_listing(request) || std::exchange(listed, true)) return std::nullopt;
    account_.clock().advance(1000);
    upsert(fmt::format(R"({{"id":"ahead","pk":"{}"}})", key));
    account_.clock().advance(-990);
    EXPECT_TRUE(account_.engine().remove_document("shop", "orders", fmt::format(R"(["{}"])", key), id));
    return std::nullopt;
  };
  options.wait = false;
  backup(options);
  ASSERT_TRUE(listed) << "what was deleted before a base was whole is looked for";
  transport_.before = nullptr;
  pass_seconds(20);
  backup(options);
  Second ahead;
  std::vector<Second> deletes;
  const auto stream = repository_->versions(orders(), {});
  repo::Version version;
  while (*(*stream)->next(version)) {
    if (version.id == "ahead") ahead = version.time;
    if (version.id == id && version.operation == repo::Operation::remove) deletes.push_back(version.time);
  }
  EXPECT_THAT(deletes, ElementsAre(::testing::Ge(ahead))) << "once, where the feed has it: behind what is ahead";
}

// Commit times and Date come from different clocks: here commit times are ahead, within the margin.
TEST_F(Base, ExactnessBeginsBehindEveryCommitThatItMayHaveSkipped) {
  upsert(R"({"id":"d","pk":"a","n":1})");
  account_.clock().advance(100);
  before_the_base([this] { upsert(R"({"id":"d","pk":"a","n":2})"); });  // behind the cursor: left to the feed
  transport_.after = [&](const http::Request&, http::Response response) -> Answer {
    response.headers.set("Date", format_http_date(account_.clock().now() - 4));
    return response;
  };
  EXPECT_TRUE(backup().restorable_until) << "the first pass lasts until something is exact";
  account_.clock().advance(10);
  backup();
  expect_a_document_at_every_exact_second();
}

// What it skipped may be dated further ahead than the margin: the feed tells.
TEST_F(Base, ExactnessBeginsBehindEveryChangeThatItSkippedWhateverItsDate) {
  upsert(R"({"id":"d","pk":"a","n":1})");
  before_the_base([this] {
    account_.clock().advance(30);
    upsert(R"({"id":"d","pk":"a","n":2})");
    account_.clock().advance(-30);
  });
  EXPECT_TRUE(backup().restorable_until);
  pass_seconds(10);
  backup();
  expect_a_document_at_every_exact_second();
}

}  // namespace
}  // namespace halley::capture
