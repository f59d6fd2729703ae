#include "recovery/definition_text.h"

#include <gtest/gtest.h>

namespace halley::recovery {
namespace {

TEST(DefinitionText, DropsSystemMembersAndKeepsTheRestAsItStands) {
  const auto plain = plain_definition(
      R"({"id":"c","_rid":"r","new":{"_x":1.0,"a":[ 1 ]},"defaultTtl":5,"_ts":1,"_docs":"docs/"})", {"defaultTtl"});
  ASSERT_TRUE(plain);
  EXPECT_EQ(*plain, R"({"id":"c","new":{"_x":1.0,"a":[ 1 ]}})");
  EXPECT_FALSE(plain_definition("[1]"));
}

TEST(DefinitionText, TakesMembersFromAnother) {
  const auto taken = [](const char* from, const char* text) {
    return with_members_of(from, text, {"defaultTtl", "ttlPropertyPath"}).value_or("failed");
  };
  EXPECT_EQ(taken(R"({"id":"old","defaultTtl": 5})", R"({"id":"c","a":{"b":1.0},"_ts":1})"),
            R"({"id":"c","a":{"b":1.0},"defaultTtl":5})");
  EXPECT_EQ(taken(R"({"ttlPropertyPath":"/t","defaultTtl":-1})", R"({"defaultTtl":null})"),
            R"({"defaultTtl":-1,"ttlPropertyPath":"/t"})");
  EXPECT_EQ(taken("{}", R"({"id":"c","defaultTtl":7})"), R"({"id":"c"})");
  EXPECT_EQ(taken("{}", "[]"), "failed");
}

std::string header_of(const std::string& content, const char* name) {
  repo::Definition offer;
  offer.text = R"({"id":"o","content":)" + content + "}";
  const auto headers = throughput_headers(offer);
  EXPECT_TRUE(headers);
  return std::string(headers->get(name));
}

TEST(DefinitionText, ThroughputBecomesTheHeadersOfItsKind) {
  EXPECT_EQ(header_of(R"({"offerThroughput":400})", "x-ms-offer-throughput"), "400");
  const std::string policy = R"("maxThroughput":4000,"autoUpgradePolicy":{"throughputPolicy":{"incrementPercent":0}}})";
  const std::string automatic = R"({"offerThroughput":400,"offerAutopilotSettings":{)" + policy + "}";
  EXPECT_EQ(header_of(automatic, "x-ms-offer-throughput"), "");
  EXPECT_EQ(header_of(automatic, "x-ms-cosmos-offer-autopilot-settings"), "{" + policy);
  EXPECT_EQ(header_of("{}", "x-ms-offer-throughput"), "");
}

TEST(DefinitionText, ComparesMembersByValue) {
  const auto none =
      differing_members(R"({"id":"c","a":{"x":1,"y":2},"_etag":"1"})", R"({"a":{"y":2.0,"x":1},"id":"c","b":5})");
  ASSERT_TRUE(none);
  EXPECT_TRUE(none->empty());
  const auto some = differing_members(R"({"id":"c","a":1,"b":2,"held":3})", R"({"id":"c","a":2})", {"held"});
  ASSERT_TRUE(some);
  EXPECT_EQ(*some, (std::vector<std::string>{"a", "b"}));
  const auto nulls = differing_members(R"({"a":null,"b":null})", R"({"b":1})");
  ASSERT_TRUE(nulls);
  EXPECT_EQ(*nulls, (std::vector<std::string>{"b"})) << "a null is the same as nothing";
}

TEST(DefinitionText, ComparingNamesWhatWasNotPlannedAndIsThere) {
  const auto expiry =
      differing_members(R"({"id":"c"})", R"({"id":"c","defaultTtl":60,"geospatialConfig":{"type":"x"}})");
  ASSERT_TRUE(expiry);
  EXPECT_EQ(*expiry, (std::vector<std::string>{"defaultTtl"}));
  const auto once = differing_members(R"({"id":"c","defaultTtl":null})", R"({"id":"c","defaultTtl":60})");
  ASSERT_TRUE(once);
  EXPECT_EQ(*once, (std::vector<std::string>{"defaultTtl"}));
  const auto held = differing_members(R"({"id":"c"})", R"({"id":"c","defaultTtl":60})", {"defaultTtl"});
  ASSERT_TRUE(held);
  EXPECT_TRUE(held->empty());
}

}  // namespace
}  // namespace halley::recovery
