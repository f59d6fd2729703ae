#include "native/resource_restore.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "testing/fixed_tokens.h"
#include "testing/virtual_runtime.h"

namespace halley::native {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// An account that answers by path, and takes as many looks to restore something as it is told.
class SmallAccount final : public http::Transport {
 public:
  std::map<std::string, std::string> answers;  // of questions, by the end of their path
  std::map<std::string, std::string> refused;  // of restores, by name: the error's message
  std::vector<std::string> restored;           // in the order they were begun
  std::size_t most_at_once = 0;
  int looks = 2;

  Result<http::Response> send(const http::Request& request, Deadline, std::stop_token) override {
    const std::string path = request.url.substr(0, request.url.find('?'));
    const std::string name = path.substr(path.rfind('/') + 1);
    http::Response response;
    if (request.method == "PUT") return begin(name, path);
    if (path.find("/operationsStatus/") != std::string::npos) return look(name);
    for (const auto& [end, body] : answers) {
      if (!path.ends_with(end)) continue;
      response.status = 200;
      response.body = body;
      return response;
    }
    response.status = 404;
    return response;
  }

 private:
  Result<http::Response> begin(const std::string& name, const std::string& path) {
    http::Response response;
    if (refused.contains(name)) {
      response.status = 400;
      response.body = R"({"code":"BadRequest","message":")" + refused[name] + R"("})";
      return response;
    }
    restored.push_back(name);
    running_[name] = looks;
    most_at_once = std::max(most_at_once, running_.size());
    answers[path] = "{}";
    response.status = 202;
    response.headers.add("Azure-AsyncOperation", "https://management.example/operationsStatus/" + name);
    return response;
  }
  Result<http::Response> look(const std::string& name) {
    http::Response response;
    response.status = 200;
    response.body = --running_[name] > 0 ? R"({"status":"Dequeued"})" : R"({"status":"Succeeded"})";
    if (running_[name] <= 0) running_.erase(name);
    return response;
  }
  std::map<std::string, int> running_;
};

std::string event(const std::string& name, const std::string& kind, const std::string& at,
                  const std::string& undelete = "restorable") {
  return R"({"properties":{"resource":{"eventTimestamp":")" + at + R"(","ownerId":")" + name +
         R"(","ownerResourceId":"rid-)" + name + R"(","operationType":")" + kind + R"(","canUndelete":")" + undelete +
         R"("}}})";
}

std::string list(const std::vector<std::string>& items) {
  std::string text = R"({"value":[)";
  for (std::size_t i = 0; i < items.size(); ++i) text += (i == 0 ? "" : ",") + items[i];
  return text + "]}";
}

class ResourceRestoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    account_.id = {"s", "rg", "shop"};
    account_.continuous = true;
    account_.location = "West US";
    account_.instance = "i";
    transport_.answers["/sqlDatabases"] = list({R"({"name":"store"})"});
    transport_.answers["/store/containers"] = list({R"({"name":"carts"})"});
    transport_.answers["/restorableSqlDatabases"] =
        list({event("logs", "Delete", "2026-11-20T12:00:00Z"), event("logs", "Create", "2026-11-01T00:00:00Z"),
              event("store", "Create", "2026-11-01T00:00:00Z", "invalid")});
    transport_.answers["/restorableSqlContainers"] =
        list({event("orders", "Delete", "2026-11-19T12:00:00Z"), event("orders", "Create", "2026-11-02T00:00:00Z"),
              event("log", "Create", "2026-11-02T00:00:00Z")});
  }
  Result<std::vector<ResourceRestoreStep>> plan(std::vector<DeletedResource> resources) {
    wish_.resources = std::move(resources);
    return plan_resource_restore(arm_, account_, wish_, {});
  }
  std::vector<ResourceRestoreOutcome> run(const std::vector<ResourceRestoreStep>& steps, bool wait = true) {
    return restore_resources(arm_, steps, wait, {}, {}, {}).value();
  }

  AccountState account_;
  ResourceRestoreWish wish_;
  testing::VirtualRuntime runtime_{parse_rfc3339("2026-11-26T00:00:00Z").value()};
  SmallAccount transport_;
  std::unique_ptr<identity::TokenSource> tokens_ = testing::numbered_tokens(runtime_);
  ArmClient arm_{runtime_, transport_, *tokens_, {.base = "https://management.example", .scope = "s"}};
};

