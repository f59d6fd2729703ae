// The commands of the group `native` against a Resource Manager that answers as it is told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <mutex>
#include <sstream>

#include "cli/access.h"
#include "cli/azure.h"
#include "cli/program.h"
#include "http/listener.h"
#include "json/value.h"
#include "testing/drifting_runtime.h"
#include "testing/temporary_folder.h"

namespace halley::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kAccount =
    "/subscriptions/sub/resourceGroups/rg/providers/Microsoft.DocumentDB/databaseAccounts/shop";
constexpr const char* kBackup =
    "/subscriptions/sub/providers/Microsoft.DocumentDB/locations/West%20US/restorableDatabaseAccounts/inst";

struct Answer {
  int status = 200;
  std::string body;
  bool operation = false;  // with the URL of an operation called op-1
};

// Gives the answers it was told for "METHOD /path", in turn; the last one again and again.
class FakeAzure {
 public:
  FakeAzure() {
    listener_ =
        http::Listener::start(real_runtime(), {}, [this](const auto& request) { return answer(request); }).value();
    url_ = "http://127.0.0.1:" + std::to_string(listener_->port());
  }
  const std::string& url() const { return url_; }

  FakeAzure& on(const std::string& what, Answer answer) {
    const std::lock_guard lock(mutex_);
    answers_[what].push_back(std::move(answer));
    return *this;
  }
  // "METHOD /path?query body" of what was sent, tokens aside.
  std::vector<std::string> sent() {
    const std::lock_guard lock(mutex_);
    return sent_;
  }
  std::size_t changes() {
    std::size_t count = 0;
    for (const std::string& each : sent()) count += each.starts_with("GET ") ? 0U : 1U;
    return count;
  }

 private:
  http::ServerResponse answer(const http::ServerRequest& request) {
    const std::lock_guard lock(mutex_);
    http::ServerResponse response;
    const std::string path(request.target.substr(0, request.target.find('?')));
    if (path == "/tenant/oauth2/v2.0/token") {
      response.body = R"({"access_token":"t0ken","expires_in":3600})";
      return response;
    }
    EXPECT_EQ(request.headers.get("Authorization"), "Bearer t0ken");
    sent_.push_back(std::string(request.method) + " " + std::string(request.target) +
                    (request.body.empty() ? "" : " " + std::string(request.body)));
    const auto found = answers_.find(std::string(request.method) + " " + path);
    if (found == answers_.end()) {
      response.status = 404;
      response.body = R"({"error":{"code":"ResourceNotFound","message":"There is no )" + path + R"("}})";
      return response;
    }
    const Answer answer = found->second.front();
    if (found->second.size() > 1) found->second.pop_front();
    response.status = answer.status;
    response.body = answer.body;
    response.headers.add("Retry-After", "0");
    if (answer.operation) response.headers.add("Azure-AsyncOperation", url_ + "/operationsStatus/op-1?s=s1gnature");
    return response;
  }

  std::mutex mutex_;
  std::map<std::string, std::deque<Answer>> answers_;
  std::vector<std::string> sent_;
  std::string url_;
  std::unique_ptr<http::Listener> listener_;
};

std::string account_json(const std::string& policy, const std::string& more = "") {
  return R"({"id":")" + std::string(kAccount) +
         R"(","location":"West US","properties":{"provisioningState":"Succeeded","instanceId":"inst",)"
         R"("documentEndpoint":"https://shop.documents.azure.com:443/","writeLocations":[{"locationName":"West US"}],)"
         R"("locations":[{"locationName":"West US","isZoneRedundant":true}],"backupPolicy":)" +
         policy + more + "}}";
}
const std::string kPeriodic = R"({"type":"Periodic","periodicModeProperties":{"backupIntervalInMinutes":240,)"
                              R"("backupRetentionIntervalInHours":8}})";
const std::string kContinuous = R"({"type":"Continuous","continuousModeProperties":{"tier":"Continuous7Days"}})";

struct CommandRun {
  ExitCode code = ExitCode::failed;
  std::string out;
  std::string err;
  json::Value last(const char* member) const {
    const std::string line = out.substr(out.rfind('\n', out.size() - 2) + 1);
    const auto value = json::parse(line);
    const json::Value* found = value && value->is_object() ? value->find(member) : nullptr;
    return found == nullptr ? json::Value() : *found;
  }
  json::Value result() const { return last("result"); }
  std::string message() const { return last("error").string_at("message"); }
  std::string hint() const { return last("error").string_at("hint"); }
};

