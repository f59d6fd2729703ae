// The requests are those that the Azure CLI was recorded sending, and the answers recorded are understood
// (testdata/conversations.json).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "native/account_queries.h"
#include "native/enable.h"
#include "testing/fixed_tokens.h"
#include "testing/scripted_transport.h"
#include "testing/virtual_runtime.h"

namespace halley::native {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kBase = "https://management.azure.com";
const AccountId kShop{"8f3c1e52-7d40-4a6b-9b1e-2f5a6c7d8e90", "shop-rg", "shop"};

// "@12@" is twelve characters.
std::string expanded(std::string text) {
  for (std::size_t at = text.find('@'); at != std::string::npos; at = text.find('@')) {
    const std::size_t end = text.find('@', at + 1);
    const std::size_t count = std::stoul(text.substr(at + 1, end - at - 1));
    text.replace(at, end - at + 1, std::string(count, 'x'));
  }
  return text;
}

// The same, whatever the order of members.
std::string ordered(const json::Value& value) {
  if (value.is_object()) {
    std::map<std::string, std::string> members;
    for (const auto& [name, member] : value.members()) members[name] = ordered(member);
    std::string text = "{";
    for (const auto& [name, member] : members) text += json::Value::string(name).to_text() + ":" + member + ",";
    return text + "}";
  }
  if (!value.is_array()) return value.to_text();
  std::string text = "[";
  for (const json::Value& item : value.items()) text += ordered(item) + ",";
  return text + "]";
}

class Conversation : public ::testing::Test {
 protected:
  // The answers of the recording of that name are given in turn.
  void play(const std::string& name) {
    static const json::Value all = [] {
      std::ifstream file("src/native/testdata/conversations.json");  // tests run in the root of the source
      std::ostringstream text;
      text << file.rdbuf();
      return json::parse(text.str()).value();
    }();
    for (const json::Value& each : all.items()) {
      if (each.string_at("name") == name) exchanges_ = each.find("exchanges")->items();
    }
    ASSERT_FALSE(exchanges_.empty()) << name;
    for (const json::Value& exchange : exchanges_) {
      http::Headers headers;
      if (const json::Value* fields = exchange.find("headers"); fields != nullptr) {
        for (const auto& [field, value] : fields->members()) headers.add(field, expanded(value.text()));
      }
      const json::Value* answer = exchange.find("answer");
      transport_.answer(static_cast<int>(*exchange.find("status")->as_integer()), headers,
                        answer == nullptr ? "" : answer->to_text());
    }
  }

  void TearDown() override {
    ASSERT_EQ(transport_.requests().size(), exchanges_.size());
    for (std::size_t i = 0; i < exchanges_.size(); ++i) {
      const http::Request& sent = transport_.requests()[i];
      const json::Value& exchange = exchanges_[i];
      EXPECT_EQ(sent.method, exchange.string_at("method"));
      EXPECT_EQ(sent.url, kBase + expanded(exchange.string_at("target")));
      const json::Value* body = exchange.find("body");
      EXPECT_EQ(sent.body.empty() ? "" : ordered(json::parse(sent.body).value()),
                body == nullptr ? "" : ordered(*body));
      EXPECT_EQ(sent.headers.get("Authorization"), "Bearer token-1");
    }
  }

  const json::Value& recorded(std::size_t i) const { return exchanges_.at(i); }

