// What the tests of passes share: an embedded account with one container, and a repository that it is backed up into.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

#include "capture/backup.h"
#include "json/value.h"
#include "server/emulator.h"
#include "server/engine.h"
#include "store/memory_store.h"
#include "testing/direct_transport.h"
#include "testing/virtual_runtime.h"

namespace halley::capture {

class CapturedAccount : public ::testing::Test {
 protected:
  // shop/orders has the partition key /pk and, with `ttl`, that text in its definition too (",\"defaultTtl\":-1").
  explicit CapturedAccount(const std::string& ttl = "") {
    EXPECT_TRUE(account_.engine().create_database("shop"));
    EXPECT_TRUE(account_.engine().create_container("shop", definition(ttl)));
    connect(transport_, 0);
    repo::RepositoryOptions cheap;
    cheap.password_cost.n = 1 << 4;
    repository_ = std::move(*repo::Repository::create(runtime_, store::make_memory_store(), "password", cheap));
  }

  static std::string definition(const std::string& ttl = "") {
    return R"({"id":"orders","partitionKey":{"paths":["/pk"],"kind":"Hash","version":2})" + ttl + "}";
  }
  // From here on another client backs up, whose pages have so many items (0 = as many as the account likes).
  void connect(http::Transport& transport, std::size_t page_items) {
    cosmos::ClientOptions options;
    options.endpoint = "http://account.test/";
    options.key = account_.key();
    options.max_page_items = page_items;
    client_ = std::move(*cosmos::Client::create(runtime_, transport, options));
  }

  BackupReport backup(const BackupOptions& options = {}) {
    BackupProgress progress;
    auto report = capture::backup(runtime_, *client_, *repository_, options, progress, {});
    EXPECT_TRUE(report) << report.error().to_string();
    if (!report) return {};
    for (const Incomplete& each : report->incomplete) ADD_FAILURE() << each.what << ": " << each.error.to_string();
    return std::move(*report);
  }
  // A pass that leaves the container incomplete: why.
  Error incomplete_backup(const BackupOptions& options = {}) {
    BackupProgress progress;
    auto report = capture::backup(runtime_, *client_, *repository_, options, progress, {});
    EXPECT_TRUE(report) << report.error().to_string();
    if (!report || report->incomplete.size() != 1) {
      ADD_FAILURE() << "not one thing is incomplete";
      return {Code::internal, ""};
    }
    return report->incomplete.front().error;
  }

  repo::LaneState orders() {
    const auto lanes = repository_->lanes();
    for (const repo::LaneId& id : *lanes) {
      auto lane = repository_->read_lane(id);
      if (lane->identity.container == "orders") return std::move(*lane);
    }
    ADD_FAILURE() << "the container has no lane";
    return {};
  }
  // The bodies of the container's documents by id, as of a cut; without one the newest.
  std::map<std::string, std::string> documents(const repo::Cut& cut = {}) {
    std::map<std::string, std::string> documents;
    repo::ReadOptions options;
    options.cut = cut;
    const auto stream = repository_->snapshot(orders(), options);
    repo::Version version;
    while (*(*stream)->next(version)) {
      if (version.operation == repo::Operation::upsert) documents[std::string(version.id)] = repo::body_text(version);
    }
    return documents;
  }

  void upsert(const std::string& body) { EXPECT_TRUE(account_.engine().upsert("shop", "orders", body)); }
  void remove(const std::string& id) {
    EXPECT_TRUE(account_.engine().remove_document("shop", "orders", R"(["a"])", id));
  }
  void set_expiry(const std::string& ttl) {
    EXPECT_TRUE(account_.engine().replace({"dbs", "shop", "colls", "orders"}, *json::parse(definition(ttl))));
  }
  void pass_seconds(int seconds) { EXPECT_TRUE(runtime_.sleep(std::chrono::seconds(seconds), {})); }

  static bool is_feed(const http::Request& request) {
    return request.headers.find("A-IM") != nullptr && request.url.ends_with("/docs");
  }
  static bool is_all_versions(const http::Request& request) {
    return request.headers.get("A-IM") == "Full-Fidelity Feed";
  }
  // The latest-version feed, which bases are read from, too.
  static bool is_base(const http::Request& request) { return request.headers.get("A-IM") == "Incremental feed"; }
  static bool is_listing(const http::Request& request) {
    return request.method == "GET" && request.url.ends_with("/docs") && request.headers.find("A-IM") == nullptr;
  }
  static bool is_point_read(const http::Request& request) {
    return request.method == "GET" && request.url.find("/docs/") != std::string::npos;
  }

  testing::VirtualRuntime runtime_{Second{1'800'000'000}};
  server::Account account_{runtime_, {}};
  testing::DirectTransport transport_{account_};
  std::unique_ptr<cosmos::Client> client_;
  std::unique_ptr<repo::Repository> repository_;
};

}  // namespace halley::capture