class Native : public ::testing::Test {
 protected:
  void SetUp() override {
    variables_ = {{"AZURE_TENANT_ID", "tenant"},     {"AZURE_CLIENT_ID", "client"},
                  {"AZURE_CLIENT_SECRET", "s3cret"}, {"AZURE_AUTHORITY_HOST", azure_.url()},
                  {"AZURE_SUBSCRIPTION_ID", "sub"},  {"XDG_STATE_HOME", folder_.path("state")}};
    configuration_ = folder_.write(
        "halley.toml", "[native]\nresource_group = \"rg\"\naccount = \"shop\"\ncloud = \"" + azure_.url() + "\"\n");
  }

  CommandRun run(std::vector<std::string> words, bool json = true) {
    words.insert(words.begin(), "native");
    return run_words(std::move(words), json);
  }
  CommandRun run_words(std::vector<std::string> words, bool json = true, Runtime& runtime = real_runtime()) {
    if (json) words.emplace_back("--json");
    words.insert(words.end(), {"--config", configuration_});
    std::ostringstream out;
    std::ostringstream err;
    const Variables variables = [this](const std::string& name) -> std::optional<std::string> {
      const auto found = variables_.find(name);
      return found == variables_.end() ? std::nullopt : std::optional(found->second);
    };
    CommandRun ran;
    ran.code = run_program({runtime, variables, out, err, false, {}, "test"}, words);
    ran.out = out.str();
    ran.err = err.str();
    for (const char* secret : {"s3cret", "t0ken", "s1gnature"}) {
      EXPECT_THAT(ran.out + ran.err, Not(HasSubstr(secret)));
    }
    return ran;
  }

  void account_is(const std::string& policy, const std::string& more = "") {
    azure_.on("GET " + std::string(kAccount), {200, account_json(policy, more)});
  }
  void operation_says(const std::string& status) {
    azure_.on("GET /operationsStatus/op-1", {200, R"({"status":")" + status + "\"}"});
  }
  void a_backup_reaches_back_to(const std::string& created, const std::string& deleted = "") {
    azure_.on(
        "GET /subscriptions/sub/providers/Microsoft.DocumentDB/restorableDatabaseAccounts",
        {200, R"({"value":[{"id":")" + std::string(kBackup) +
                  R"(","location":"West US","properties":{"accountName":"shop","apiType":"Sql","creationTime":")" +
                  created + R"(","oldestRestorableTime":")" + created + "\"" +
                  (deleted.empty() ? "" : R"(,"deletionTime":")" + deleted + "\"") +
                  R"(,"restorableLocations":[{"locationName":"West US"}]}}]})"});
    azure_.on("GET " + std::string(kBackup) + "/restorableSqlResources",
              {200, R"({"value":[{"databaseName":"store","collectionNames":["orders"]}]})"});
  }
  // The container store/orders was deleted at noon of 2024-11-19.
  void orders_were_deleted() {
    account_is(kContinuous);
    azure_.on("GET " + std::string(kAccount) + "/sqlDatabases", {200, R"({"value":[{"name":"store"}]})"});
    azure_.on("GET " + std::string(kAccount) + "/sqlDatabases/store/containers", {200, R"({"value":[]})"});
    azure_.on("GET " + std::string(kBackup) + "/restorableSqlDatabases",
              {200, R"({"value":[{"properties":{"resource":{"ownerId":"store","ownerResourceId":"r","operationType":)"
                    R"("Create","eventTimestamp":"2024-11-01T00:00:00Z"}}}]})"});
    azure_.on("GET " + std::string(kBackup) + "/restorableSqlContainers",
              {200, R"({"value":[{"properties":{"resource":{"ownerId":"orders","ownerResourceId":"o","operationType":)"
                    R"("Delete","eventTimestamp":"2024-11-19T12:00:00Z","canUndelete":"restorable"}}}]})"});
  }

  FakeAzure azure_;
  const testing::TemporaryFolder folder_;
  std::map<std::string, std::string> variables_;
  std::string configuration_;
};

TEST_F(Native, EnableAsksBeforeAPeriodicAccountIsChanged) {
  account_is(kPeriodic);
  const CommandRun refused = run({"enable"});
  EXPECT_EQ(refused.code, ExitCode::usage);
  EXPECT_THAT(refused.err, HasSubstr("never returns to periodic backup"));
  EXPECT_THAT(refused.hint(), HasSubstr("--yes"));
  EXPECT_EQ(azure_.changes(), 0u);
}

