// What a pass can't capture it names, says why, and goes on with the rest; what is secret it leaves behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "capture/backup.h"
#include "cosmos/signing.h"
#include "repo/definitions.h"
#include "server/engine.h"
#include "store/memory_store.h"
#include "testing/direct_transport.h"
#include "testing/virtual_runtime.h"

namespace halley::capture {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kDefinition =
    R"({"id":"orders","partitionKey":{"paths":["/pk"],"kind":"Hash","version":2}})";

class Refusals : public ::testing::Test {
 protected:
  explicit Refusals(const server::AccountOptions& options = {}) : account_(runtime_, options) {
    EXPECT_TRUE(account_.engine().create_database("shop"));
    EXPECT_TRUE(account_.engine().create_container("shop", kDefinition));
    EXPECT_TRUE(account_.engine().upsert("shop", "orders", R"({"id":"1","pk":"a"})"));
    repo::RepositoryOptions cheap;
    cheap.password_cost.n = 1 << 10;
    repository_ = std::move(*repo::Repository::create(runtime_, store::make_memory_store(), "password", cheap));
  }

  Result<BackupReport> backup(const BackupOptions& options = {}) { return backup_of(transport_, options); }
  Result<BackupReport> backup_of(http::Transport& transport, const BackupOptions& options = {}) {
    cosmos::ClientOptions client_options;
    client_options.endpoint = "http://account.test/";
    client_options.key = account_.key();
    const auto client = std::move(*cosmos::Client::create(runtime_, transport, client_options));
    BackupProgress progress;
    return capture::backup(runtime_, *client, *repository_, options, progress, {});
  }

  // The only thing that the pass could not do.
  Error only_problem(const Result<BackupReport>& report) {
    EXPECT_TRUE(report) << report.error().to_string();
    EXPECT_EQ(report->incomplete.size(), 1u);
    return report->incomplete.empty() ? Error(Code::internal, "nothing") : report->incomplete.front().error;
  }

