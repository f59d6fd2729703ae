#include "native/account.h"

#include <gtest/gtest.h>

#include "native/arm_time.h"
#include "native/enable.h"

namespace halley::native {
namespace {

constexpr const char* kId =
    "/subscriptions/s/resourceGroups/shop-rg/providers/Microsoft.DocumentDB/databaseAccounts/shop";

AccountState account(const std::string& properties) {
  const std::string text =
      R"({"id":")" + std::string(kId) + R"(","location":"West US","properties":)" + properties + "}";
  auto state = read_account(json::parse(text).value());
  EXPECT_TRUE(state.has_value());
  return state.value_or(AccountState());
}

AccountState continuous(const std::string& tier) {
  return account(R"({"provisioningState":"Succeeded","backupPolicy":{"type":"Continuous","continuousModeProperties":)"
                 R"({"tier":")" +
                 tier + R"("}}})");
}

TEST(Account, IsReadWithWhatItHas) {
  const AccountState state =
      account(R"({"provisioningState":"Updating","instanceId":"i","publicNetworkAccess":"Disabled",
    "documentEndpoint":"https://shop.documents.azure.com:443/","enableMultipleWriteLocations":true,
    "ipRules":[{"ipAddressOrRange":"10.0.0.1"}],"enableAllVersionsAndDeletesChangeFeed":true,
    "writeLocations":[{"locationName":"East US 2","isZoneRedundant":true}],
    "locations":[{"locationName":"East US 2"},{"locationName":"West US"}],
    "backupPolicy":{"type":"Periodic","migrationState":{"status":"InProgress","targetType":"Continuous",
    "startTime":"2026-11-26T03:00:00.5Z"},"periodicModeProperties":{"backupIntervalInMinutes":240,
    "backupRetentionIntervalInHours":8,"backupStorageRedundancy":"Geo"}}})");
  EXPECT_EQ(state.id.subscription, "s");
  EXPECT_EQ(state.id.resource_group, "shop-rg");
  EXPECT_EQ(state.id.name, "shop");
  EXPECT_EQ(state.instance, "i");
  EXPECT_FALSE(state.continuous);
  EXPECT_EQ(state.retention_hours, 8);
  EXPECT_EQ(state.redundancy, "Geo");
  EXPECT_EQ(state.migration_status, "InProgress");
  EXPECT_EQ(format_rfc3339(*state.migration_began), "2026-11-26T03:00:00Z");
  EXPECT_EQ(state.all_versions, true);
  EXPECT_FALSE(state.public_network);
  EXPECT_TRUE(state.network_rules);
  EXPECT_TRUE(state.multiple_write_regions);
  EXPECT_EQ(state.write_region(), "East US 2");
  EXPECT_EQ(state.regions.size(), 2u);
}

TEST(Account, WithoutATierItIsTheOneOfThirtyDays) {
  EXPECT_EQ(account(R"({"backupPolicy":{"type":"Continuous"}})").tier, "Continuous30Days");
  EXPECT_EQ(account("{}").tier, "");
  EXPECT_EQ(account("{}").all_versions, std::nullopt);
  EXPECT_EQ(account("{}").write_region(), "West US");
}

TEST(Account, WhatIsNoneIsCorrupt) {
  for (const char* text : {"{}", "[]", "null", R"({"id":"/x","properties":{}})", R"({"id":7,"properties":{}})",
                           R"({"id":"/subscriptions/s/resourceGroups/g/providers/X","properties":{}})"}) {
    EXPECT_EQ(read_account(json::parse(text).value()).error().code, Code::corrupt) << text;
  }
}

TEST(Account, IdsAreTakenApartWithoutCase) {
  const auto id =
      parse_account_id("/SUBSCRIPTIONS/s/resourcegroups/g%20h/providers/microsoft.documentdb/databaseaccounts/a");
  ASSERT_TRUE(id.has_value());
  EXPECT_EQ(id->resource_group, "g h");
  EXPECT_EQ(account_path(*id),
            "/subscriptions/s/resourceGroups/g%20h/providers/Microsoft.DocumentDB/databaseAccounts/a");
  EXPECT_FALSE(parse_account_id("/subscriptions/s/resourceGroups/g/providers/p/databaseAccounts/a/more").has_value());
  EXPECT_FALSE(parse_restorable_id("").has_value());
  EXPECT_TRUE(same_region("West US 2", "westus2"));
  EXPECT_FALSE(same_region("West US", "westus2"));
}