TEST_F(Native, EnableShowsWhatItWouldSend) {
  account_is(kPeriodic);
  const CommandRun ran = run({"enable", "--tier", "Continuous30Days", "--all-versions", "--dry-run"});
  EXPECT_EQ(ran.code, ExitCode::success);
  const auto requests = ran.result().find("requests")->items();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[0].string_at("method"), "PATCH");
  EXPECT_EQ(requests[0].string_at("url"), azure_.url() + kAccount + "?api-version=2024-05-15");
  EXPECT_EQ(requests[0].find("body")->to_text(),
            R"({"properties":{"apiProperties":{},"backupPolicy":{"type":"Continuous","continuousModeProperties":)"
            R"({"tier":"Continuous30Days"}}}})");
  EXPECT_EQ(requests[1].string_at("url"), azure_.url() + kAccount + "?api-version=2024-12-01-preview");
  EXPECT_EQ(azure_.changes(), 0u);
  EXPECT_THAT(run({"enable", "--dry-run"}, false).out, HasSubstr("PATCH " + azure_.url()));
}

TEST_F(Native, EnableChangesOneThingAfterTheOther) {
  account_is(kPeriodic);
  azure_.on("PATCH " + std::string(kAccount), {200, account_json(kPeriodic), true});
  operation_says("Dequeued");
  operation_says("Succeeded");
  const CommandRun ran = run({"enable", "--all-versions", "--yes", "--wait"});
  EXPECT_EQ(ran.code, ExitCode::success) << ran.out << ran.err;
  EXPECT_EQ(azure_.changes(), 2u);
  EXPECT_EQ(ran.result().find("done")->as_bool(), true);
  EXPECT_EQ(ran.result().find("changes")->as_integer(), 2);
}

TEST_F(Native, EnableChangesNothingThatIsSo) {
  account_is(kContinuous);
  EXPECT_EQ(run({"enable", "--tier", "7d"}).result().find("changes")->as_integer(), 0);
  EXPECT_EQ(azure_.changes(), 0u);
  EXPECT_EQ(run({"enable", "--tier", "8d"}).code, ExitCode::usage);
}

TEST_F(Native, AnOperationIsGoneOnWithById) {
  account_is(kContinuous);
  azure_.on("PATCH " + std::string(kAccount), {200, account_json(kContinuous), true});
  const CommandRun begun = run({"enable", "--tier", "30d"});
  EXPECT_EQ(begun.code, ExitCode::success) << begun.err;
  EXPECT_EQ(begun.result().string_at("operation"), "op-1");
  EXPECT_THAT(begun.err, HasSubstr("halley native status --operation op-1 --wait"));
  operation_says("Dequeued");
  const CommandRun looked = run({"status", "--operation", "op-1"});
  EXPECT_EQ(looked.result().string_at("status"), "Dequeued");
  EXPECT_EQ(looked.result().find("done")->as_bool(), false);
  operation_says("Succeeded");
  const CommandRun waited = run({"status", "--operation", "op-1", "--wait"});
  EXPECT_EQ(waited.code, ExitCode::success) << waited.out;
  EXPECT_EQ(waited.result().string_at("status"), "Succeeded");
  EXPECT_EQ(azure_.changes(), 1u);
  const CommandRun forgotten = run({"status", "--operation", "op-1"});
  EXPECT_EQ(forgotten.code, ExitCode::failed);
  EXPECT_THAT(forgotten.message(), HasSubstr("no operation op-1"));
  EXPECT_EQ(run({"status", "--operation", "../x"}).code, ExitCode::usage);
}

TEST_F(Native, AnOperationThatFailsIsToldInItsWords) {
  account_is(kContinuous);
  azure_.on("PATCH " + std::string(kAccount), {200, account_json(kContinuous), true});
  azure_.on("GET /operationsStatus/op-1",
            {200, R"({"status":"Failed","error":{"code":"InternalServerError","message":"It broke."}})"});
  const CommandRun ran = run({"enable", "--tier", "30d", "--wait"});
  EXPECT_EQ(ran.code, ExitCode::failed);
  EXPECT_EQ(ran.message(),
            "changing shop to Continuous30Days: the operation ended as Failed InternalServerError: It broke.");
}

