#include "native/account_restore.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/fixed_tokens.h"
#include "testing/scripted_transport.h"
#include "testing/virtual_runtime.h"

namespace halley::native {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kSource =
    "/subscriptions/s/providers/Microsoft.DocumentDB/locations/westus/restorableDatabaseAccounts/i";
constexpr const char* kTarget = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.DocumentDB/databaseAccounts/";

class AccountRestoreTest : public ::testing::Test {
 protected:
  void there_is_a_backup() {
    transport_.answer(200, {},
                      R"({"value":[{"id":")" + std::string(kSource) +
                          R"(","location":"West US","properties":{)"
                          R"("accountName":"shop","apiType":"Sql","creationTime":"2026-11-01T00:00:00Z",)"
                          R"("oldestRestorableTime":"2026-11-01T00:00:00Z","restorableLocations":[)"
                          R"({"locationName":"West US"},{"locationName":"East US 2"}]}}]})");
  }
  void there_were_resources() {
    transport_.answer(200, {},
                      R"({"value":[{"databaseName":"store","collectionNames":["orders","carts"]},)"
                      R"({"databaseName":"logs","collectionNames":["log"]}]})");
  }
  Result<AccountRestorePlan> plan() { return plan_account_restore(arm_, wish_, {}); }
  AccountRestorePlan planned() {
    there_is_a_backup();
    there_were_resources();
    return plan().value();
  }
  // `more`: further members of the parameters of the restore that made it, with a comma before.
  void target(const std::string& state, const std::string& source = kSource, const char* at = "2026-11-20T10:00:00Z",
              const std::string& more = "") {
    transport_.answer(200, {},
                      R"({"id":")" + std::string(kTarget) + R"(copy","properties":{"provisioningState":")" + state +
                          R"(","restoreParameters":{"restoreSource":")" + source + R"(","restoreTimestampInUtc":")" +
                          at + "\"" + more + "}}}");
  }
  void no_target() { transport_.answer(404, {}, R"({"error":{"code":"ResourceNotFound","message":"none"}})"); }

  testing::VirtualRuntime runtime_{parse_rfc3339("2026-11-26T00:00:00Z").value()};
  testing::ScriptedTransport transport_;
  std::unique_ptr<identity::TokenSource> tokens_ = testing::numbered_tokens(runtime_);
  ArmClient arm_{runtime_, transport_, *tokens_, {.base = "https://management.example", .scope = "s"}};
  AccountRestoreWish wish_{.subscription = "s",
                           .account = "shop",
                           .instance = {},
                           .at = parse_rfc3339("2026-11-20T10:00:00Z").value(),
                           .to_resource_group = "rg",
                           .to_account = "copy",
                           .region = {},
                           .databases = {}};
};

TEST_F(AccountRestoreTest, IsClosedToThePublicAndDoesNotExpireUnlessToldOtherwise) {
  const AccountRestorePlan plan = planned();
  EXPECT_EQ(plan.request.method, "PUT");
  EXPECT_EQ(plan.request.path, std::string(kTarget) + "copy");
  EXPECT_EQ(plan.request.api_version, api::kTimeToLive);
  EXPECT_EQ(plan.request.body,
            R"({"location":"West US","kind":"GlobalDocumentDB","properties":{"locations":[{"locationName":"West US",)"
            R"("failoverPriority":0}],"databaseAccountOfferType":"Standard","apiProperties":{},"createMode":"Restore",)"
            R"("restoreParameters":{"restoreSource":")" +
                std::string(kSource) +
                R"(","restoreTimestampInUtc":"2026-11-20T10:00:00.000Z","restoreMode":"PointInTime",)"
                R"("restoreWithTtlDisabled":true},"publicNetworkAccess":"Disabled"}})");
  EXPECT_EQ(plan.resources.size(), 2u);
  wish_.public_network = wish_.keep_time_to_live = true;
  const AccountRestorePlan open = planned();
  EXPECT_THAT(open.request.body, Not(HasSubstr("publicNetworkAccess")));
  EXPECT_THAT(open.request.body, Not(HasSubstr("restoreWithTtlDisabled")));
}

TEST_F(AccountRestoreTest, APartIsNamedWithItsContainers) {
  wish_.databases = {{"store", {}}, {"logs", {"log"}}};
  EXPECT_THAT(planned().request.body,
              HasSubstr(R"("databasesToRestore":[{"databaseName":"logs","collectionNames":["log"]},)"
                        R"({"databaseName":"store","collectionNames":["carts","orders"]}])"));
}

TEST_F(AccountRestoreTest, WhatWasNotThereIsRefusedNamingWhatWas) {
  wish_.databases = {{"stores", {}}};
  there_is_a_backup();
  there_were_resources();
  auto refused = plan();
  EXPECT_EQ(refused.error().code, Code::not_found);
  EXPECT_EQ(refused.error().hint, "there were: logs, store");
  wish_.databases = {{"store", {"order"}}};
  there_is_a_backup();
  there_were_resources();
  refused = plan();
  EXPECT_EQ(refused.error().message, "there was no container store/order at 2026-11-20T10:00:00Z");
  EXPECT_EQ(refused.error().hint, "there were in store: carts, orders");
}

TEST_F(AccountRestoreTest, AMomentOutsideOrAnAccountThatIsNoneIsRefused) {
  wish_.at = parse_rfc3339("2026-10-01T00:00:00Z").value();
  there_is_a_backup();
  EXPECT_EQ(plan().error().code, Code::outside_coverage);
  wish_.account = "shops";
  there_is_a_backup();
  EXPECT_EQ(plan().error().code, Code::not_found);
}