  testing::VirtualRuntime runtime_{Second{1719361841}};
  testing::ScriptedTransport transport_;
  std::unique_ptr<identity::TokenSource> tokens_ = testing::numbered_tokens(runtime_);
  ArmClient arm_{runtime_, transport_, *tokens_, {.base = kBase, .scope = "the scope"}};
  std::vector<json::Value> exchanges_;
};

TEST_F(Conversation, AnAccountIsRestored) {
  play("account is restored");
  AccountRestore restore;
  restore.source =
      parse_restorable_id(
          recorded(0).find("body")->find("properties")->find("restoreParameters")->string_at("restoreSource"))
          .value();
  restore.location = "West US";
  restore.region = "westus";
  restore.at = parse_rfc3339("2024-06-26T00:27:25Z").value();
  restore.public_network = true;
  restore.keep_time_to_live = true;
  AccountId copy = kShop;
  copy.name = "shop-copy";
  const Request request = put(account_path(copy), account_restore_body(restore), account_restore_api(restore));
  const auto operation = arm_.begin(request, "restoring", {});
  ASSERT_TRUE(operation.has_value() && *operation) << operation.error().to_string();
  EXPECT_GT((*operation)->status_url.size(), 3000u);
  EXPECT_THAT((*operation)->status_url, HasSubstr("/operationsStatus/" + (*operation)->id));
  std::vector<std::string> statuses;
  const auto made =
      arm_.finish(**operation, [&](const Operation&, const std::string& status) { statuses.push_back(status); }, {});
  ASSERT_TRUE(made.has_value()) << made.error().to_string();
  EXPECT_EQ(statuses, (std::vector<std::string>{"Enqueued", "Dequeued", "Succeeded"}));
  const AccountState state = read_account(*made).value();
  EXPECT_EQ(state.id.name, "shop-copy");
  EXPECT_EQ(state.provisioning_state, "Succeeded");
  EXPECT_EQ(state.restored_at, restore.at);
  EXPECT_EQ(parse_restorable_id(state.restored_from)->instance, restore.source.instance);
  EXPECT_TRUE(state.public_network);
}

TEST_F(Conversation, WhatThereWasAtAMoment) {
  play("resources at a moment");
  const std::string target = recorded(0).string_at("target");
  const auto id = parse_restorable_id(target.substr(0, target.find("/restorableSqlResources")));
  const auto there = resources_at(arm_, id.value(), "westus", parse_rfc3339("2024-06-26T00:27:25Z").value(), {});
  ASSERT_TRUE(there.has_value()) << there.error().to_string();
  EXPECT_EQ(*there, (RestorableResources{{"store", {"orders"}}}));
}

TEST_F(Conversation, ARestorableAccount) {
  play("restorable account");
  const std::string target = recorded(0).string_at("target");
  const auto id = parse_restorable_id(target.substr(0, target.find('?')));
  const auto account = read_restorable_account(arm_.send(get(restorable_account_path(*id)), "reading", {}).value());
  ASSERT_TRUE(account.has_value()) << account.error().to_string();
  EXPECT_EQ(account->name, "shop");
  EXPECT_EQ(account->api, "Sql");
  EXPECT_EQ(account->location, "West US");
  EXPECT_EQ(format_rfc3339(account->from()), "2024-06-26T00:23:25Z");
  EXPECT_EQ(account->deleted, std::nullopt);
  ASSERT_EQ(account->regions.size(), 1u);
  EXPECT_TRUE(same_region(account->regions[0].name, "westus"));
}

TEST_F(Conversation, RestorableAccounts) {
  play("restorable accounts");
  const auto accounts = restorable_accounts(arm_, kShop.subscription, {});
  ASSERT_TRUE(accounts.has_value()) << accounts.error().to_string();
  // Of the seven kinds listed, those of other APIs are passed over.
  ASSERT_EQ(accounts->size(), 2u);
  EXPECT_EQ((*accounts)[0].deleted, std::nullopt);
  const RestorableAccount& deleted = (*accounts)[1];
  EXPECT_EQ(format_rfc3339(*deleted.deleted), "2024-06-19T21:05:12Z");
  // It was listed at 2024-06-26T00:24:01Z, with thirty days of backup.
  EXPECT_EQ(deleted.seconds_left(), *deleted.deleted - parse_rfc3339("2024-05-27T00:24:01Z").value());
}

TEST_F(Conversation, TheLatestRestorableTime) {
  play("latest restorable time");
  const auto latest = latest_restorable(arm_, kShop, "store", "orders", "westus", {});
  ASSERT_TRUE(latest.has_value()) << latest.error().to_string();
  ASSERT_TRUE(latest->has_value());
  EXPECT_EQ(format_rfc3339(**latest), "2024-06-25T23:29:09Z");
}

TEST_F(Conversation, AnAccountThatIsNotThere) {
  play("account that is not there");
  const auto refused = arm_.send(get(database_path(kShop, "store")), "reading store", {});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Code::not_found);
  EXPECT_THAT(refused.error().to_string(),
              HasSubstr("reading store: Resource Manager answered 404 ResourceNotFound: The "
                        "Resource 'Microsoft.DocumentDB/databaseAccounts/shop'"));
  EXPECT_THAT(refused.error().hint, HasSubstr("--account"));
}