TEST_F(Native, StatusShowsFromWhenToWhenContainersCanBeRestored) {
  account_is(kContinuous, R"(,"publicNetworkAccess":"Disabled","enableAllVersionsAndDeletesChangeFeed":true)");
  azure_.on("GET " + std::string(kBackup),
            {200, R"({"id":")" + std::string(kBackup) +
                      R"(","properties":{"accountName":"shop","apiType":"Sql","creationTime":"2024-11-01T00:00:00Z",)"
                      R"("oldestRestorableTime":"2024-11-19T00:00:00Z"}})"});
  const std::string database = std::string(kAccount) + "/sqlDatabases";
  azure_.on("GET " + database, {200, R"({"value":[{"name":"store"}]})"});
  azure_.on("GET " + database + "/store/containers", {200, R"({"value":[{"name":"carts"},{"name":"orders"}]})"});
  azure_.on("GET " + std::string(kBackup) + "/restorableSqlDatabases",
            {200, R"({"value":[{"properties":{"resource":{"ownerId":"store","ownerResourceId":"r","operationType":)"
                  R"("Create","eventTimestamp":"2024-11-01T00:00:00Z"}}}]})"});
  azure_.on("GET " + std::string(kBackup) + "/restorableSqlContainers",
            {200, R"({"value":[{"properties":{"resource":{"ownerId":"carts","ownerResourceId":"c","operationType":)"
                  R"("Create","eventTimestamp":"2024-11-25T00:00:00Z"}}}]})"});
  azure_.on("POST " + database + "/store/containers/orders/retrieveContinuousBackupInformation",
            {200, R"({"continuousBackupInformation":{"latestRestorableTimestamp":"11/25/2024 11:29:09 PM"}})"});
  azure_.on("POST " + database + "/store/containers/carts/retrieveContinuousBackupInformation",
            {200, R"({"continuousBackupInformation":{"latestRestorableTimestamp":"1/1/1970 12:00:00 AM"}})"});
  const CommandRun ran = run({"status"});
  ASSERT_EQ(ran.code, ExitCode::success) << ran.out << ran.err;
  const json::Value status = ran.result();
  EXPECT_EQ(status.string_at("mode"), "continuous");
  EXPECT_EQ(status.find("window_days")->as_integer(), 7);
  EXPECT_EQ(status.find("all_versions")->as_bool(), true);
  EXPECT_EQ(status.find("public_network")->as_bool(), false);
  EXPECT_EQ(status.string_at("earliest"), "2024-11-19T00:00:00Z");
  const auto containers = status.find("containers")->items();
  ASSERT_EQ(containers.size(), 2u);
  EXPECT_EQ(containers[0].string_at("earliest"), "2024-11-25T00:00:00Z");
  EXPECT_TRUE(containers[0].find("latest")->is_null());
  EXPECT_EQ(containers[1].string_at("earliest"), "2024-11-19T00:00:00Z");
  EXPECT_EQ(containers[1].string_at("latest"), "2024-11-25T23:29:09Z");
  const std::string text = run({"status"}, false).out;
  EXPECT_THAT(text, HasSubstr("continuous, Continuous7Days"));
  EXPECT_THAT(text, HasSubstr("West US (writes) (zone-redundant)"));
  EXPECT_THAT(text, HasSubstr("not yet"));
}

TEST_F(Native, StatusOfAPeriodicAccount) {
  account_is(kPeriodic);
  const json::Value status = run({"status"}).result();
  EXPECT_EQ(status.string_at("mode"), "periodic");
  EXPECT_EQ(status.find("retention_hours")->as_integer(), 8);
  EXPECT_EQ(status.find("events")->items().at(0).string_at("event"), "continuous_backup_off");
  EXPECT_THAT(run({"status"}, false).out, HasSubstr("! the backup of shop is periodic"));
  EXPECT_TRUE(status.find("tier")->is_null());
}

TEST_F(Native, StatusExitsWith4ForWhatIsNotAsItShouldBeOnlyWhenAsked) {
  account_is(kPeriodic);
  EXPECT_EQ(run({"status"}).code, ExitCode::success);
  const CommandRun ran = run({"status", "--check"});
  EXPECT_EQ(ran.code, ExitCode::damage);
  const json::Value event = ran.result().find("events")->items().at(0);
  EXPECT_EQ(event.string_at("event"), "continuous_backup_off");
  EXPECT_EQ(event.string_at("severity"), "critical");
  EXPECT_FALSE(event.string_at("hint").empty());
}

TEST_F(Native, StatusComparesWithWhatTheConfigurationWants) {
  account_is(R"({"type":"Periodic","periodicModeProperties":{"backupStorageRedundancy":"Local"}})",
             R"(,"enableAllVersionsAndDeletesChangeFeed":false)");
  const auto events = [&](const std::string& wanted) {
    configuration_ = folder_.write("wants.toml", "[native]\nresource_group = \"rg\"\naccount = \"shop\"\ncloud = \"" +
                                                     azure_.url() + "\"\n" + wanted);
    std::vector<std::string> names;
    const CommandRun ran = run({"status"});
    EXPECT_EQ(ran.code, ExitCode::success) << ran.out;
    const json::Value result = ran.result();
    for (const json::Value& event : result.find("events")->items()) names.push_back(event.string_at("event"));
    return names;
  };
  using ::testing::ElementsAre;
  EXPECT_THAT(events(""), ElementsAre("continuous_backup_off"));
  EXPECT_THAT(events("all_versions = true\nredundancy = \"Zone\"\nlongest_lag = \"90m\"\n"),
              ElementsAre("continuous_backup_off", "all_versions_off", "redundancy_lower"));
  configuration_ = folder_.write("wrong.toml", "[native]\nresource_group = \"rg\"\naccount = \"shop\"\ncloud = \"" +
                                                   azure_.url() + "\"\nlongest_lag = \"soon\"\n");
  EXPECT_THAT(run({"status"}).message(), HasSubstr("longest_lag"));
}

