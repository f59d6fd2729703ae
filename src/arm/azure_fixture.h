// A Resource Manager without sockets in front of it, and the account it begins with, on a clock that stands still but
// for pass(). For tests.
#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "arm/gateway.h"
#include "server/engine.h"
#include "testing/virtual_runtime.h"

namespace halley::arm {

class AzureTest : public ::testing::Test {
 protected:
  static constexpr std::string_view kGroup =
      "/subscriptions/sub/resourceGroups/rg/providers/Microsoft.DocumentDB/databaseAccounts";
  static constexpr std::string_view kPlaces = "/subscriptions/sub/providers/Microsoft.DocumentDB";

  explicit AzureTest(std::size_t page = 100, const std::string& subscription = "sub", const std::string& group = "rg")
      : subscription_(runtime_, {subscription, group, {}, page}), gateway_(subscription_, true) {
    shop_ = subscription_.new_account("shop", {"West US", "East US"});
    shop_->tier = "Continuous30Days";
    EXPECT_TRUE(subscription_.start(*shop_));
    subscription_.add(shop_);
  }

  struct Answer {
    int status = 0;
    http::Headers headers;
    json::Value body;
    const json::Value& at(std::initializer_list<std::string_view> path) const { return member(body, path); }
    std::string text_at(std::initializer_list<std::string_view> path) const { return at(path).text(); }
    std::vector<std::string> texts_at(std::string_view list, std::initializer_list<std::string_view> path) const {
      std::vector<std::string> texts;
      for (const json::Value& each : member(body, {list}).items()) texts.push_back(member(each, path).text());
      return texts;
    }
  };

  Answer send(const std::string& method, std::string target, const std::string& body = {}, bool signs = true) {
    if (target.find("api-version") == std::string::npos && !target.starts_with("/_")) {
      target += (target.find('?') == std::string::npos ? "?" : "&") + std::string("api-version=2024-08-15");
    }
    http::Headers headers;
    headers.add("Host", "azure.example");
    if (signs) headers.add("Authorization", "Bearer t");
    const http::ServerResponse response = gateway_.handle({method, target, headers, body});
    return {response.status, response.headers, json::parse(response.body).value_or(json::Value())};
  }
  Answer get(const std::string& target) { return send("GET", target); }
  Answer door(const std::string& what, const std::string& body) { return send("POST", "/_emulator/" + what, body); }

  // Looks at an operation until it is done, by its status where it has one; the last answer.
  Answer finish(const Answer& begun) {
    std::string url(begun.headers.get("Azure-AsyncOperation"));
    if (url.empty()) url = begun.headers.get("Location");
    EXPECT_TRUE(url.starts_with("https://azure.example/")) << begun.status << begun.body.to_text();
    url.erase(0, std::string_view("https://azure.example").size());
    Answer answer = get(url);
    for (int looks = 0; looks < 10; ++looks) {
      const std::string status = answer.text_at({"status"});
      if (answer.status != 202 && status != "Enqueued" && status != "Dequeued") break;
      answer = get(url);
    }
    return answer;
  }

  server::Engine& engine_of(ManagedAccount& account) { return account.emulator->account().engine(); }
  server::Engine& engine() { return engine_of(*shop_); }
  // The account's documents at its "store/orders".
  std::vector<std::string> documents(server::Engine& engine) {
    std::vector<std::string> texts;
    const auto container = engine.container("store", "orders");
    if (!container) return {container.error().message};
    for (const auto& document : (*container)->live_documents()) texts.push_back(document->text);
    return texts;
  }
  void make_store() {
    ASSERT_TRUE(engine().create_database("store"));
    ASSERT_TRUE(engine().create_container("store", R"({"id":"orders","partitionKey":{"paths":["/pk"]}})"));
    ASSERT_TRUE(engine().upsert("store", "orders", R"({"id":"1","pk":"a"})"));
  }
  void pass(std::int64_t seconds) { subscription_.advance(seconds); }
  std::string restore_body(Second at, const std::string& more = {}, const std::string& account_more = {}) {
    return fmt::format(R"({{"location":"West US","properties":{{"locations":[{{"locationName":"westus"}}],)"
                       R"("createMode":"Restore","restoreParameters":{{"restoreSource":"{}",)"
                       R"("restoreTimestampInUtc":"{}"{}}}{}}}}})",
                       shop_->restorable_id(), format_rfc3339(at), more, account_more);
  }

  testing::VirtualRuntime runtime_{Second{1795000000}};
  Subscription subscription_;
  Gateway gateway_;
  std::shared_ptr<ManagedAccount> shop_;
};

}  // namespace halley::arm