TEST_F(Conversation, ADatabaseThatIsNotThere) {
  play("database that is not there");
  const auto refused = arm_.send(get(database_path(kShop, "store")), "reading store", {});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Code::not_found);
  EXPECT_EQ(refused.error().message,
            "Resource Manager answered 404 NotFound: Resource Not Found. Learn more: "
            "https://aka.ms/cosmosdb-tsg-not-found");
}

TEST_F(Conversation, AContainerIsRead) {
  play("container is read");
  const auto container = arm_.send(get(container_path(kShop, "store", "orders")), "reading", {});
  ASSERT_TRUE(container.has_value());
  EXPECT_EQ(container->string_at("name"), "orders");
}

TEST_F(Conversation, PeriodicBackupBecomesContinuous) {
  play("periodic becomes continuous");
  AccountState before;
  before.id = kShop;
  const auto steps = plan_enable(before, Tier::days30, false).value();
  ASSERT_EQ(steps.size(), 1u);
  EXPECT_THAT(steps[0].warning, HasSubstr("cannot be taken back"));
  const auto after = arm_.run(steps[0].request, steps[0].what, {});
  ASSERT_TRUE(after.has_value()) << after.error().to_string();
  const AccountState state = read_account(*after).value();
  EXPECT_TRUE(state.continuous);
  EXPECT_EQ(state.tier, "Continuous30Days");
  EXPECT_EQ(read_account(*recorded(0).find("answer"))->interval_minutes, 120);
}

TEST_F(Conversation, ATierBecomesLonger) {
  play("tier becomes longer");
  const AccountState before = read_account(*recorded(0).find("answer")).value();
  EXPECT_EQ(before.tier, "Continuous7Days");
  EXPECT_EQ(before.provisioning_state, "Updating");
  EXPECT_EQ(plan_enable(before, Tier::days30, false).error().code, Code::precondition);
  AccountState ready = before;
  ready.provisioning_state = "Succeeded";
  const auto steps = plan_enable(ready, Tier::days30, false).value();
  ASSERT_EQ(steps.size(), 1u);
  EXPECT_EQ(steps[0].warning, "");
  EXPECT_EQ(read_account(arm_.run(steps[0].request, steps[0].what, {}).value())->tier, "Continuous30Days");
}

TEST_F(Conversation, Databases) {
  play("databases");
  EXPECT_EQ(database_names(arm_, kShop, {}).value(), (std::vector<std::string>{"store"}));
}

TEST_F(Conversation, Containers) {
  play("containers");
  EXPECT_TRUE(container_names(arm_, kShop, "store", {}).value().empty());
}

TEST_F(Conversation, ADatabaseIsDeleted) {
  play("database is deleted");
  const auto gone = arm_.run(remove(database_path(kShop, "store")), "deleting store", {});
  ASSERT_TRUE(gone.has_value()) << gone.error().to_string();
  EXPECT_TRUE(gone->is_null());
}

