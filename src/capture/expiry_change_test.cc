// Documents that live again once time to live is turned off: no feed tells of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "capture/backup.h"
#include "server/engine.h"
#include "store/memory_store.h"
#include "testing/direct_transport.h"
#include "testing/virtual_runtime.h"

namespace halley::capture {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

class ExpiryChange : public ::testing::TestWithParam<ModeChoice> {
 protected:
  ExpiryChange() {
    EXPECT_TRUE(account_.engine().create_database("shop"));
    EXPECT_TRUE(account_.engine().create_container("shop", definition(R"(,"defaultTtl":-1)")));
    cosmos::ClientOptions options;
    options.endpoint = "http://account.test/";
    options.key = account_.key();
    client_ = std::move(*cosmos::Client::create(runtime_, transport_, options));
    repo::RepositoryOptions cheap;
    cheap.password_cost.n = 1 << 4;
    repository_ = std::move(*repo::Repository::create(runtime_, store::make_memory_store(), "password", cheap));
    transport_.before = [this](const http::Request& request) -> std::optional<testing::DirectTransport::Answer> {
      const bool feed = request.headers.find("A-IM") != nullptr;
      if (request.method == "GET" && request.url.ends_with("/docs") && !feed) ++listings_;
      return std::nullopt;
    };
  }

  static std::string definition(const std::string& ttl) {
    return R"({"id":"orders","partitionKey":{"paths":["/pk"],"kind":"Hash","version":2})" + ttl + "}";
  }
  void turn_expiry_off() {
    ASSERT_TRUE(account_.engine().replace({"dbs", "shop", "colls", "orders"}, *json::parse(definition(""))));
  }
  void upsert(const std::string& body) { ASSERT_TRUE(account_.engine().upsert("shop", "orders", body)); }
  void pass_seconds(int seconds) { ASSERT_TRUE(runtime_.sleep(std::chrono::seconds(seconds), {})); }

  // It does not wait, so that nothing is purged meanwhile.
  BackupReport backup() {
    BackupOptions options;
    options.mode = GetParam();
    options.wait = false;
    BackupProgress progress;
    listings_ = 0;
    auto report = capture::backup(runtime_, *client_, *repository_, options, progress, {});
    EXPECT_TRUE(report) << report.error().to_string();
    if (!report) return {};
    for (const Incomplete& each : report->incomplete) ADD_FAILURE() << each.what << ": " << each.error.to_string();
    return std::move(*report);
  }

  // The newest bodies, by id.
  std::map<std::string, std::string> documents() {
    std::map<std::string, std::string> documents;
    const auto lanes = repository_->lanes();
    for (const repo::LaneId& id : *lanes) {
      const auto lane = repository_->read_lane(id);
      if (lane->identity.container != "orders") continue;
      const auto stream = repository_->snapshot(*lane, {});
      repo::Version version;
      while (*(*stream)->next(version)) {
        if (version.operation == repo::Operation::upsert) documents[std::string(version.id)] = repo::body_text(version);
      }
    }
    return documents;
  }

  testing::VirtualRuntime runtime_{Second{1'800'000'000}};
  server::Account account_{runtime_, {}};
  testing::DirectTransport transport_{account_};
  std::unique_ptr<cosmos::Client> client_;
  std::unique_ptr<repo::Repository> repository_;
  int listings_ = 0;
};

constexpr const char* kShort = R"({"id":"d","pk":"a","ttl":3})";

TEST_P(ExpiryChange, WhatNoFeedHasBroughtIsTakenBack) {
  upsert(kShort);
  pass_seconds(4);
  backup();
  EXPECT_THAT(documents(), IsEmpty());
  turn_expiry_off();
  const BackupReport report = backup();
  EXPECT_THAT(documents(), ElementsAre(Pair("d", kShort)));
  EXPECT_THAT(report.events, ::testing::Contains(HasSubstr("live again")));
}

TEST_P(ExpiryChange, WhatWasTakenForDeletedIsTakenBack) {
  upsert(kShort);
  backup();
  pass_seconds(4);
  backup();
  turn_expiry_off();
  backup();
  EXPECT_THAT(documents(), ElementsAre(Pair("d", kShort)));
}

TEST_P(ExpiryChange, OfADocumentThatIsKnownTheNewestVersionIsTakenBack) {
  upsert(R"({"id":"d","pk":"a","n":1})");
  backup();
  upsert(kShort);
  pass_seconds(4);
  backup();
  turn_expiry_off();
  backup();
  EXPECT_THAT(documents(), ElementsAre(Pair("d", kShort)));
}

TEST_P(ExpiryChange, WhatWasPurgedStaysAway) {
  upsert(kShort);
  backup();
  pass_seconds(20);
  backup();
  turn_expiry_off();
  backup();
  EXPECT_THAT(documents(), IsEmpty());
}

TEST_P(ExpiryChange, IsLookedThroughOnce) {
  upsert(R"({"id":"d","pk":"a"})");
  backup();
  pass_seconds(20);
  turn_expiry_off();
  pass_seconds(1);
  backup();
  EXPECT_GT(listings_, 0);
  pass_seconds(20);
  const BackupReport report = backup();
  EXPECT_THAT(report.events, IsEmpty());
  EXPECT_EQ(listings_ > 0, GetParam() == ModeChoice::latest) << "in latest mode deletes are looked for in every pass";
}

INSTANTIATE_TEST_SUITE_P(Modes, ExpiryChange, ::testing::Values(ModeChoice::all_versions, ModeChoice::latest),
                         [](const auto& test) {
                           return std::string(test.param == ModeChoice::latest ? "latest" : "all_versions");
                         });

}  // namespace
}  // namespace halley::capture