TEST_F(Native, StatusOfADeletedAccountCountsTheDaysDown) {
  a_backup_reaches_back_to("2024-10-27T00:00:00Z", "2024-11-10T12:00:00Z");
  const CommandRun ran = run({"status"});
  EXPECT_EQ(ran.code, ExitCode::incomplete);
  EXPECT_EQ(ran.result().find("deleted")->as_bool(), true);
  const json::Value event = ran.result().find("events")->items().at(0);
  EXPECT_EQ(event.string_at("event"), "account_deleted");
  EXPECT_EQ(event.string_at("severity"), "critical");
  EXPECT_THAT(event.string_at("message"), HasSubstr("gone in 14 days"));
  EXPECT_THAT(event.string_at("hint"), HasSubstr("halley native restore --account shop --at 2024-11-10T11:59:59Z"));
  EXPECT_EQ(run({"status", "--check"}).code, ExitCode::damage);
  EXPECT_THAT(run({"status"}, false).out, HasSubstr("! the account shop was deleted"));
}

TEST_F(Native, RestoreComparesTheTwoWaysAndSaysWhyNot) {
  variables_["HALLEY_REPOSITORY"] = folder_.path("repository");
  variables_["HALLEY_PASSWORD"] = "password";
  ASSERT_EQ(run_words({"init"}).code, ExitCode::success);
  a_backup_reaches_back_to("2024-11-01T00:00:00Z");
  const auto restore = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"restore", "--at", "2024-11-20T10:00:00Z"});
    return run_words(std::move(more));
  };
  const auto comparison = [](const CommandRun& ran) {
    return json::parse(ran.out.substr(0, ran.out.find('\n'))).value_or(json::Value());
  };
  const CommandRun ran = restore({"--using", "auto", "--to", "cosmos", "--dry-run"});
  ASSERT_EQ(ran.code, ExitCode::success) << ran.out << ran.err;
  EXPECT_EQ(comparison(ran).string_at("chosen"), "native");
  const auto ways = comparison(ran).find("comparison")->items();
  EXPECT_EQ(ways.at(0).find("exact")->as_bool(), true);
  EXPECT_TRUE(ways.at(0).find("seconds")->is_null()) << "of a size that nobody knows";
  EXPECT_THAT(ways.at(0).string_at("covers"), HasSubstr("1 database, 1 container as the new account shop-r"));
  EXPECT_EQ(ways.at(1).find("possible")->as_bool(), false);
  EXPECT_THAT(ways.at(1).string_at("why_not"), HasSubstr("backed up"));
  EXPECT_EQ(ran.result().find("requests")->items().at(0).string_at("method"), "PUT");

  EXPECT_EQ(restore({"--using", "repository", "--to", "cosmos"}).code, ExitCode::outside_coverage);
  const CommandRun files = restore({"--using", "auto", "--to", "dir:" + folder_.path("files")});
  EXPECT_EQ(files.code, ExitCode::outside_coverage);
  EXPECT_THAT(files.message(), HasSubstr("neither way"));
  EXPECT_THAT(restore({"--using", "native", "--id", "1"}).message(), HasSubstr("whole containers"));
  EXPECT_THAT(restore({"--using", "native", "--exclude", "a/b"}).message(), HasSubstr("leaves nothing out"));
  EXPECT_EQ(restore({"--using", "magic"}).code, ExitCode::usage);
  const CommandRun unasked = restore({"--using", "auto", "--to", "cosmos"});
  EXPECT_EQ(unasked.code, ExitCode::usage);
  EXPECT_THAT(unasked.hint(), HasSubstr("--yes"));
  EXPECT_EQ(azure_.changes(), 0u);
}

TEST_F(Native, AnAgeIsOneMomentFromTheComparisonToTheRestore) {
  a_backup_reaches_back_to("2024-11-01T00:00:00Z");
  testing::DriftingRuntime runtime(std::chrono::seconds(100));
  const CommandRun ran = run_words({"restore", "--using", "native", "--at", "-1h", "--dry-run"}, true, runtime);
  ASSERT_EQ(ran.code, ExitCode::success) << ran.out << ran.err;
  const auto comparison = json::parse(ran.out.substr(0, ran.out.find('\n'))).value_or(json::Value());
  const json::Value request = ran.result().find("requests")->items().at(0);
  const json::Value* parameters = request.find("body")->find("properties")->find("restoreParameters");
  const std::string sent = parameters->string_at("restoreTimestampInUtc");
  EXPECT_EQ(comparison.string_at("at").substr(0, 19), sent.substr(0, 19));
}

