#include "native/restorable.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace halley::native {
namespace {

using ::testing::HasSubstr;

Second at(const char* text) { return parse_rfc3339(text).value(); }

RestorableAccount account(const std::string& name, const char* created, std::optional<Second> deleted = {},
                          const char* oldest = "2026-10-27T00:00:00Z") {
  RestorableAccount made;
  made.id = {"s", "westus", "instance-of-" + std::string(created)};
  made.name = name;
  made.created = at(created);
  made.deleted = deleted;
  made.oldest = at(oldest);
  return made;
}

const Second kNow = at("2026-11-26T00:00:00Z");

ResourceEvent event(const std::string& name, const std::string& kind, const char* moment) {
  return {name, "rid-" + name, kind, at(moment), kind == "Delete" ? "restorable" : "invalid", ""};
}

TEST(RestorableAccount, ReachesFromItsCreationOrTheOldestMomentToNowOrItsDeletion) {
  const RestorableAccount live = account("shop", "2026-01-01T00:00:00Z");
  EXPECT_FALSE(live.reaches(at("2026-10-26T23:59:59Z"), kNow));
  EXPECT_TRUE(live.reaches(at("2026-10-27T00:00:00Z"), kNow));
  EXPECT_TRUE(live.reaches(kNow, kNow));
  EXPECT_FALSE(live.reaches(kNow + 1, kNow));
  const RestorableAccount deleted = account("shop", "2026-11-01T00:00:00Z", at("2026-11-10T00:00:00Z"));
  EXPECT_FALSE(deleted.reaches(at("2026-10-31T23:59:59Z"), kNow));
  EXPECT_TRUE(deleted.reaches(at("2026-11-09T23:59:59Z"), kNow));
  EXPECT_FALSE(deleted.reaches(at("2026-11-10T00:00:00Z"), kNow));
  EXPECT_EQ(live.seconds_left(), std::nullopt);
  EXPECT_EQ(deleted.seconds_left(), 14 * 86400);
}

TEST(RestorableAccount, OfSeveralOfANameTheOneThatReachesTheMomentIsChosen) {
  const std::vector<RestorableAccount> accounts = {account("shop", "2026-11-20T00:00:00Z"),
                                                   account("shop", "2026-11-01T00:00:00Z", at("2026-11-10T00:00:00Z")),
                                                   account("other", "2026-11-01T00:00:00Z")};
  EXPECT_EQ(account_at(accounts, "SHOP", "", at("2026-11-05T00:00:00Z"), kNow)->created, at("2026-11-01T00:00:00Z"));
  EXPECT_EQ(account_at(accounts, "shop", "", at("2026-11-21T00:00:00Z"), kNow)->created, at("2026-11-20T00:00:00Z"));
  const auto outside = account_at(accounts, "shop", "", at("2026-11-15T00:00:00Z"), kNow);
  EXPECT_EQ(outside.error().code, Code::outside_coverage);
  EXPECT_EQ(
      outside.error().message,
      "2026-11-15T00:00:00Z is outside the backup of shop, which can be restored from 2026-11-20T00:00:00Z on, or "
      "from 2026-11-01T00:00:00Z to 2026-11-09T23:59:59Z");
  const auto picked =
      account_at(accounts, "shop", "instance-of-2026-11-20T00:00:00Z", at("2026-11-05T00:00:00Z"), kNow);
  EXPECT_EQ(picked.error().code, Code::outside_coverage);
  EXPECT_EQ(account_at(accounts, "shops", "", kNow, kNow).error().code, Code::not_found);
}

TEST(Deletions, OnlyWhatIsNotThereAgainCounts) {
  const std::vector<ResourceEvent> events = {
      event("a", "Create", "2026-11-01T00:00:00Z"),  event("a", "Delete", "2026-11-02T00:00:00Z"),
      event("a", "Create", "2026-11-03T00:00:00Z"),  event("b", "Create", "2026-11-01T00:00:00Z"),
      event("b", "Replace", "2026-11-02T00:00:00Z"), event("b", "Delete", "2026-11-04T10:00:00Z")};
  EXPECT_EQ(deletion_of(events, "a"), std::nullopt);
  ASSERT_TRUE(deletion_of(events, "b").has_value());
  EXPECT_EQ(deletion_of(events, "b")->last_second(), at("2026-11-04T09:59:59Z"));
  EXPECT_EQ(deletion_of(events, "c"), std::nullopt);
  EXPECT_EQ(deletions_of(events).size(), 1u);
}

TEST(Restorable, AnswersThatAreNoneAreCorrupt) {
  for (const char* text : {"null", "{}", R"({"properties":7})", R"({"properties":{}})",
                           R"({"id":"/subscriptions/s/providers/p/locations/l/restorableDatabaseAccounts/i",)"
                           R"("properties":{"creationTime":"soon"}})"}) {
    EXPECT_EQ(read_restorable_account(json::parse(text).value()).error().code, Code::corrupt) << text;
  }
  for (const char* text : {"7", "{}", R"({"properties":{"resource":7}})", R"({"properties":{"resource":{}}})"}) {
    EXPECT_EQ(read_resource_event(json::parse(text).value()).error().code, Code::corrupt) << text;
  }
  EXPECT_EQ(read_restorable_resources({json::parse("{}").value()}).error().code, Code::corrupt);
  EXPECT_TRUE(read_restorable_resources({})->empty());
}

}  // namespace
}  // namespace halley::native
