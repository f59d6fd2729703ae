// A change feed delivers at least once: what it brings again is no change.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "capture/captured_account.h"
#include "repo/coverage.h"

namespace halley::capture {
namespace {

class Redelivery : public CapturedAccount {
 protected:
  // The next page of the feed with items begins with those of the first page it came with after this.
  void bring_again(std::string_view feed) {
    transport_.after = [this, feed = std::string(feed)](const http::Request& request,
                                                        http::Response response) -> testing::DirectTransport::Answer {
      if (request.headers.get("A-IM") != feed || response.status != 200) return response;
      const std::size_t begin = response.body.find('[') + 1;
      if (first_.empty()) {
        first_ = response.body.substr(begin, response.body.rfind(']') - begin);
      } else if (!again_) {
        again_ = true;
        response.body.insert(begin, first_ + ",");
        response.body.reserve(response.body.size() + 256);
      }
      return response;
    };
  }

  std::size_t versions_of(std::string_view id) {
    const auto lane = orders();
    const auto stream = std::move(*repository_->versions(lane, {}));
    std::size_t count = 0;
    for (repo::Version version; stream->next(version).value();) count += version.id == id ? 1u : 0u;
    return count;
  }

  bool told(std::string_view kind) {
    const auto events = orders().events;
    return std::any_of(events.begin(), events.end(), [&](const repo::Event& event) { return event.kind == kind; });
  }

  std::string first_;
  bool again_ = false;
};

TEST_F(Redelivery, WhatTheAllVersionsFeedBringsAgainIsKeptOnceAndTakesNoExactness) {
  upsert(R"({"id":"0","pk":"a"})");
  backup();
  bring_again("Full-Fidelity Feed");
  upsert(R"({"id":"1","pk":"a"})");
  pass_seconds(1);
  backup();
  pass_seconds(300);
  backup();
  const auto covered = repo::exact_intervals(orders());
  ASSERT_EQ(covered.size(), 1u);
  upsert(R"({"id":"2","pk":"a"})");
  backup();
  ASSERT_TRUE(again_);
  const auto exact = repo::exact_intervals(orders());
  ASSERT_EQ(exact.size(), 1u);
  EXPECT_EQ(exact[0].from, covered[0].from);
  EXPECT_GT(exact[0].until, covered[0].until);
  EXPECT_FALSE(told("late_change"));
  EXPECT_EQ(versions_of("1"), 1u);
  EXPECT_EQ(versions_of("2"), 1u);
}

TEST_F(Redelivery, WhatTheLatestFeedBringsAgainIsKeptOnce) {
  bring_again("Incremental feed");
  BackupOptions options;
  options.mode = ModeChoice::latest;
  upsert(R"({"id":"1","pk":"a"})");
  backup(options);
  pass_seconds(300);
  backup(options);
  upsert(R"({"id":"2","pk":"a"})");
  backup(options);
  ASSERT_TRUE(again_);
  EXPECT_FALSE(told("late_change"));
  EXPECT_EQ(versions_of("1"), 1u);
  EXPECT_EQ(versions_of("2"), 1u);
}

}  // namespace
}  // namespace halley::capture