TEST_F(Native, AFailedBackupDoesNotAskResourceManager) {
  const auto service = http::Listener::start(real_runtime(), {}, [](const auto&) {
    http::ServerResponse response;
    response.status = 401;
    response.body = R"({"code":"Unauthorized","message":"not this key"})";
    return response;
  });
  variables_["COSMOS_ENDPOINT"] = "http://127.0.0.1:" + std::to_string((*service)->port());
  variables_["COSMOS_KEY"] = "c2VjcmV0";
  variables_["HALLEY_REPOSITORY"] = folder_.path("repository");
  variables_["HALLEY_PASSWORD"] = "password";
  ASSERT_EQ(run_words({"init"}).code, ExitCode::success);
  const CommandRun ran = run_words({"backup"});
  EXPECT_EQ(ran.code, ExitCode::failed);
  EXPECT_THAT(ran.message(), HasSubstr("not this key"));
  EXPECT_TRUE(azure_.sent().empty()) << azure_.sent().front();
}

TEST(AzureTrust, IsNotThatOfTheAccount) {
  Arguments arguments;
  arguments.add("--insecure-tls", "");
  arguments.add("--ca", "account.pem");
  std::ostringstream out;
  Output output(out, out, false, false);
  const Variables variables = [](const std::string&) { return std::optional<std::string>(); };
  const Context context{real_runtime(), arguments, variables, output, {}};
  Configuration configuration;
  configuration.ca = "configured.pem";
  EXPECT_TRUE(trust_of(context, configuration).insecure_tls);
  EXPECT_EQ(trust_of(context, configuration).ca_file, "account.pem");
  EXPECT_FALSE(azure_trust(context, configuration).insecure_tls);
  EXPECT_EQ(azure_trust(context, configuration).ca_file, "");
  configuration.azure_ca = "azure.pem";
  EXPECT_EQ(azure_trust(context, configuration).ca_file, "azure.pem");
  arguments.add("--azure-ca", "given.pem");
  EXPECT_EQ(azure_trust(context, configuration).ca_file, "given.pem");
}

TEST_F(Native, AzureIsNeverAskedUnverified) {
  account_is(kPeriodic);
  for (const char* command :
       {"status", "enable", "latest", "restorable", "restore", "restore-database", "restore-container", "fixup"}) {
    const CommandRun ran = run({command, "--insecure-tls"});
    EXPECT_EQ(ran.code, ExitCode::usage) << command;
    EXPECT_THAT(ran.message(), HasSubstr("--insecure-tls")) << command;
  }
  EXPECT_TRUE(azure_.sent().empty());
}

TEST_F(Native, FixupNeedsToKnowWhatWasRestored) {
  account_is(kContinuous);
  EXPECT_EQ(run({"fixup"}).code, ExitCode::usage);
  EXPECT_THAT(run({"fixup", "--to", "shop"}).hint(), HasSubstr("--at"));
  const CommandRun ran = run({"fixup", "--to", "shop", "--at", "2024-11-20T10:00:00Z"});
  EXPECT_EQ(ran.code, ExitCode::usage);
  EXPECT_THAT(ran.message(), HasSubstr("not made by a restore"));
  EXPECT_EQ(azure_.changes(), 0u);
}

TEST_F(Native, LatestSaysNotYetAndWaitsWhenAsked) {
  account_is(kContinuous);
  const std::string path =
      "POST " + std::string(kAccount) + "/sqlDatabases/store/containers/orders/retrieveContinuousBackupInformation";
  azure_.on(path, {200, R"({"continuousBackupInformation":{"latestRestorableTimestamp":"1/1/1970 12:00:00 AM"}})"});
  azure_.on(path, {200, R"({"continuousBackupInformation":{"latestRestorableTimestamp":"11/26/2024 1:00:00 AM"}})"});
  const CommandRun early = run({"latest", "store/orders"});
  EXPECT_EQ(early.code, ExitCode::incomplete);
  EXPECT_TRUE(early.result().find("latest")->is_null());
  const CommandRun later = run({"latest", "store/orders", "--wait", "--location", "East US 2"});
  EXPECT_EQ(later.result().string_at("latest"), "2024-11-26T01:00:00Z");
  EXPECT_THAT(azure_.sent().back(), HasSubstr(R"({"location":"East US 2"})"));
  EXPECT_EQ(run({"latest", "store"}).code, ExitCode::usage);
}

