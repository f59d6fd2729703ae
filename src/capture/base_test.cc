// The base of the all-versions feed: where exactness begins behind it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "capture/captured_account.h"
#include "repo/coverage.h"
#include "server/clock.h"

namespace halley::capture {
namespace {

using ::testing::IsEmpty;

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

  using Answer = testing::DirectTransport::Answer;
};

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
