// A change feed delivers at least once: what it brings again is no change.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "capture/captured_account.h"
#include "repo/check.h"
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

// As no embedded account does: its documents are kept whole, their system properties where they were.
TEST_F(Redelivery, DocumentsWhoseSystemPropertiesStandElsewhereAreSound) {
  transport_.after = [](const http::Request& request, http::Response response) -> testing::DirectTransport::Answer {
    const std::size_t rid = response.body.find("\"_rid\":", response.body.find("\"id\":"));
    if (!is_feed(request) || response.status != 200 || rid == std::string::npos) return response;
    const std::string moved = response.body.substr(rid, response.body.find(',', rid) + 1 - rid);
    response.body.erase(rid, moved.size());
    response.body.insert(response.body.find("\"id\":"), moved);
    return response;
  };
  upsert(R"({"id":"1","pk":"a"})");
  backup();
  EXPECT_EQ(documents()["1"], R"({"id":"1","pk":"a"})");
  repo::CheckOptions options;
  options.read_data = 1;
  EXPECT_TRUE(repo::check(*repository_, options)->damaged.empty());
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

// An account whose continuations are no numbers, so that the position is the header's, which is the end of the log.
class OpaqueContinuations : public Redelivery {
 protected:
  OpaqueContinuations() {
    transport_.after = [](const http::Request& request, http::Response response) -> testing::DirectTransport::Answer {
      const std::string etag(response.headers.get("ETag"));
      if (is_feed(request) && !etag.empty()) response.headers.set("ETag", "\"e" + etag.substr(1));
      return response;
    };
    connect(numbered_, 2);
  }

 private:
  class Numbered : public http::Transport {
   public:
    explicit Numbered(http::Transport& account) : account_(account) {}
    Result<http::Response> send(const http::Request& request, Deadline deadline, std::stop_token stop) override {
      http::Request numbered = request;
      const std::string etag(request.headers.get("If-None-Match"));
      if (etag.starts_with("\"e")) numbered.headers.set("If-None-Match", "\"" + etag.substr(2));
      return account_.send(numbered, deadline, std::move(stop));
    }

   private:
    http::Transport& account_;
  };
  Numbered numbered_{transport_};
};

TEST_F(OpaqueContinuations, LoseNothingOfALogOfSeveralPages) {
  upsert(R"({"id":"0","pk":"a"})");
  backup();
  for (int i = 1; i < 10; ++i) upsert(R"({"id":")" + std::to_string(i) + R"(","pk":"a"})");
  pass_seconds(30);
  backup();
  EXPECT_EQ(documents().size(), 10u);
}

}  // namespace
}  // namespace halley::capture