  testing::VirtualRuntime runtime_{Second{1'800'000'000}};
  server::Account account_;
  testing::DirectTransport transport_{account_};
  std::unique_ptr<repo::Repository> repository_;
};

class WithoutAllVersions : public Refusals {
 protected:
  static server::AccountOptions options() {
    server::AccountOptions options;
    options.all_versions_feed = false;
    return options;
  }
  WithoutAllVersions() : Refusals(options()) {}
};

TEST_F(WithoutAllVersions, AnAccountThatMustOfferTheFeedIsToldHow) {
  BackupOptions options;
  options.mode = ModeChoice::all_versions;
  const Error error = only_problem(backup(options));
  EXPECT_THAT(error.to_string(), HasSubstr("shop/orders is not offered"));
  EXPECT_THAT(error.hint, HasSubstr("--mode latest"));
}

TEST_F(Refusals, AnotherAccountIsRefused) {
  ASSERT_TRUE(backup());
  server::AccountOptions options;
  options.account_id = "another";
  server::Account another(runtime_, options);
  testing::DirectTransport to_another(another);
  const auto refused = backup_of(to_another);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::precondition);
  EXPECT_THAT(refused.error().message, HasSubstr("another account than 'another'"));
}

TEST_F(Refusals, PartitionsThatKeepChangingAreGivenUpAfterAWhile) {
  transport_.before = [](const http::Request& request) -> std::optional<testing::DirectTransport::Answer> {
    if (request.headers.find("x-ms-documentdb-partitionkeyrangeid") == nullptr) return std::nullopt;
    http::Response response;
    response.status = 410;
    response.headers.add("x-ms-substatus", "1002");
    return response;
  };
  const Error error = only_problem(backup());
  EXPECT_EQ(error.code, Code::unavailable);
  EXPECT_THAT(error.to_string(), HasSubstr("the partitions of shop/orders keep changing"));
}

TEST_F(Refusals, AContainerWithoutAPartitionKeyIsNamedAndTheOthersAreCaptured) {
  ASSERT_TRUE(account_.engine().create_container("shop", R"({"id":"old","partitionKey":{"paths":["/x"]}})"));
  transport_.after = [](const http::Request&, http::Response response) -> testing::DirectTransport::Answer {
    const std::string key = R"("partitionKey":{"paths":["/x"])";
    for (std::size_t at = 0; (at = response.body.find(key)) != std::string::npos;) {
      response.body.replace(at, 14, R"("partitionMay")");
    }
    return response;
  };
  const auto report = backup();
  const Error error = only_problem(report);
  EXPECT_EQ(error.code, Code::unsupported);
  EXPECT_THAT(error.message, HasSubstr("shop/old has no partition key"));
  EXPECT_EQ(report->documents, 1u);
}

TEST_F(Refusals, ThePermissionsOfUsersAreCapturedWithoutTheirTokens) {
  using server::ResourceKind;
  const server::Engine::Path database = {"dbs", "shop"};
  const server::Engine::Path user = {"dbs", "shop", "users", "u"};
  ASSERT_TRUE(account_.engine().create(database, ResourceKind::user, *json::parse(R"({"id":"u"})")));
  const auto permission = json::parse(R"({"id":"p","permissionMode":"Read","resource":"dbs/shop/colls/orders"})");
  ASSERT_TRUE(account_.engine().create(user, ResourceKind::permission, *permission));
  bool token_was_sent = false;
  transport_.after = [&](const http::Request&, http::Response response) -> testing::DirectTransport::Answer {
    token_was_sent = token_was_sent || response.body.find("\"_token\"") != std::string::npos;
    return response;
  };
  ASSERT_TRUE(backup());
  EXPECT_TRUE(token_was_sent);
  const auto lane = repository_->read_lane(repo::LaneId(repo::kAccountLane));
  ASSERT_TRUE(lane);
  const auto definitions = repo::read_definitions(*repository_, *lane, {});
  ASSERT_TRUE(definitions);
  bool found = false;
  for (const repo::Definition& definition : *definitions) {
    EXPECT_EQ(definition.text.find("_token"), std::string::npos) << definition.text;
    EXPECT_EQ(definition.text.find("sig="), std::string::npos) << definition.text;
    found = found || definition.key == repo::DefinitionKey{repo::DefinitionKind::permission, "shop", "u", "p"};
  }
  EXPECT_TRUE(found);
}

// What is read at the end of the first pass is known from then on only, behind all that the pass covers.
TEST_F(Refusals, DefinitionsThatAFirstPassCouldNotReadAtItsBeginningAreNamed) {
  bool refused = false;
  transport_.before = [&](const http::Request& request) -> std::optional<testing::DirectTransport::Answer> {
    if (refused || !request.url.ends_with("/triggers")) return std::nullopt;
    refused = true;
    http::Response response;
    response.status = 403;
    return response;
  };
  const auto first = backup();
  EXPECT_EQ(only_problem(first).code, Code::forbidden);
  EXPECT_FALSE(first->restorable_until);
  const auto second = backup();
  ASSERT_TRUE(second);
  EXPECT_TRUE(second->incomplete.empty());
  EXPECT_TRUE(second->restorable_until);
}

// Where Date lags, what was made last is dated behind it, and definitions are known from then on.
TEST_F(WithoutAllVersions, AFirstPassCoversASecondOfWhichDefinitionsAreKnown) {
  account_.clock().advance(100);
  ASSERT_TRUE(account_.engine().create({"dbs", "shop", "colls", "orders"}, server::ResourceKind::sproc,
                                       *json::parse(R"({"id":"sum","body":"function(){}"})")));
  transport_.after = [](const http::Request&, http::Response response) -> testing::DirectTransport::Answer {
    response.headers.set("Date", format_http_date(*parse_http_date(response.headers.get("Date")) - 4));
    return response;
  };
  const auto report = backup();
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->incomplete.empty());
  EXPECT_TRUE(report->restorable_until);
}

TEST_F(Refusals, PermissionsThatAreNotToldAreNamed) {
  using server::ResourceKind;
  ASSERT_TRUE(account_.engine().create({"dbs", "shop"}, ResourceKind::user, *json::parse(R"({"id":"u"})")));
  transport_.before = [](const http::Request& request) -> std::optional<testing::DirectTransport::Answer> {
    if (!request.url.ends_with("/users/u/permissions")) return std::nullopt;
    http::Response response;
    response.status = 403;
    return response;
  };
  const auto report = backup();
  const Error error = only_problem(report);
  EXPECT_EQ(error.code, Code::forbidden);
  EXPECT_THAT(report->incomplete.front().what, HasSubstr("permission"));
  EXPECT_EQ(report->documents, 1u);
}

}  // namespace
}  // namespace halley::capture