TEST_F(Native, RestorableListsDeletedAccountsWithTheDaysThatAreLeft) {
  a_backup_reaches_back_to("2024-10-27T00:00:00Z", "2024-11-10T12:00:00Z");
  configuration_ = folder_.write("bare.toml", "[native]\ncloud = \"" + azure_.url() + "\"\n");
  const CommandRun ran = run({"restorable"});
  ASSERT_EQ(ran.code, ExitCode::success) << ran.out;
  const json::Value account = ran.result().find("accounts")->items().at(0);
  EXPECT_EQ(account.string_at("deleted"), "2024-11-10T12:00:00Z");
  EXPECT_EQ(account.find("days_left")->as_integer(), 14);
  EXPECT_THAT(run({"restorable"}, false).out, HasSubstr("14 d left"));
  EXPECT_EQ(run({"restorable", "--suggest"}).code, ExitCode::usage);
}

TEST_F(Native, RestorableSuggestsTheLastSecondBeforeADeletion) {
  a_backup_reaches_back_to("2024-11-01T00:00:00Z");
  orders_were_deleted();
  const CommandRun ran = run({"restorable"});
  ASSERT_EQ(ran.code, ExitCode::success) << ran.out;
  const json::Value suggestion = ran.result().find("suggestions")->items().at(0);
  EXPECT_EQ(suggestion.string_at("name"), "store/orders");
  EXPECT_EQ(suggestion.string_at("last_second"), "2024-11-19T11:59:59Z");
  EXPECT_THAT(run({"restorable", "--suggest"}, false).out,
              HasSubstr("halley native restore-container store/orders --account shop --at 2024-11-19T11:59:59Z"));
  const CommandRun there = run({"restorable", "--at", "2024-11-10T00:00:00Z"}, false);
  EXPECT_THAT(there.out, HasSubstr("store/orders"));
  EXPECT_EQ(run({"restorable", "--account", "shops"}).code, ExitCode::failed);
}

TEST_F(Native, RestoreMakesANewAccountOnce) {
  a_backup_reaches_back_to("2024-11-01T00:00:00Z");
  const std::string copy = std::string(kAccount) + "-copy";
  const std::string made = R"({"id":")" + copy +
                           R"(","properties":{"provisioningState":"Succeeded","documentEndpoint":)"
                           R"("https://shop-copy.documents.azure.com:443/","restoreParameters":{"restoreSource":")" +
                           std::string(kBackup) +
                           R"(","restoreTimestampInUtc":"2024-11-20T10:00:00Z","restoreWithTtlDisabled":true,)"
                           R"("databasesToRestore":[{"databaseName":"store","collectionNames":["orders"]}]}}})";
  azure_.on("GET " + copy, {404, R"({"error":{"code":"ResourceNotFound","message":"none"}})"})
      .on("GET " + copy, {200, made});
  azure_.on("PUT " + copy, {200, made, true});
  operation_says("Enqueued");
  operation_says("Succeeded");
  const std::vector<std::string> words = {"restore", "--at", "2024-11-20T10:00:00Z", "--to-account", "shop-copy"};
  std::vector<std::string> waiting = words;
  waiting.insert(waiting.end(), {"--databases", "store=orders", "--wait"});
  const CommandRun ran = run(waiting);
  ASSERT_EQ(ran.code, ExitCode::success) << ran.out << ran.err;
  EXPECT_EQ(ran.result().string_at("endpoint"), "https://shop-copy.documents.azure.com:443/");
  EXPECT_EQ(azure_.changes(), 1u);
  // Given again, it is the same restore.
  EXPECT_EQ(run(waiting).code, ExitCode::success);
  EXPECT_EQ(azure_.changes(), 1u);
  std::vector<std::string> other = words;
  other[2] = "2024-11-20T10:00:01Z";
  const CommandRun taken = run(other);
  EXPECT_EQ(taken.code, ExitCode::failed);
  EXPECT_THAT(taken.hint(), HasSubstr("--to-account"));
}

TEST_F(Native, RestoreShowsWhatItWouldSend) {
  a_backup_reaches_back_to("2024-11-01T00:00:00Z");
  const CommandRun ran = run({"restore", "--at", "2024-11-20T10:00:00Z", "--dry-run"});
  ASSERT_EQ(ran.code, ExitCode::success) << ran.out;
  const json::Value request = ran.result().find("requests")->items().at(0);
  EXPECT_EQ(request.string_at("url"), azure_.url() + kAccount + "-r20241120t100000?api-version=2024-08-15");
  const json::Value* properties = request.find("body")->find("properties");
  EXPECT_EQ(properties->string_at("publicNetworkAccess"), "Disabled");
  EXPECT_EQ(properties->find("restoreParameters")->find("restoreWithTtlDisabled")->as_bool(), true);
  EXPECT_EQ(azure_.changes(), 0u);
}

