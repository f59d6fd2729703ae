#include "base/time.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace halley {
namespace {

constexpr std::int64_t kFirstSecond = -62135596800;  // 0001-01-01T00:00:00Z
constexpr std::int64_t kLastSecond = 253402300799;   // 9999-12-31T23:59:59Z

Second parsed(std::string_view text) {
  const auto moment = parse_rfc3339(text);
  EXPECT_TRUE(moment) << text;
  return moment.value_or(Second{-1});
}

TEST(Rfc3339, FormatsKnownMoments) {
  EXPECT_EQ(format_rfc3339({0}), "1970-01-01T00:00:00Z");
  EXPECT_EQ(format_rfc3339({951782400}), "2000-02-29T00:00:00Z");
  EXPECT_EQ(format_rfc3339({1768644000}), "2026-01-17T10:00:00Z");
  EXPECT_EQ(format_rfc3339({-1}), "1969-12-31T23:59:59Z");
  EXPECT_EQ(format_rfc3339({kFirstSecond}), "0001-01-01T00:00:00Z");
  EXPECT_EQ(format_rfc3339({kLastSecond}), "9999-12-31T23:59:59Z");
}

TEST(Rfc3339, AppliesOffsetsAndFloorsFractions) {
  EXPECT_EQ(parsed("2026-01-17T10:00:00Z").value, 1768644000);
  EXPECT_EQ(parsed("2026-01-17T11:00:00+01:00").value, 1768644000);
  EXPECT_EQ(parsed("2026-01-17T04:30:00-05:30").value, 1768644000);
  EXPECT_EQ(parsed("2026-01-17t10:00:00z").value, 1768644000);
  EXPECT_EQ(parsed("2026-01-17 10:00:00Z").value, 1768644000);
  EXPECT_EQ(parsed("2026-01-17T10:00:00.999999999Z").value, 1768644000);
  EXPECT_EQ(parsed("1969-12-31T23:59:59.5Z").value, -1);
}

TEST(Rfc3339, RefusesWhatIsNoMoment) {
  for (const char* text :
       {"", "now", "2026-01-17", "2026-01-17T10:00:00", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
        "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-01-00T00:00:00Z",
        "2026-01-17T24:00:00Z", "2026-01-17T10:60:00Z", "2026-01-17T10:00:61Z", "2026-01-17T10:00:00.Z",
        "2026-01-17T10:00:00Z ", "2026-01-17T10:00:00+1:00", "2026-01-17T10:00:00+24:00", "226-01-17T10:00:00Z"}) {
    const auto moment = parse_rfc3339(text);
    ASSERT_FALSE(moment) << text;
    EXPECT_EQ(moment.error().code, Code::invalid_argument);
    EXPECT_FALSE(moment.error().hint.empty());
  }
}

RC_GTEST_PROP(Rfc3339, RoundTrips, ()) {
  const Second moment{*rc::gen::inRange(kFirstSecond, kLastSecond + 1)};
  RC_ASSERT(parse_rfc3339(format_rfc3339(moment)).value() == moment);
}

TEST(HttpDate, FormatsKnownMoments) {
  EXPECT_EQ(format_http_date({1795348897}), "Sun, 22 Nov 2026 12:01:37 GMT");
  EXPECT_EQ(format_http_date({0}), "Thu, 01 Jan 1970 00:00:00 GMT");
}

TEST(HttpDate, RefusesWhatIsNoDate) {
  for (const char* text :
       {"", "Sun, 22 Nov 2026 12:01:37", "Sun, 22 Nov 2026 12:01:37 UTC", "Sun, 32 Nov 2026 12:01:37 GMT",
        "Sun, 22 Foo 2026 12:01:37 GMT", "Sun, 22 Nov 2026 25:01:37 GMT", "Sun; 22 Nov 2026 12:01:37 GMT",
        "Sunday, 22-Nov-26 12:01:37 GMT", "Sun, 30 Feb 2026 12:01:37 GMT"}) {
    const auto moment = parse_http_date(text);
    ASSERT_FALSE(moment) << text;
    EXPECT_EQ(moment.error().code, Code::corrupt);
  }
}

RC_GTEST_PROP(HttpDate, RoundTrips, ()) {
  const Second moment{*rc::gen::inRange(kFirstSecond, kLastSecond + 1)};
  RC_ASSERT(parse_http_date(format_http_date(moment)).value() == moment);
}

TEST(Age, AddsItsUnits) {
  EXPECT_EQ(parse_age("-45s").value(), 45);
  EXPECT_EQ(parse_age("-10m").value(), 600);
  EXPECT_EQ(parse_age("-2h").value(), 7200);
  EXPECT_EQ(parse_age("-3d12h").value(), 3 * 86400 + 12 * 3600);
  EXPECT_EQ(parse_age("-1w").value(), 7 * 86400);
  EXPECT_EQ(parse_age("-0s").value(), 0);
}

TEST(Age, RefusesWhatIsNoAge) {
  for (const char* text : {"", "-", "2h", "-2", "-h", "-2x", "--2h", "-2h-3m", "-2h ", "- 2h", "-1.5h",
                           "-99999999999999999999s", "-9000000000000000000w", "-4000000000000000000s"}) {
    const auto age = parse_age(text);
    ASSERT_FALSE(age) << text;
    EXPECT_EQ(age.error().code, Code::invalid_argument);
    EXPECT_FALSE(age.error().hint.empty());
  }
}

TEST(Second, OrdersAndCounts) {
  EXPECT_LT(Second{1}, Second{2});
  EXPECT_EQ(Second{5} - Second{2}, 3);
  EXPECT_EQ(Second{5} + 2, Second{7});
  EXPECT_EQ(Second{5} - 2, Second{3});
}

}  // namespace
}  // namespace halley