TEST_F(Conversation, WhatHappenedToDatabases) {
  play("database events");
  const std::string target = recorded(0).string_at("target");
  const auto id = parse_restorable_id(target.substr(0, target.find("/restorableSqlDatabases")));
  EXPECT_EQ(id->location, "West US");
  const auto events = database_events(arm_, *id, {});
  ASSERT_TRUE(events.has_value()) << events.error().to_string();
  ASSERT_EQ(events->size(), 2u);
  EXPECT_TRUE((*events)[0].is_delete());
  EXPECT_EQ((*events)[0].can_undelete, "restorable");
  EXPECT_EQ((*events)[1].kind, "Create");
  const auto deletion = deletion_of(*events, "store");
  ASSERT_TRUE(deletion.has_value());
  EXPECT_EQ(format_rfc3339(deletion->last_second()), "2024-06-25T23:33:57Z");
}

TEST_F(Conversation, ADatabaseIsRestored) {
  play("database is restored");
  ResourceRestore restore;
  restore.source = parse_restorable_id(recorded(0)
                                           .find("body")
                                           ->find("properties")
                                           ->find("resource")
                                           ->find("restoreParameters")
                                           ->string_at("restoreSource"))
                       .value();
  restore.at = parse_rfc3339("2024-06-25T23:33:57Z").value();
  const Request request =
      put(database_path(kShop, "store"), resource_restore_body("store", restore), resource_restore_api(restore));
  const auto made = arm_.run(request, "restoring store", {});
  ASSERT_TRUE(made.has_value()) << made.error().to_string();
  EXPECT_EQ(made->string_at("name"), "store");
}

TEST_F(Conversation, WhatHappenedToContainers) {
  play("container events");
  const std::string target = recorded(0).string_at("target");
  const auto id = parse_restorable_id(target.substr(0, target.find("/restorableSqlContainers")));
  const auto events = container_events(arm_, id.value(), "UjQYAA==", {});
  ASSERT_TRUE(events.has_value()) << events.error().to_string();
  ASSERT_EQ(events->size(), 1u);
  EXPECT_EQ((*events)[0].name, "orders");
  EXPECT_FALSE(deletion_of(*events, "orders").has_value());
}

TEST_F(Conversation, ThroughputIsRead) {
  play("throughput");
  const auto settings = arm_.send(get(throughput_path(database_path(kShop, "store"))), "reading", {});
  ASSERT_TRUE(settings.has_value());
  EXPECT_EQ(settings->find("properties")->find("resource")->find("throughput")->as_integer(), 800);
}

struct ThroughputChange {
  const char* name;
  Request request;
  std::int64_t most;  // of autoscale; 0 = manual
};

TEST_F(Conversation, ThroughputIsChangedAndMigrated) {
  const std::string database = database_path(kShop, "store");
  const std::string container = container_path(kShop, "store", "orders");
  const std::vector<ThroughputChange> changes = {
      {"autoscale of a database", post(autoscale_migration_path(database), ""), 1000},
      {"autoscale limit of a database", put(throughput_path(database), autoscale_throughput_body(8000)), 8000},
      {"manual throughput of a database", post(manual_migration_path(database), ""), 0},
      {"autoscale of a container", post(autoscale_migration_path(container), ""), 1000},
      {"autoscale limit of a container", put(throughput_path(container), autoscale_throughput_body(5000)), 5000},
      {"manual throughput of a container", post(manual_migration_path(container), ""), 0}};
  std::vector<json::Value> all;
  for (const ThroughputChange& change : changes) {
    SCOPED_TRACE(change.name);
    play(change.name);
    all.insert(all.end(), exchanges_.begin(), exchanges_.end());
    const auto made = arm_.run(change.request, "changing throughput", {});
    ASSERT_TRUE(made.has_value()) << made.error().to_string();
    const json::Value* scaling = made->find("properties")->find("resource")->find("autoscaleSettings");
    EXPECT_EQ(scaling == nullptr ? 0 : scaling->find("maxThroughput")->as_integer().value_or(-1), change.most);
  }
  exchanges_ = all;
}

}  // namespace
}  // namespace halley::native