TEST_F(Native, AMomentOutsideTheWindowExitsWith20) {
  a_backup_reaches_back_to("2024-11-01T00:00:00Z");
  const CommandRun ran = run({"restore", "--at", "2024-10-20T10:00:00Z"});
  EXPECT_EQ(ran.code, ExitCode::outside_coverage);
  EXPECT_THAT(ran.message(), HasSubstr("from 2024-11-01T00:00:00Z on"));
}

TEST_F(Native, WrongUsageIsSaid) {
  EXPECT_EQ(run({"restore"}).code, ExitCode::usage);
  EXPECT_EQ(run({"restore", "--at", "latest"}).code, ExitCode::usage);
  EXPECT_EQ(run({"restore", "--at", "2024-11-20T10:00:00Z", "--databases", "store="}).code, ExitCode::usage);
  EXPECT_EQ(run({"restore", "--at", "2024-11-20T10:00:00Z", "--databases", "a/b"}).code, ExitCode::usage);
  EXPECT_EQ(run({"restore-database", "a/b"}).code, ExitCode::usage);
  EXPECT_EQ(run({"status", "--cloud", "AzureMoon"}).code, ExitCode::usage);
  variables_.erase("AZURE_SUBSCRIPTION_ID");
  const CommandRun ran = run({"status"});
  EXPECT_EQ(ran.code, ExitCode::usage);
  EXPECT_THAT(ran.hint(), HasSubstr("[native] subscription"));
  EXPECT_TRUE(azure_.sent().empty());
}

TEST_F(Native, ADeletedContainerComesBack) {
  orders_were_deleted();
  const std::string path = std::string(kAccount) + "/sqlDatabases/store/containers/orders";
  azure_.on("PUT " + path, {202, R"({"status":"Enqueued"})", true});
  operation_says("Dequeued");
  operation_says("Succeeded");
  const CommandRun plan = run({"restore-container", "store/orders", "--dry-run"});
  EXPECT_EQ(plan.code, ExitCode::success) << plan.out;
  EXPECT_EQ(azure_.changes(), 0u);
  EXPECT_THAT(plan.out, HasSubstr("2024-11-19T11:59:59.000Z"));
  const CommandRun ran = run({"restore-container", "store/orders", "--wait"});
  ASSERT_EQ(ran.code, ExitCode::success) << ran.out << ran.err;
  EXPECT_EQ(azure_.changes(), 1u);
  const json::Value outcome = ran.result().find("resources")->items().at(0);
  EXPECT_EQ(outcome.string_at("name"), "store/orders");
  EXPECT_TRUE(outcome.find("error")->is_null());
}

TEST_F(Native, WhatIsStillThereOrFailsIsTold) {
  orders_were_deleted();
  const CommandRun there = run({"restore-database", "store"});
  EXPECT_EQ(there.code, ExitCode::failed);
  EXPECT_THAT(there.message(), HasSubstr("only what was deleted"));
  azure_.on("PUT " + std::string(kAccount) + "/sqlDatabases/store/containers/orders",
            {409, R"({"code":"Conflict","message":"A restore is already in progress on this account."})"});
  const CommandRun busy = run({"restore-container", "store/orders"});
  EXPECT_EQ(busy.code, ExitCode::failed);
  EXPECT_THAT(busy.err, HasSubstr("another operation is running"));
}

TEST_F(Native, RefusalsOfResourceManagerAreReadable) {
  const auto refused_with = [&](int status, const std::string& code, const std::string& message) {
    azure_.on("GET " + std::string(kAccount),
              {status, R"({"error":{"code":")" + code + R"(","message":")" + message + "\"}}"});
    const CommandRun ran = run({"status"});
    EXPECT_EQ(ran.code, ExitCode::failed);
    return ran.message() + " / " + ran.hint();
  };
  EXPECT_THAT(run({"status"}).hint(), HasSubstr("--resource-group"));
  EXPECT_THAT(refused_with(403, "AuthorizationFailed",
                           "no authorization to perform action "
                           "'Microsoft.DocumentDB/databaseAccounts/read' over scope"),
              HasSubstr("Cosmos DB Account Reader Role"));
}

TEST_F(Native, AnExpiredTokenIsSaid) {
  azure_.on("GET " + std::string(kAccount),
            {401, R"({"error":{"code":"ExpiredAuthenticationToken","message":"The access token expired."}})"});
  const CommandRun ran = run({"status"});
  EXPECT_EQ(ran.code, ExitCode::failed);
  EXPECT_THAT(ran.message(), HasSubstr("ExpiredAuthenticationToken"));
  EXPECT_THAT(ran.hint(), HasSubstr("az login"));
}

}  // namespace
}  // namespace halley::cli