TEST_F(ResourceRestoreTest, AContainerComesBackAsOfTheLastSecondBeforeItWent) {
  const auto steps = plan({{"store", "orders"}});
  ASSERT_TRUE(steps.has_value()) << steps.error().to_string();
  ASSERT_EQ(steps->size(), 1u);
  EXPECT_EQ(
      (*steps)[0].request.body,
      R"({"properties":{"resource":{"id":"orders","restoreParameters":{"restoreSource":"/subscriptions/s/providers/)"
      R"(Microsoft.DocumentDB/locations/West%20US/restorableDatabaseAccounts/i","restoreTimestampInUtc":)"
      R"("2026-11-19T11:59:59.000Z"},"createMode":"Restore"}}})");
  const auto outcomes = run(*steps);
  EXPECT_FALSE(outcomes[0].failure.has_value());
  EXPECT_THAT(transport_.restored, ElementsAre("orders"));
}

TEST_F(ResourceRestoreTest, TheDatabaseOfAContainerComesFirst) {
  const auto steps = plan({{"logs", "log"}}).value();
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(steps[0].resource.name(), "logs");
  EXPECT_TRUE(steps[0].implied);
  EXPECT_FALSE(steps[1].implied);
  run(steps);
  EXPECT_THAT(transport_.restored, ElementsAre("logs", "log"));
  EXPECT_EQ(transport_.most_at_once, 1u);
}

TEST_F(ResourceRestoreTest, ADatabaseMayBringWhatItHad) {
  transport_.answers["/restorableSqlResources"] =
      list({R"({"databaseName":"logs","collectionNames":["log","shared"]})"});
  wish_.with_containers = true;
  const auto steps = plan({{"logs", ""}}).value();
  ASSERT_EQ(steps.size(), 3u);
  // One comes back with its database, as those do that share its throughput.
  transport_.answers["/logs/containers/shared"] = "{}";
  const auto outcomes = run(steps);
  EXPECT_THAT(transport_.restored, ElementsAre("logs", "log"));
  for (const auto& outcome : outcomes) EXPECT_FALSE(outcome.failure.has_value()) << outcome.resource.name();
}

TEST_F(ResourceRestoreTest, NoMoreThanThreeAtOnce) {
  std::vector<std::string> events;
  std::vector<DeletedResource> wanted;
  for (int i = 0; i < 8; ++i) {
    const std::string name = "c" + std::to_string(i);
    events.push_back(event(name, "Delete", "2026-11-19T12:00:00Z"));
    wanted.push_back({"store", name});
  }
  transport_.answers["/restorableSqlContainers"] = list(events);
  transport_.looks = 3;
  const auto outcomes = run(plan(wanted).value());
  EXPECT_EQ(transport_.restored.size(), 8u);
  EXPECT_EQ(transport_.most_at_once, 3u);
  EXPECT_EQ(outcomes.size(), 8u);
}

TEST_F(ResourceRestoreTest, OneThatFailsDoesNotKeepOthersFromComingBack) {
  const auto steps = plan({{"logs", "log"}, {"store", "orders"}}).value();
  transport_.refused["logs"] = "no way";
  const auto outcomes = run(steps);
  ASSERT_EQ(outcomes.size(), 3u);
  EXPECT_THAT(outcomes[0].failure->to_string(), HasSubstr("restoring logs: Resource Manager answered 400"));
  EXPECT_EQ(outcomes[1].resource.name(), "logs/log");
  EXPECT_EQ(outcomes[1].failure->message, "its database did not come back");
  EXPECT_FALSE(outcomes[2].failure.has_value());
  EXPECT_THAT(transport_.restored, ElementsAre("orders"));
}

