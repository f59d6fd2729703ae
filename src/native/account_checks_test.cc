#include "native/account_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace halley::native {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = AccountEventKind;

const Second kNow{1795000000};

AccountState good() {
  AccountState account;
  account.id = {"s", "rg", "shop"};
  account.continuous = true;
  account.tier = "Continuous30Days";
  account.all_versions = true;
  account.regions = {{"West US", true}};
  return account;
}

AccountExpectation everything() {
  AccountExpectation expected;
  expected.tier = Tier::days30;
  expected.all_versions = true;
  expected.zone_redundant = true;
  expected.redundancy = "Geo";
  return expected;
}

std::vector<Kind> kinds(const std::vector<AccountEvent>& events) {
  std::vector<Kind> found;
  for (const AccountEvent& event : events) {
    found.push_back(event.kind);
    EXPECT_FALSE(event.message.empty());
    EXPECT_FALSE(event.hint.empty());
    EXPECT_FALSE(event.subject.empty());
  }
  return found;
}

std::vector<Kind> check(const AccountState& account) {
  return kinds(check_account(account, everything(), {{"store/orders", kNow - 60}}, {}, kNow));
}

TEST(AccountChecks, AnAccountThatIsAsItShouldBeRaisesNothing) { EXPECT_THAT(check(good()), IsEmpty()); }

TEST(AccountChecks, PeriodicBackupAndAFailedMigration) {
  AccountState account = good();
  account.continuous = false;
  account.tier.clear();
  EXPECT_THAT(check(account), ElementsAre(Kind::continuous_backup_off));
  account.migration_status = "Failed";
  EXPECT_THAT(check_account(account, everything(), {}, {}, kNow)[0].message, HasSubstr("failed"));
}

TEST(AccountChecks, AShorterTierIsRaisedAndALongerOneIsNot) {
  AccountState account = good();
  account.tier = "Continuous7Days";
  EXPECT_THAT(check(account), ElementsAre(Kind::tier_lowered));
  account.tier = "Continuous35Days";
  EXPECT_THAT(check(account), IsEmpty());
  account.tier = "Continuous99Days";
  EXPECT_THAT(check(account), IsEmpty()) << "what is not known is not judged";
}

TEST(AccountChecks, AContainerThatIsNotBackedUpForTooLong) {
  const auto lag = [](std::optional<Second> latest, std::map<std::string, Second> made) {
    return kinds(check_account(good(), everything(), {{"store/orders", latest}}, made, kNow));
  };
  EXPECT_THAT(lag(kNow - 3600, {}), IsEmpty());
  EXPECT_THAT(lag(kNow - 3601, {}), ElementsAre(Kind::restorable_time_lags));
  EXPECT_THAT(lag(std::nullopt, {}), IsEmpty());
  EXPECT_THAT(lag(std::nullopt, {{"store/orders", kNow - 600}}), IsEmpty());
  EXPECT_THAT(lag(std::nullopt, {{"store/orders", kNow - 7200}}), ElementsAre(Kind::restorable_time_lags));
}

TEST(AccountChecks, TheFeedIsRaisedOnlyWhenItIsKnownToBeOff) {
  AccountState account = good();
  account.all_versions = false;
  EXPECT_THAT(check(account), ElementsAre(Kind::all_versions_off));
  account.all_versions.reset();
  EXPECT_THAT(check(account), IsEmpty());
}

TEST(AccountChecks, ARestoredAccountThatIsOpenToEverybody) {
  AccountState account = good();
  EXPECT_THAT(check(account), IsEmpty());
  account.restored_from = "/subscriptions/s/providers/p/locations/l/restorableDatabaseAccounts/i";
  EXPECT_THAT(check(account), ElementsAre(Kind::restored_but_public));
  account.network_rules = true;
  EXPECT_THAT(check(account), IsEmpty());
  account.network_rules = false;
  account.public_network = false;
  EXPECT_THAT(check(account), IsEmpty());
}

TEST(AccountChecks, RedundancyThatIsLowerThanWanted) {
  AccountState account = good();
  account.regions = {{"West US", true}, {"East US", false}};
  EXPECT_THAT(check(account), ElementsAre(Kind::redundancy_lower));
  account.continuous = false;
  account.redundancy = "Local";
  EXPECT_THAT(check(account), ElementsAre(Kind::continuous_backup_off, Kind::redundancy_lower));
  account.redundancy = "Geo";
  EXPECT_THAT(check(account), ElementsAre(Kind::continuous_backup_off));
  account.redundancy = "Invalid";
  EXPECT_THAT(check(account), ElementsAre(Kind::continuous_backup_off));
}

TEST(AccountChecks, ADeletedAccountCountsDown) {
  RestorableAccount deleted;
  deleted.name = "shop";
  deleted.created = kNow - 90 * 86400;
  deleted.deleted = kNow - 10 * 86400;
  deleted.oldest = kNow - 30 * 86400;
  const auto events = check_deleted({deleted}, {"SHOP", "other"});
  ASSERT_THAT(kinds(events), ElementsAre(Kind::account_deleted));
  EXPECT_THAT(events[0].message, HasSubstr("gone in 20 days"));
  EXPECT_THAT(events[0].hint, HasSubstr("--at " + format_rfc3339(*deleted.deleted - 1)));
  RestorableAccount again;
  again.name = "shop";
  again.created = kNow - 86400;
  EXPECT_THAT(check_deleted({deleted, again}, {"shop"}), IsEmpty());
}

TEST(AccountChecks, KindsHaveNames) {
  EXPECT_EQ(account_event_name(Kind::continuous_backup_off), "continuous_backup_off");
  EXPECT_EQ(account_event_name(Kind::redundancy_lower), "redundancy_lower");
}

}  // namespace
}  // namespace halley::native
