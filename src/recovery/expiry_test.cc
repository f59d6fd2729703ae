#include "recovery/expiry.h"

#include <gtest/gtest.h>

namespace halley::recovery {
namespace {

ExpiryRule rule_of(std::string_view definition) { return ExpiryRule::of(*json::parse(definition)); }

bool expired(const ExpiryRule& rule, std::string_view body, std::int64_t age) {
  const auto result = is_expired(rule, Second{1000}, body, Second{1000 + age});
  EXPECT_TRUE(result) << body;
  return result.value_or(false);
}

TEST(Expiry, OffMeansADocumentsOwnTtlIsNothing) {
  const ExpiryRule rule = rule_of(R"({"id":"c"})");
  EXPECT_FALSE(rule.enabled());
  EXPECT_FALSE(expired(rule, R"({"id":"1","ttl":1})", 1'000'000));
}

TEST(Expiry, DefaultCountsFromTheWriteAndTheLastSecondIsTheFirstGone) {
  const ExpiryRule rule = rule_of(R"({"id":"c","defaultTtl":60})");
  EXPECT_FALSE(expired(rule, R"({"id":"1"})", 59));
  EXPECT_TRUE(expired(rule, R"({"id":"1"})", 60));
}

TEST(Expiry, OwnTtlWinsOverTheDefault) {
  const ExpiryRule rule = rule_of(R"({"id":"c","defaultTtl":60})");
  EXPECT_FALSE(expired(rule, R"({"id":"1","ttl":-1})", 1'000'000));
  EXPECT_FALSE(expired(rule, R"({"id":"1","ttl":100})", 99));
  EXPECT_TRUE(expired(rule, R"({"id":"1","ttl":5})", 5));
  EXPECT_TRUE(expired(rule, "{\"id\":\"1\",\"\\u0074tl\":5}", 5));
}

TEST(Expiry, OnWithoutDefaultOnlyByTheDocumentsOwn) {
  const ExpiryRule rule = rule_of(R"({"id":"c","defaultTtl":-1})");
  EXPECT_TRUE(rule.enabled());
  EXPECT_FALSE(expired(rule, R"({"id":"1"})", 1'000'000));
  EXPECT_TRUE(expired(rule, R"({"id":"1","ttl":5})", 5));
}

TEST(Expiry, OtherMembersAndValuesCalledTtlDoNotCount) {
  const ExpiryRule rule = rule_of(R"({"id":"c","defaultTtl":60})");
  EXPECT_FALSE(expired(rule, R"({"id":"1","deep":{"ttl":5},"text":"\"ttl\":5"})", 59));
  for (const char* body : {R"({"id":"1","ttl":0})", R"({"id":"1","ttl":null})", R"({"id":"1","ttl":"5"})",
                           R"({"id":"1","ttl":1.5})", R"({"id":"1","ttl":-7})", R"({"id":"1","ttl":[5]})"}) {
    EXPECT_FALSE(expired(rule, body, 59)) << body;
    EXPECT_TRUE(expired(rule, body, 60)) << body;
  }
}

TEST(Expiry, CountsFromTheNamedPropertyWhereThereIsOne) {
  const ExpiryRule rule = rule_of(R"({"id":"c","defaultTtl":60,"ttlPropertyPath":"/made/at"})");
  EXPECT_TRUE(expired(rule, R"({"id":"1","made":{"at":900}})", 0));
  EXPECT_FALSE(expired(rule, R"({"id":"1","made":{"at":1500}})", 559));
  EXPECT_TRUE(expired(rule, R"({"id":"1","made":{"at":1500}})", 560));
  EXPECT_FALSE(expired(rule, R"({"id":"1"})", 1'000'000));
  EXPECT_FALSE(expired(rule, R"({"id":"1","made":5})", 1'000'000));
}

TEST(Expiry, WhatEndsBeyondTheEndOfTimeStays) {
  const ExpiryRule rule = rule_of(R"({"id":"c","defaultTtl":60,"ttlPropertyPath":"/made"})");
  EXPECT_FALSE(expired(rule, R"({"id":"1","made":9223372036854775807})", 1'000'000));
  EXPECT_FALSE(expired(rule, R"({"id":"1","made":1,"ttl":9223372036854775807})", 1'000'000));
  EXPECT_FALSE(expired(rule_of(R"({"id":"c","defaultTtl":-1})"), R"({"id":"1","ttl":9223372036854775807})", 1));
  EXPECT_TRUE(expired(rule, R"({"id":"1","made":-9223372036854775808})", 0));
}

TEST(Expiry, ABrokenBodyIsNamedCorrupt) {
  const auto result = is_expired(rule_of(R"({"id":"c","defaultTtl":60})"), Second{0}, R"({"ttl":)", Second{10});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::corrupt);
}

}  // namespace
}  // namespace halley::recovery
