// Documents that live again once time to live is turned off: no feed tells of them.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "capture/captured_account.h"
#include "repo/coverage.h"
#include "server/faults.h"

namespace halley::capture {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

class ExpiryChange : public CapturedAccount, public ::testing::WithParamInterface<ModeChoice> {
 protected:
  ExpiryChange() : CapturedAccount(R"(,"defaultTtl":-1)") {
    transport_.before = [this](const http::Request& request) -> std::optional<testing::DirectTransport::Answer> {
      if (is_listing(request)) ++listings_;
      return std::nullopt;
    };
  }
  void turn_expiry_off() { set_expiry(""); }

  // It does not wait, so that nothing is purged meanwhile.
  BackupReport backup() {
    BackupOptions options;
    options.mode = GetParam();
    options.wait = false;
    listings_ = 0;
    return CapturedAccount::backup(options);
  }

  // How many there are in the lane, deletes apart.
  std::size_t versions() {
    std::size_t count = 0;
    const auto stream = repository_->versions(orders(), {});
    repo::Version version;
    while (*(*stream)->next(version)) count += version.operation == repo::Operation::upsert ? 1U : 0U;
    return count;
  }

  int listings_ = 0;
};

constexpr const char* kShort = R"({"id":"d","pk":"a","ttl":3})";

TEST_P(ExpiryChange, WhatNoFeedHasBroughtIsTakenBack) {
  upsert(kShort);
  pass_seconds(4);
  backup();
  EXPECT_THAT(documents(), IsEmpty());
  turn_expiry_off();
  const BackupReport report = backup();
  EXPECT_THAT(documents(), ElementsAre(Pair("d", kShort)));
  EXPECT_THAT(report.events, ::testing::Contains(HasSubstr("live again")));
}

TEST_P(ExpiryChange, WhatWasTakenForDeletedIsTakenBack) {
  upsert(kShort);
  backup();
  pass_seconds(4);
  backup();
  turn_expiry_off();
  backup();
  EXPECT_THAT(documents(), ElementsAre(Pair("d", kShort)));
}

TEST_P(ExpiryChange, OfADocumentThatIsKnownTheNewestVersionIsTakenBack) {
  upsert(R"({"id":"d","pk":"a","n":1})");
  backup();
  upsert(kShort);
  pass_seconds(4);
  backup();
  turn_expiry_off();
  backup();
  EXPECT_THAT(documents(), ElementsAre(Pair("d", kShort)));
}

TEST_P(ExpiryChange, WhatWasPurgedStaysAway) {
  upsert(kShort);
  backup();
  pass_seconds(20);
  backup();
  turn_expiry_off();
  backup();
  EXPECT_THAT(documents(), IsEmpty());
}

TEST_P(ExpiryChange, IsLookedThroughOnce) {
  upsert(R"({"id":"d","pk":"a"})");
  backup();
  pass_seconds(20);
  turn_expiry_off();
  pass_seconds(10);
  backup();
  EXPECT_GT(listings_, 0);
  pass_seconds(20);
  const BackupReport report = backup();
  EXPECT_THAT(report.events, IsEmpty());
  EXPECT_EQ(listings_ > 0, GetParam() == ModeChoice::latest) << "in latest mode deletes are looked for in every pass";
}

// Date may be ahead of the clock that dates the change, within the margin: then it looks older than the look.
TEST_P(ExpiryChange, AChangeWhileTheyAreLookedThroughIsSeenByTheNextPassWhereDateIsAhead) {
  transport_.after = [](const http::Request&, http::Response response) -> testing::DirectTransport::Answer {
    const auto date = parse_http_date(response.headers.get("Date"));
    if (date) response.headers.set("Date", format_http_date(*date + 4));
    return response;
  };
  connect(transport_, 1);
  upsert(kShort);  // on the first page, which is read before the change
  for (const char* id : {"e", "f"}) upsert(fmt::format(R"({{"id":"{}","pk":"a"}})", id));
  pass_seconds(4);
  backup();
  ASSERT_EQ(documents().count("d"), 0U);
  set_expiry(R"(,"defaultTtl":2000)");
  int pages = 0;
  bool fed = false;
  transport_.before = [&](const http::Request& request) -> std::optional<testing::DirectTransport::Answer> {
    if (is_feed(request) && !std::exchange(fed, true)) pass_seconds(2);
    if (is_listing(request) && ++pages == 2) {
      pass_seconds(1);
      turn_expiry_off();
    }
    return std::nullopt;
  };
  backup();
  transport_.before = nullptr;
  ASSERT_GE(pages, 2);
  pass_seconds(60);
  backup();
  EXPECT_EQ(documents().count("d"), 1U);
}

TEST_P(ExpiryChange, OfManyThatComeBackNoMoreIsHeldThanOneCommitTakes) {
  const int count = 12;
  for (int i = 0; i < count; ++i) upsert(fmt::format(R"({{"id":"d{}","pk":"a","ttl":3}})", i));
  pass_seconds(4);
  backup();
  turn_expiry_off();
  // The pass ends in the middle of them; the next takes the rest.
  int reads = 0;
  transport_.before = [&](const http::Request& request) -> std::optional<testing::DirectTransport::Answer> {
    if (!is_point_read(request) || ++reads != 8) return std::nullopt;
    return testing::DirectTransport::Answer(fail(Code::corrupt, "the pass ends here"));
  };
  BackupOptions options;
  options.mode = GetParam();
  options.wait = false;
  options.flush_bytes = 1;
  options.reads_at_once = 1;
  EXPECT_EQ(incomplete_backup(options).code, Code::corrupt);
  EXPECT_EQ(documents().size(), 7U);
  backup();
  EXPECT_EQ(documents().size(), static_cast<std::size_t>(count));
  EXPECT_EQ(versions(), static_cast<std::size_t>(count)) << "none of them twice";
}

TEST_P(ExpiryChange, WhatComesBackWhileRangesChangeIsTakenOnce) {
  for (int i = 0; i < 12; ++i) upsert(fmt::format(R"({{"id":"d{0}","pk":"{0}","ttl":3}})", i));
  pass_seconds(4);
  backup();
  turn_expiry_off();
  int listings = 0;
  transport_.before = [&](const http::Request& request) -> std::optional<testing::DirectTransport::Answer> {
    if (is_listing(request) && ++listings == 6) {
      const auto container = account_.engine().container("shop", "orders");
      EXPECT_TRUE((*container)->split((*container)->ranges().front().id));
    }
    return std::nullopt;
  };
  connect(transport_, 4);  // three pages each time
  backup();
  EXPECT_GT(listings, 6);
  EXPECT_EQ(documents().size(), 12U);
  EXPECT_EQ(versions(), 12U);
}

// A replica that lags shows what was deleted, and no session token is there that would tell.
TEST_P(ExpiryChange, WhatOnlyAStaleListingShowsStaysAway) {
  if (GetParam() == ModeChoice::all_versions) set_expiry(R"(,"defaultTtl":1000)");
  upsert(R"({"id":"d","pk":"a"})");
  upsert(R"({"id":"e","pk":"a"})");
  backup();
  remove("d");
  backup();
  ASSERT_THAT(documents(), ElementsAre(Pair("e", R"({"id":"e","pk":"a"})")));
  set_expiry("");  // all is looked through
  transport_.after = [](const http::Request&, http::Response response) -> testing::DirectTransport::Answer {
    response.headers.set("x-ms-session-token", "");
    return response;
  };
  connect(transport_, 0);
  account_.faults().arm(
      *server::parse_fault(*json::parse(R"({"kind":"stale","behind":1,"operation":"read_feed","count":0})")));
  backup();
  EXPECT_GT(account_.faults().struck(), 0U);
  EXPECT_THAT(documents(), ElementsAre(Pair("e", R"({"id":"e","pk":"a"})")));
}

TEST_P(ExpiryChange, WhatComesBackWithoutAWrittenTimeIsNamed) {
  upsert(kShort);
  pass_seconds(4);
  backup();
  turn_expiry_off();
  for (const char* ts : {R"("soon")", "9800000000"}) {
    transport_.after = [&](const http::Request& request, http::Response response) -> testing::DirectTransport::Answer {
      if (!is_point_read(request) && !is_listing(request)) return response;
      const std::size_t at = response.body.find(R"("_ts":)");
      if (at == std::string::npos) return response;
      response.body.replace(at + 6, 10, ts);
      response.body.reserve(response.body.size() + json::kPadding);
      return response;
    };
    BackupOptions options;
    options.mode = GetParam();
    options.wait = false;
    const Error error = incomplete_backup(options);
    EXPECT_EQ(error.code, Code::corrupt) << ts;
    EXPECT_THAT(error.to_string(), HasSubstr("'d'")) << ts;
    EXPECT_THAT(documents(), IsEmpty());
  }
  transport_.after = nullptr;
  backup();
  EXPECT_THAT(documents(), ElementsAre(Pair("d", kShort)));
}

INSTANTIATE_TEST_SUITE_P(Modes, ExpiryChange, ::testing::Values(ModeChoice::all_versions, ModeChoice::latest),
                         [](const auto& test) {
                           return std::string(test.param == ModeChoice::latest ? "latest" : "all_versions");
                         });

// In all-versions mode documents are looked through once for each change of time to live.
class LookThrough : public CapturedAccount {
 protected:
  LookThrough() : CapturedAccount(R"(,"defaultTtl":-1)") {
    quick_.wait = false;
    connect(transport_, 1);
  }
  // Runs `action` before the nth request that `is_one` tells of.
  void before_request(int nth, bool (*is_one)(const http::Request&), std::function<void()> action) {
    transport_.before =
        [=, count = 0](const http::Request& request) mutable -> std::optional<testing::DirectTransport::Answer> {
      if (is_one(request) && ++count == nth) action();
      return std::nullopt;
    };
  }
  // When the versions of a document were written, by the lane, newest first.
  std::vector<Second> times_of(const std::string& id) {
    std::vector<Second> times;
    const auto stream = repository_->versions(orders(), {});
    repo::Version version;
    while (*(*stream)->next(version)) {
      if (version.id == id) times.push_back(version.time);
    }
    return times;
  }
  BackupOptions quick_;
};

TEST_F(LookThrough, AChangeMeanwhileIsForTheNextPass) {
  upsert(kShort);
  upsert(R"({"id":"e","pk":"a"})");
  upsert(R"({"id":"f","pk":"a"})");
  pass_seconds(4);
  backup(quick_);
  set_expiry(R"(,"defaultTtl":2000)");
  // The first page of the look through was read without d when d comes back.
  before_request(2, is_listing, [this] {
    pass_seconds(2);
    set_expiry("");
    pass_seconds(2);
  });
  backup(quick_);
  transport_.before = nullptr;
  int listings = 0;
  before_request(1, is_listing, [&] { ++listings; });
  backup(quick_);
  EXPECT_GT(listings, 0);
  EXPECT_EQ(documents().count("d"), 1U);
}

TEST_F(LookThrough, ABaseIsNone) {
  upsert(kShort);
  upsert(R"({"id":"e","pk":"a"})");
  upsert(R"({"id":"f","pk":"a"})");
  pass_seconds(4);
  // The base has passed d when d comes back, and goes on for some time.
  before_request(2, is_base, [this] {
    set_expiry("");
    pass_seconds(30);
  });
  backup(quick_);
  transport_.before = nullptr;
  ASSERT_EQ(documents().count("d"), 0U);
  backup(quick_);
  EXPECT_EQ(documents().count("d"), 1U);
}

// The feed is left before its end, at a page that is far ahead of the write behind it: the clock was set back.
TEST_F(LookThrough, WhatTheFeedStillHasToBringIsNoReturnThoughTheClockWasSetBack) {
  upsert(kShort);
  pass_seconds(4);
  backup(quick_);
  set_expiry("");
  before_request(1, is_listing, [this] {
    account_.clock().advance(1000);
    upsert(R"({"id":"ahead","pk":"a"})");
    account_.clock().advance(-990);
    upsert(R"({"id":"behind","pk":"a"})");
  });
  backup(quick_);
  EXPECT_EQ(documents().count("d"), 1U);
  EXPECT_THAT(times_of("behind"), ElementsAre(::testing::Gt(times_of("d").front() + 900)))
      << "once, where the feed has it: behind what is ahead";
}

// The feed is asked for more than it can be read to its end, from the listing on, until `writes` were made.
TEST_F(LookThrough, NoSecondIsVouchedForWhileWhatCameBackCantBeToldFromWhatComes) {
  upsert(kShort);
  pass_seconds(4);
  BackupOptions options;
  options.mode = ModeChoice::latest;
  options.wait = false;
  backup(options);
  options.wait = true;
  set_expiry("");
  bool listed = false;
  int writes = 0;
  transport_.before = [&](const http::Request& request) -> std::optional<testing::DirectTransport::Answer> {
    listed = listed || is_listing(request);
    if (!listed || !is_feed(request) || writes >= 700) return std::nullopt;
    if (++writes % 20 == 0) pass_seconds(1);
    upsert(fmt::format(R"({{"id":"hot","pk":"a","n":{}}})", writes));
    return std::nullopt;
  };
  EXPECT_THAT(incomplete_backup(options).message, HasSubstr("written faster"));
  EXPECT_EQ(writes, 700) << "the end of the pass finds the feed at rest";
  EXPECT_TRUE(orders().sync_points.empty());
  backup(options);
  ASSERT_EQ(orders().sync_points.size(), 1U);
  EXPECT_EQ(documents(*repo::cut_at(orders(), orders().sync_points.back().at)).count("d"), 1U);
}

}  // namespace
}  // namespace halley::capture