TEST_F(AccountRestoreTest, TheNewAccountMayBeInAnyRegionWithABackup) {
  wish_.region = "eastus2";
  EXPECT_THAT(planned().request.body, HasSubstr(R"({"locationName":"East US 2",)"));
  wish_.region = "France Central";
  there_is_a_backup();
  const auto refused = plan();
  EXPECT_EQ(refused.error().code, Code::invalid_argument);
  EXPECT_THAT(refused.error().hint, HasSubstr("West US, East US 2"));
}

TEST_F(AccountRestoreTest, ANameIsMadeOfTheAccountAndTheMoment) {
  wish_.to_account.clear();
  EXPECT_EQ(planned().target.name, "shop-r20261120t100000");
  const std::string name = restored_name(std::string(44, 'a'), wish_.at);
  EXPECT_EQ(name.size(), 44u);
  EXPECT_TRUE(name.ends_with("a-r20261120t100000"));
  EXPECT_EQ(restored_name("abcdefghijklmnopqrstuvwxyz-bcd", wish_.at), "abcdefghijklmnopqrstuvwxyz-r20261120t100000");
  for (const char* bad : {"UP", "-copy", "copy-", "ab", "my_copy", "a/b"}) {
    wish_.to_account = bad;
    EXPECT_EQ(plan().error().code, Code::invalid_argument) << bad;
  }
}

TEST_F(AccountRestoreTest, IsBegunOnceTheTargetIsKnownNotToBeThere) {
  const AccountRestorePlan plan = planned();
  no_target();
  http::Headers headers;
  headers.add("Azure-AsyncOperation", "https://management.example/operationsStatus/op-7");
  transport_.answer(200, headers, "{}");
  const auto operation = begin_account_restore(arm_, plan, {});
  ASSERT_TRUE(operation.has_value()) << operation.error().to_string();
  EXPECT_EQ(operation->id, "op-7");
  EXPECT_EQ(operation->what, "restoring shop as copy");
}

TEST_F(AccountRestoreTest, TheSameRestoreIsNotBegunTwice) {
  const AccountRestorePlan plan = planned();
  const std::size_t before = transport_.requests().size();
  target("Creating");
  const auto operation = begin_account_restore(arm_, plan, {});
  ASSERT_TRUE(operation.has_value()) << operation.error().to_string();
  EXPECT_EQ(transport_.requests().size(), before + 1);
  target("Creating");
  target("Succeeded");
  target("Succeeded");
  EXPECT_TRUE(arm_.finish(*operation, {}, {}).has_value());
}

TEST_F(AccountRestoreTest, AnotherAccountOfThatNameIsLeftAlone) {
  const AccountRestorePlan plan = planned();
  const std::size_t before = transport_.requests().size();
  target("Succeeded", "");
  EXPECT_EQ(begin_account_restore(arm_, plan, {}).error().code, Code::already_exists);
  target("Succeeded", kSource, "2026-11-20T10:00:01Z");
  EXPECT_EQ(begin_account_restore(arm_, plan, {}).error().code, Code::already_exists);
  EXPECT_EQ(transport_.requests().size(), before + 2);
}

TEST_F(AccountRestoreTest, AnotherRestoreOfTheSameMomentIsNotTakenForIt) {
  const char* const at = "2026-11-20T10:00:00Z";
  const std::string store = R"(,"databasesToRestore":[{"databaseName":"store","collectionNames":["orders","carts"]}])";
  wish_.databases = {{"logs", {}}};
  const AccountRestorePlan logs = planned();
  wish_.databases = {{"store", {}}};
  const AccountRestorePlan whole = planned();
  wish_.databases.clear();
  const AccountRestorePlan all = planned();
  wish_.keep_time_to_live = true;
  const AccountRestorePlan keeping = planned();
  target("Succeeded", kSource, at, store);
  EXPECT_TRUE(begin_account_restore(arm_, whole, {}).has_value());
  target("Succeeded", kSource, at, store);
  const auto other = begin_account_restore(arm_, logs, {});
  EXPECT_EQ(other.error().code, Code::already_exists);
  EXPECT_THAT(other.error().message, HasSubstr("of store=carts,orders"));
  EXPECT_THAT(other.error().hint, HasSubstr("--databases"));
  target("Succeeded", kSource, at, store);
  EXPECT_EQ(begin_account_restore(arm_, all, {}).error().code, Code::already_exists);
  target("Succeeded", kSource, at);
  EXPECT_THAT(begin_account_restore(arm_, whole, {}).error().message, HasSubstr("of everything"));

  target("Succeeded", kSource, at, R"(,"restoreWithTtlDisabled":true)");
  EXPECT_TRUE(begin_account_restore(arm_, all, {}).has_value());
  target("Succeeded", kSource, at, R"(,"restoreWithTtlDisabled":false)");
  EXPECT_THAT(begin_account_restore(arm_, all, {}).error().hint, HasSubstr("by --keep-ttl"));
  target("Succeeded", kSource, at, R"(,"restoreWithTtlDisabled":true)");
  EXPECT_THAT(begin_account_restore(arm_, keeping, {}).error().hint, HasSubstr("without --keep-ttl"));
}

TEST_F(AccountRestoreTest, WhenTheAnswerIsLostTheTargetTells) {
  const AccountRestorePlan plan = planned();
  no_target();
  transport_.answer(500);
  target("Creating");
  EXPECT_TRUE(begin_account_restore(arm_, plan, {}).has_value());
  no_target();
  transport_.failure(Code::ambiguous);
  no_target();
  const auto unclear = begin_account_restore(arm_, plan, {});
  ASSERT_FALSE(unclear.has_value());
  EXPECT_EQ(unclear.error().code, Code::ambiguous);
  EXPECT_THAT(unclear.error().hint, HasSubstr("the same command again"));
}

}  // namespace
}  // namespace halley::native