TEST_F(ResourceRestoreTest, WithoutWaitingOnlyParentsAreWaitedFor) {
  const auto steps = plan({{"logs", "log"}}).value();
  const auto outcomes = run(steps, false);
  EXPECT_THAT(transport_.restored, ElementsAre("logs", "log"));
  EXPECT_TRUE(outcomes[1].operation.has_value());
}

TEST_F(ResourceRestoreTest, WhatIsThereIsRefused) {
  EXPECT_EQ(plan({{"store", ""}}).error().code, Code::already_exists);
  const auto refused = plan({{"store", "carts"}});
  EXPECT_EQ(refused.error().code, Code::already_exists);
  EXPECT_THAT(refused.error().hint, HasSubstr("native restore"));
}

TEST_F(ResourceRestoreTest, WhatWasNeverDeletedIsNotFound) {
  EXPECT_EQ(plan({{"nothing", ""}}).error().code, Code::not_found);
  EXPECT_EQ(plan({{"store", "nothing"}}).error().code, Code::not_found);
  EXPECT_EQ(plan({{"nothing", "c"}}).error().code, Code::not_found);
}

TEST_F(ResourceRestoreTest, WhatTheServiceCannotBringBackIsSaid) {
  transport_.answers["/restorableSqlContainers"] =
      list({event("orders", "Delete", "2026-11-19T12:00:00Z", "notRestorable")});
  const auto refused = plan({{"store", "orders"}});
  EXPECT_EQ(refused.error().code, Code::precondition);
  EXPECT_THAT(refused.error().message, HasSubstr("notRestorable"));
}

TEST_F(ResourceRestoreTest, AContainerThatWentWithItsDatabaseIsFoundAfterTheDatabaseCameBackWithoutIt) {
  transport_.answers["/sqlDatabases"] = list({R"({"name":"logs"})"});
  transport_.answers["/logs/containers"] = list({});
  transport_.answers["/restorableSqlDatabases"] =
      list({event("logs", "Create", "2026-11-21T12:00:00Z"), event("logs", "Delete", "2026-11-20T12:00:00Z"),
            event("logs", "Create", "2026-11-01T00:00:00Z")});
  const auto steps = plan({{"logs", "log"}}).value();
  ASSERT_EQ(steps.size(), 1U);
  EXPECT_EQ(format_rfc3339(steps[0].at), "2026-11-20T11:59:59Z");
}

TEST_F(ResourceRestoreTest, AMomentAtWhichItWasNotThereIsRefused) {
  for (const char* moment : {"2026-11-01T00:00:00Z", "2026-11-19T12:00:00Z"}) {
    wish_.at = parse_rfc3339(moment).value();
    const auto refused = plan({{"store", "orders"}});
    EXPECT_EQ(refused.error().code, Code::outside_coverage) << moment;
    EXPECT_THAT(refused.error().message, HasSubstr("from 2026-11-02T00:00:00Z until 2026-11-19T11:59:59Z"));
  }
  wish_.at = parse_rfc3339("2026-11-10T00:00:00Z").value();
  EXPECT_EQ(plan({{"store", "orders"}}).value()[0].at, *wish_.at);
}

TEST_F(ResourceRestoreTest, AnAccountWithPeriodicBackupHasNone) {
  account_.continuous = false;
  EXPECT_EQ(plan({{"store", "orders"}}).error().code, Code::precondition);
}

TEST_F(ResourceRestoreTest, StopsWhenAsked) {
  const auto steps = plan({{"store", "orders"}}).value();
  std::stop_source source;
  const auto stopped = restore_resources(
      arm_, steps, true, [&](const Operation&) { source.request_stop(); }, {}, source.get_token());
  ASSERT_FALSE(stopped.has_value());
  EXPECT_EQ(stopped.error().code, Code::cancelled);
}

}  // namespace
}  // namespace halley::native