TEST(ArmTime, IsReadInBothForms) {
  const auto text = [](const char* written) {
    const auto moment = parse_arm_time(written);
    return moment ? format_rfc3339(*moment) : "none";
  };
  EXPECT_EQ(text("6/25/2024 11:29:09 PM"), "2024-06-25T23:29:09Z");
  EXPECT_EQ(text("12/1/2024 12:00:00 AM"), "2024-12-01T00:00:00Z");
  EXPECT_EQ(text("12/31/2024 12:00:01 PM"), "2024-12-31T12:00:01Z");
  EXPECT_EQ(text("1/1/1970 12:00:00 AM"), "1970-01-01T00:00:00Z");
  EXPECT_EQ(text("2024-06-24T21:43:44+00:00"), "2024-06-24T21:43:44Z");
  EXPECT_EQ(text("2024-06-25T22:47:14.7707491Z"), "2024-06-25T22:47:14Z");
  for (const char* bad : {"", "soon", "13/25/2024 1:00:00 PM", "6/25/2024 13:00:00 PM", "6/25/2024",
                          "6/25/2024 1:00:00", "6/31/2024 1:00:00 PM", "-6/25/2024 1:00:00 PM"}) {
    EXPECT_EQ(text(bad), "none") << bad;
  }
}

TEST(Enable, APeriodicAccountIsWarnedThatThereIsNoWayBack) {
  const auto steps = plan_enable(account("{}"), std::nullopt, true).value();
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(steps[0].request.body,
            R"({"properties":{"apiProperties":{},"backupPolicy":{"type":"Continuous","continuousModeProperties":)"
            R"({"tier":"Continuous30Days"}}}})");
  EXPECT_NE(steps[0].warning.find("never returns to periodic"), std::string::npos);
  // Separately, for the service refuses both at once.
  EXPECT_EQ(steps[1].request.body, R"({"properties":{"enableAllVersionsAndDeletesChangeFeed":true}})");
  EXPECT_EQ(steps[1].request.api_version, api::kAllVersions);
  EXPECT_EQ(steps[1].warning, "");
}

TEST(Enable, AShorterTierIsWarnedOfAndALongerOneIsNot) {
  EXPECT_NE(plan_enable(continuous("Continuous30Days"), Tier::days7, false).value()[0].warning.find("is lost"),
            std::string::npos);
  const auto longer = plan_enable(continuous("Continuous7Days"), Tier::days35, false).value();
  EXPECT_EQ(longer[0].warning, "");
  EXPECT_EQ(longer[0].request.api_version, api::kLongTier);
}

TEST(Enable, WhatIsThereAlreadyIsNotDoneAgain) {
  AccountState state = continuous("Continuous7Days");
  EXPECT_TRUE(plan_enable(state, std::nullopt, false)->empty());
  EXPECT_TRUE(plan_enable(state, Tier::days7, false)->empty());
  EXPECT_EQ(plan_enable(state, Tier::days7, true)->size(), 1u);
  state.all_versions = true;
  EXPECT_TRUE(plan_enable(state, Tier::days7, true)->empty());
}

TEST(Enable, NotWhileTheAccountIsBeingChanged) {
  AccountState state = continuous("Continuous7Days");
  state.provisioning_state = "Updating";
  EXPECT_EQ(plan_enable(state, Tier::days30, false).error().code, Code::precondition);
  EXPECT_TRUE(plan_enable(state, Tier::days7, false)->empty());
  AccountState migrating = account("{}");
  migrating.migration_status = "InProgress";
  EXPECT_EQ(plan_enable(migrating, Tier::days30, false).error().code, Code::precondition);
}

TEST(Tiers, AreNamedInFullOrByTheirDays) {
  EXPECT_EQ(parse_tier("continuous7days").value(), Tier::days7);
  EXPECT_EQ(parse_tier("30d").value(), Tier::days30);
  EXPECT_EQ(parse_tier("35").value(), Tier::days35);
  EXPECT_NE(parse_tier("8d").error().hint.find("Continuous35Days"), std::string::npos);
}

}  // namespace
}  // namespace halley::native
