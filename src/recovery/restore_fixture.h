// What tests of restores have in common: a backup, and an account to restore it into.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "cosmos/signing.h"
#include "recovery/hand_made_backup.h"
#include "recovery/restore.h"
#include "server/engine.h"
#include "testing/direct_transport.h"
#include "testing/virtual_runtime.h"

namespace halley::recovery {

inline constexpr int kOrders = 1000;

// shop/orders with many documents and scripts, shop/cache with expiry and a hierarchical key, and an empty database.
class RestoreTest : public ::testing::Test {
 protected:
  RestoreTest() {
    using repo::DefinitionKind;
    backup.define(DefinitionKind::account, "", "", "account", R"({"id":"test-account","writableLocations":[]})", at(0));
    backup.database("shop", at(0));
    backup.database("empty", at(0));
    backup.container("shop", "orders", at(0), R"(,"indexingPolicy":{"indexingMode":"none","automatic":false})");
    backup.define(
        DefinitionKind::container, "shop", "", "cache",
        R"({"id":"cache","partitionKey":{"paths":["/a","/b"],"kind":"MultiHash","version":2},"defaultTtl":60})", at(0));
    backup.define(DefinitionKind::stored_procedure, "shop", "orders", "p",
                  R"({"id":"p","body":"function(){}","_ts":1})", at(0));
    backup.define(DefinitionKind::trigger, "shop", "orders", "t",
                  R"({"id":"t","body":"function(){}","triggerType":"Pre","triggerOperation":"All"})", at(0));
    backup.define(DefinitionKind::user_defined_function, "shop", "orders", "u", R"({"id":"u","body":"function(){}"})",
                  at(0));
    backup.define(DefinitionKind::offer, "shop", "orders", "offer", R"({"content":{"offerThroughput":700}})", at(0));
    backup.definitions_known(at(0), at(100));
    auto& orders = backup.lane("shop", "orders");
    for (int i = 0; i < kOrders; ++i) {
      const std::string key = std::to_string(i % 50);
      const std::string id = std::to_string(i);
      std::string body = R"({"id":")" + id + R"(","pk":)" + key + R"(,"_kept":1.5,"text":"é\n\")" +
                         std::string(static_cast<std::size_t>(i), 'x') + "\"}";
      backup.put(orders, "[" + key + "]", id, body, at(5));
    }
    // One larger than a bulk request.
    backup.put(orders, "[\"big\"]", "big", R"({"id":"big","pk":"big","text":")" + std::string(300'000, 'b') + "\"}",
               at(5));
    backup.exact(orders, at(10), at(100));
    auto& cache = backup.lane("shop", "cache", R"(["/a","/b"])");
    backup.put(cache, R"(["x","y"])", "1", R"({"id":"1","a":"x","b":"y"})", at(50));
    backup.put(cache, R"(["x",{}])", "2", R"({"id":"2","a":"x","ttl":-1})", at(1));
    backup.put(cache, R"(["x",{}])", "old", R"({"id":"old","a":"x"})", at(1));
    backup.exact(cache, at(10), at(100));
  }

  RestorePlan plan(const Selection& selection = {}) {
    auto made = make_plan(backup.repository(), Moment::of(at(70)), selection);
    EXPECT_TRUE(made) << made.error().to_string();
    return std::move(*made);
  }

  HandMadeBackup backup;
  RestoreProgress progress;
};

class CosmosRestoreTest : public RestoreTest {
 protected:
  CosmosRestoreTest() : account_(runtime_, options()), transport_(account_) {
    cosmos::ClientOptions client_options;
    client_options.endpoint = "http://target.test/";
    client_options.key = std::string(cosmos::kEmulatorKey);
    auto client = cosmos::Client::create(runtime_, transport_, client_options);
    EXPECT_TRUE(client) << client.error().to_string();
    client_ = std::move(*client);
  }

  static server::AccountOptions options() {
    server::AccountOptions options;
    options.partitions = 3;
    return options;
  }

  Result<RestoreReport> run(const RestorePlan& plan, bool resume = false, std::stop_token stop = {}) {
    CosmosTargetOptions target_options;
    target_options.resume = resume;
    const auto target = make_cosmos_target(runtime_, *client_, target_options, progress);
    return restore(runtime_, backup.repository(), plan, *target, progress, stop);
  }

  std::size_t count(const std::string& container) {
    const auto found = account_.engine().container("shop", container);
    return found ? (*found)->live_documents().size() : 0;
  }

  static bool is_bulk(const http::Request& request) { return request.headers.is_true("x-ms-cosmos-is-batch-request"); }

  static http::Response answer(int status, const std::string& sub_status = "", std::string body = "{}") {
    http::Response response;
    response.status = status;
    response.headers.add("Date", "Sun, 22 Nov 2026 12:01:37 GMT");
    if (!sub_status.empty()) response.headers.add("x-ms-substatus", sub_status);
    response.body = std::move(body);
    response.body.reserve(response.body.size() + json::kPadding);
    return response;
  }

  halley::testing::VirtualRuntime runtime_{at(1000)};
  server::Account account_;
  halley::testing::DirectTransport transport_;
  std::unique_ptr<cosmos::Client> client_;
};

}  // namespace halley::recovery
