// Restores to files and into an account.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>
#include <sstream>

#include "recovery/hollow_target.h"
#include "recovery/restore_fixture.h"
#include "testing/faulty_store.h"
#include "testing/temporary_folder.h"

namespace halley::recovery {
namespace {

using repo::DefinitionKind;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

class DirectoryRestoreTest : public RestoreTest {
 protected:
  Result<RestoreReport> run(const RestorePlan& plan, std::stop_token stop = {}) {
    const auto target = make_directory_target(folder_ + "/out/");
    return restore(real_runtime(), backup.repository(), plan, *target, progress, stop);
  }

  static std::string content(const std::string& path) {
    std::ostringstream out;
    out << std::ifstream(path).rdbuf();
    return out.str();
  }
  static std::vector<std::string> lines(const std::string& path) {
    std::ifstream file(path);
    std::vector<std::string> all;
    for (std::string line; std::getline(file, line);) all.push_back(line);
    return all;
  }

  const halley::testing::TemporaryFolder temporary_;
  const std::string folder_ = temporary_.path();
};

TEST_F(DirectoryRestoreTest, WritesTheTree) {
  const auto report = run(plan());
  ASSERT_TRUE(report) << report.error().to_string();
  const std::string out = folder_ + "/out";
  EXPECT_EQ(content(out + "/account.json"), "{\"id\":\"test-account\",\"writableLocations\":[]}\n");
  EXPECT_EQ(content(out + "/shop/database.json"), "{\"id\":\"shop\"}\n");
  EXPECT_EQ(content(out + "/empty/database.json"), "{\"id\":\"empty\"}\n");
  EXPECT_EQ(content(out + "/shop/cache/container.json"),
            R"({"id":"cache","partitionKey":{"paths":["/a","/b"],"kind":"MultiHash","version":2},"defaultTtl":60})"
            "\n");
  EXPECT_EQ(content(out + "/shop/orders/throughput.json"), "{\"offerThroughput\":700}\n");
  EXPECT_FALSE(std::filesystem::exists(out + "/shop/cache/throughput.json"));
  EXPECT_EQ(content(out + "/shop/orders/scripts/sprocs/p.json"), "{\"id\":\"p\",\"body\":\"function(){}\"}\n");
  EXPECT_TRUE(std::filesystem::exists(out + "/shop/orders/scripts/triggers/t.json"));
  EXPECT_TRUE(std::filesystem::exists(out + "/shop/orders/scripts/udfs/u.json"));
  EXPECT_THAT(lines(out + "/shop/cache/documents.ndjson"),
              UnorderedElementsAre(R"({"id":"1","a":"x","b":"y"})", R"({"id":"2","a":"x","ttl":-1})"));
  EXPECT_EQ(lines(out + "/shop/orders/documents.ndjson").size(), kOrders + 1U);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(out), {}), 3);
  EXPECT_EQ(report->documents, kOrders + 3U);
  EXPECT_EQ(report->containers[0].expired, 1U);
  EXPECT_EQ(progress.documents, kOrders + 3U);
  EXPECT_EQ(progress.containers_done, 2U);
  EXPECT_EQ(progress.compared, kOrders + 3U);
}

TEST_F(DirectoryRestoreTest, OfAContainerWithoutPartitionKeyTheDefinitionIsWritten) {
  backup.define(DefinitionKind::container, "empty", "", "old", R"({"id":"old","_ts":1})", at(0));
  backup.definitions_known(at(0), at(100));
  const auto report = run(plan());
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_THAT(report->notes, ::testing::Contains(HasSubstr("empty/old")));
  EXPECT_EQ(content(folder_ + "/out/empty/old/container.json"), "{\"id\":\"old\"}\n");
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/out/empty/old/documents.ndjson"));
}

TEST_F(DirectoryRestoreTest, RefusesADirectoryThatHoldsSomethingElse) {
  std::filesystem::create_directories(folder_ + "/out");
  std::ofstream(folder_ + "/out/precious") << "data";
  auto refused = run(plan());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::already_exists);
  EXPECT_FALSE(refused.error().hint.empty());
  std::filesystem::remove_all(folder_ + "/out");
  ASSERT_TRUE(run(plan()));
  EXPECT_FALSE(run(plan())) << "a restore that is complete is not written over";
}

TEST_F(DirectoryRestoreTest, AnInterruptedRestoreIsCompletedByTheSamePlanOnly) {
  // The second container can't be written: something stands in its way.
  std::filesystem::create_directories(folder_ + "/out");
  const RestorePlan whole = plan();
  {
    const auto target = make_directory_target(folder_ + "/out");
    std::vector<std::string> notes;
    ASSERT_TRUE(target->open(whole, notes, {}));
  }
  std::filesystem::create_directories(folder_ + "/out/shop/orders/documents.ndjson.partial");
  const auto interrupted = run(whole);
  ASSERT_FALSE(interrupted);
  EXPECT_THAT(interrupted.error().hint, HasSubstr("the same restore --at " + format_rfc3339(at(70)) + " completes it"));
  const std::string cache = folder_ + "/out/shop/cache/documents.ndjson";
  EXPECT_TRUE(std::filesystem::exists(cache));
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/out/shop/orders/documents.ndjson"));

  Selection other;
  other.include = {"shop"};
  const auto refused = run(plan(other));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::already_exists);

  std::filesystem::remove(folder_ + "/out/shop/orders/documents.ndjson.partial");
  const auto written = std::filesystem::last_write_time(cache);
  const auto report = run(whole);
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->documents, kOrders + 3U);
  EXPECT_TRUE(report->containers[0].done_before);
  EXPECT_FALSE(report->containers[1].done_before);
  EXPECT_EQ(std::filesystem::last_write_time(cache), written);
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/out/.halley-restore"));
}

TEST_F(DirectoryRestoreTest, ARehearsalRefusesWhatTheRestoreWouldAndWritesNothing) {
  const auto rehearsed = [&](const std::string& path, const Selection& selection = {}) {
    const auto target = make_directory_target(path);
    return rehearse(backup.repository(), plan(selection), *target, {});
  };
  ASSERT_TRUE(rehearsed(folder_ + "/a/b/out"));
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/a"));
  std::filesystem::create_directories(folder_ + "/out");
  EXPECT_TRUE(rehearsed(folder_ + "/out"));
  EXPECT_TRUE(std::filesystem::is_empty(folder_ + "/out"));
  std::ofstream(folder_ + "/out/precious") << "data";
  EXPECT_EQ(rehearsed(folder_ + "/out").error().to_string(), run(plan()).error().to_string());
  EXPECT_EQ(rehearsed(folder_ + "/out").error().code, Code::already_exists);
  EXPECT_EQ(rehearsed(folder_ + "/out/precious/tree").error().code, Code::io) << "a file is in its path";
  Selection unknown;
  unknown.ids = {"no such id"};
  EXPECT_EQ(rehearsed(folder_ + "/other", unknown).error().code, Code::not_found);
  // What an interrupted restore left is taken for what it is, and stays.
  std::filesystem::remove(folder_ + "/out/precious");
  std::filesystem::create_directories(folder_ + "/out2/shop/orders/documents.ndjson.partial");
  std::ofstream(folder_ + "/out2/.halley-restore") << "of something else\n";
  EXPECT_THAT(rehearsed(folder_ + "/out2").error().message, HasSubstr("unfinished restore of something else"));
  EXPECT_EQ(content(folder_ + "/out2/.halley-restore"), "of something else\n");
}

// A tree of files in one of which a byte changes once it is written.
class FlippingTarget : public RestoreTarget {
 public:
  FlippingTarget(const std::string& path, std::string victim)
      : files_(make_directory_target(path)), victim_(std::move(victim)) {}

  Status open(const RestorePlan& plan, std::vector<std::string>& notes, std::stop_token stop) override {
    return files_->open(plan, notes, stop);
  }
  Status check(const RestorePlan& plan, std::vector<std::string>& notes, std::stop_token stop) override {
    return files_->check(plan, notes, stop);
  }
  Status put_database(const PlannedDatabase& database, std::stop_token stop) override {
    return files_->put_database(database, stop);
  }
  Result<std::optional<RestoredContainer>> begin_container(const PlannedContainer& container,
                                                           std::stop_token stop) override {
    return files_->begin_container(container, stop);
  }
  Status put_document(std::string_view key, std::string_view id, std::string_view body, std::stop_token stop) override {
    return files_->put_document(key, id, body, stop);
  }
  Status finish_documents(std::stop_token stop) override { return files_->finish_documents(stop); }
  Result<bool> read_back(const PlannedContainer& container, const EachDocument& each, std::stop_token stop) override {
    if (std::fstream file(victim_); file) file.seekp(30).put('#');
    return files_->read_back(container, each, stop);
  }
  Status finish_container(const PlannedContainer& container, const RestoredContainer& result,
                          std::stop_token stop) override {
    return files_->finish_container(container, result, stop);
  }
  Status close(std::stop_token stop) override { return files_->close(stop); }

 private:
  const std::unique_ptr<RestoreTarget> files_;
  const std::string victim_;
};

TEST_F(DirectoryRestoreTest, FilesAreReadBackAndComparedAndADifferentOneIsWrittenAgain) {
  const std::string orders = folder_ + "/out/shop/orders/documents.ndjson";
  FlippingTarget target(folder_ + "/out", orders);
  auto report = restore(real_runtime(), backup.repository(), plan(), target, progress, {});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::difference);
  EXPECT_THAT(report.error().message, HasSubstr("shop/orders: " + orders));
  EXPECT_THAT(content(orders), HasSubstr("#"));
  report = run(plan());
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_TRUE(report->containers[0].done_before);
  EXPECT_FALSE(report->containers[1].done_before);
  for (const RestoredContainer& container : report->containers) EXPECT_TRUE(container.compared) << container.container;
  EXPECT_THAT(content(orders), ::testing::Not(HasSubstr("#")));
}

// A target of three parts that tells when it is asked for them.
class PartedTarget : public HollowTarget {
 public:
  explicit PartedTarget(bool& asked) : asked_(asked) {}
  std::vector<cosmos::HashRange> slices() override {
    asked_ = true;
    return {{"", "15"}, {"15", "2A"}, {"2A", cosmos::HashRange().max}};
  }

 private:
  bool& asked_;  // for its parts
};

// 21 segments may be open three times, 22 may not; a backup adds one more while the parts are opened.
TEST_F(RestoreTest, ABackupThatGoesOnMeanwhileDoublesNothing) {
  auto& orders = backup.lane("shop", "orders");
  const auto add_segment = [&] {
    backup.put(orders, "[0]", "later", R"({"id":"later","pk":0})", at(95));
    backup.exact(orders, at(10), at(100));
  };
  for (int i = 1; i < 21; ++i) add_segment();
  bool asked = false;
  int lists = 0;
  auto faults = std::make_shared<halley::testing::FaultPlan>();
  faults->before = [&](std::string_view call, std::string_view name) {
    if (asked && call == "list" && name.find(orders.id) != std::string_view::npos && ++lists == 3) add_segment();
  };
  const auto store = std::shared_ptr<store::ObjectStore>(std::shared_ptr<void>(), &backup.repository().store());
  const auto seen =
      repo::Repository::open(real_runtime(), halley::testing::make_faulty_store(store, faults), "password");
  ASSERT_TRUE(seen);
  ASSERT_EQ(backup.repository().read_lane(orders.id)->segments.size(), 21U);
  Selection selection;
  selection.include = {"shop/orders"};
  PartedTarget target(asked);
  const auto report = restore(real_runtime(), **seen, plan(selection), target, progress, {});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->documents, kOrders + 1U);
  EXPECT_EQ(lists, 2) << "the lane is read once, in two listings";
}

TEST_F(DirectoryRestoreTest, StopsWhenAskedTo) {
  std::stop_source stop;
  stop.request_stop();
  const auto report = run(plan(), stop.get_token());
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::cancelled);
}

// In a repository of its own: a user whose permission is a link of the source's _rids.
TEST(CosmosRestoreUsersTest, UsersAndPermissionsComeBackWithWholeDatabases) {
  HandMadeBackup backup;
  backup.define(DefinitionKind::account, "", "", "account", R"({"id":"test-account"})", at(0));
  backup.database("shop", at(0));
  backup.container("shop", "orders", at(0));
  backup.container("shop", "cache", at(0));
  backup.define(DefinitionKind::user, "shop", "", "ada", R"({"id":"ada","_permissions":"permissions/"})", at(0));
  backup.define(DefinitionKind::permission, "shop", "ada", "read",
                R"({"id":"read","permissionMode":"Read","resource":"dbs/rid---shop/colls/rid-shop--orders/"})", at(0));
  backup.definitions_known(at(0), at(100));
  backup.exact(backup.lane("shop", "orders"), at(10), at(100));
  backup.exact(backup.lane("shop", "cache"), at(10), at(100));

  halley::testing::VirtualRuntime runtime{at(1000)};
  server::Account account(runtime, {});
  halley::testing::DirectTransport transport(account);
  cosmos::ClientOptions client_options;
  client_options.endpoint = "http://target.test/";
  client_options.key = std::string(cosmos::kEmulatorKey);
  const auto client = cosmos::Client::create(runtime, transport, client_options).value();
  std::string excluded;
  const auto run = [&](const std::string& pattern) {
    Selection selection;
    selection.include = {pattern};
    if (!excluded.empty()) selection.exclude = {excluded};
    RestoreProgress progress;
    const auto plan = make_plan(backup.repository(), Moment::of(at(70)), selection);
    EXPECT_TRUE(plan) << plan.error().to_string();
    CosmosTargetOptions options;
    options.resume = true;
    const auto target = make_cosmos_target(runtime, *client, options, progress);
    return restore(runtime, backup.repository(), *plan, *target, progress, {});
  };

  excluded = "shop/cache";
  const auto most = run("shop");
  ASSERT_TRUE(most) << most.error().to_string();
  EXPECT_THAT(most->notes, ::testing::Contains(HasSubstr("users and permissions of shop are left")));
  EXPECT_TRUE(client->list_users("shop", {})->empty());
  excluded.clear();
  const auto part = run("shop/orders");
  ASSERT_TRUE(part) << part.error().to_string();
  EXPECT_THAT(part->notes, ::testing::Contains(HasSubstr("users and permissions of shop are left")));
  EXPECT_TRUE(client->list_users("shop", {})->empty());
  for (int time = 0; time < 2; ++time) {
    const auto whole = run("shop");
    ASSERT_TRUE(whole) << whole.error().to_string();
    const auto permissions = client->list_permissions("shop", "ada", {});
    ASSERT_TRUE(permissions) << permissions.error().to_string();
    ASSERT_EQ(permissions->size(), 1U);
    EXPECT_EQ(permissions->front().value.string_at("permissionMode"), "Read");
    EXPECT_EQ(permissions->front().value.string_at("resource"), "dbs/shop/colls/orders");
  }
}

TEST_F(CosmosRestoreTest, BringsBackDocumentsDefinitionsAndScripts) {
  const auto report = run(plan());
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->documents, kOrders + 3U);
  EXPECT_EQ(report->scripts, 3U);
  for (const RestoredContainer& container : report->containers) EXPECT_TRUE(container.compared) << container.container;
  EXPECT_EQ(count("orders"), kOrders + 1U);
  EXPECT_EQ(count("cache"), 2U);
  EXPECT_TRUE(client_->read_database("empty", {}));
  const auto orders = client_->read_container({"shop", "orders"}, {});
  ASSERT_TRUE(orders);
  EXPECT_EQ(orders->value.find("indexingPolicy")->string_at("indexingMode"), "none");
  const auto cache = client_->read_container({"shop", "cache"}, {});
  ASSERT_TRUE(cache);
  EXPECT_EQ(cache->value.find("defaultTtl")->as_integer(), 60);
  EXPECT_EQ(client_->list_scripts({"shop", "orders"}, cosmos::ScriptKind::trigger, {})->size(), 1U);
  const auto offers = client_->list_offers({});
  ASSERT_TRUE(offers);
  EXPECT_TRUE(std::any_of(offers->begin(), offers->end(),
                          [](const cosmos::Resource& offer) { return offer.text.find("700") != std::string::npos; }));
  EXPECT_THAT(report->notes, ::testing::Contains(HasSubstr("time to live")));
}

TEST_F(CosmosRestoreTest, ExpiryIsOffWhileDocumentsAreWritten) {
  std::mutex mutex;
  std::vector<std::string> definitions;
  transport_.before = [&](const http::Request& request) -> std::optional<Result<http::Response>> {
    const bool creates = request.method == "POST" && request.url.ends_with("/colls");
    const bool replaces = request.method == "PUT" && request.url.ends_with("/colls/cache");
    const std::lock_guard lock(mutex);
    if (creates || replaces) definitions.push_back(request.body);
    if (is_bulk(request) && request.url.find("cache") != std::string::npos) definitions.emplace_back("documents");
    return std::nullopt;
  };
  Selection selection;
  selection.include = {"shop/cache"};
  ASSERT_TRUE(run(plan(selection)));
  ASSERT_GE(definitions.size(), 3U);
  EXPECT_THAT(definitions.front(), ::testing::Not(HasSubstr("defaultTtl")));
  EXPECT_EQ(definitions[1], "documents");
  EXPECT_THAT(definitions.back(), HasSubstr("\"defaultTtl\":60"));
}

TEST_F(CosmosRestoreTest, ExpiryThatWasNotPlannedAndCouldNotBeTakenAwayLetsNothingGoUnseen) {
  ASSERT_TRUE(account_.engine().create_database("shop"));
  ASSERT_TRUE(account_.engine().create_container(
      "shop", R"({"id":"orders","partitionKey":{"paths":["/pk"],"kind":"Hash","version":2},"defaultTtl":60})"));
  const auto there = client_->read_container({"shop", "orders"}, {});
  ASSERT_TRUE(there);
  int answered = 500;
  transport_.before = [&](const http::Request& request) -> std::optional<Result<http::Response>> {
    if (request.method != "PUT" || !request.url.ends_with("/colls/orders")) return std::nullopt;
    return Result<http::Response>(answer(answered, "", there->text));  // and nothing is done
  };
  Selection selection;
  selection.include = {"shop/orders"};
  const auto unclear = run(plan(selection));
  ASSERT_FALSE(unclear);
  EXPECT_EQ(unclear.error().code, Code::ambiguous) << unclear.error().to_string();
  EXPECT_EQ(count("orders"), 0U) << "nothing is written to expire";
  answered = 200;
  const auto differs = run(plan(selection));
  ASSERT_FALSE(differs);
  EXPECT_EQ(differs.error().code, Code::difference);
  EXPECT_THAT(differs.error().message, HasSubstr("definition.defaultTtl"));
  transport_.before = nullptr;
  const auto report = run(plan(selection), true);
  ASSERT_TRUE(report) << report.error().to_string();
  ASSERT_TRUE(runtime_.sleep(std::chrono::seconds(100), {}));
  EXPECT_EQ(count("orders"), kOrders + 1U) << "none of them expires";
}

// An account that has analytical storage tells it of every container, 0 where it is off.
TEST_F(CosmosRestoreTest, AnalyticalStorageThatWasNotPlannedStaysAndIsNoDifference) {
  backup.container("empty", "off", at(0), R"(,"analyticalStorageTtl":0)");
  backup.container("empty", "on", at(0), R"(,"analyticalStorageTtl":-1)");
  backup.definitions_known(at(0), at(100));
  for (const char* const name : {"off", "on"}) backup.exact(backup.lane("empty", name), at(10), at(100));
  std::string held;
  std::mutex mutex;
  std::vector<std::string> sent;
  transport_.before = [&](const http::Request& request) -> std::optional<Result<http::Response>> {
    const std::lock_guard lock(mutex);
    if (request.body.find("analyticalStorageTtl") != std::string::npos) sent.push_back(request.body);
    return std::nullopt;
  };
  transport_.after = [&](const http::Request& request, http::Response response) -> Result<http::Response> {
    const bool of_container = request.method == "GET" && request.url.find("/colls/") == request.url.rfind('/') - 6;
    if (held.empty() || !of_container || response.status != 200) return response;
    auto definition = json::parse(response.body);
    EXPECT_TRUE(definition);
    if (!definition->find("analyticalStorageTtl")) definition->set("analyticalStorageTtl", *json::parse(held));
    return answer(200, "", definition->to_text());
  };
  for (const char* const each : {"", "null", "0", "-1"}) {
    SCOPED_TRACE(each);
    held = each;
    const auto report = run(plan(), true);
    ASSERT_TRUE(report) << report.error().to_string();
    std::vector<std::string> told;
    for (const std::string& note : report->notes) {
      if (note.find("has analytical storage and had none at the moment") != std::string::npos) told.push_back(note);
    }
    EXPECT_EQ(told.size(), held == "-1" ? 3U : 0U) << "shop/orders, shop/cache and empty/off";
  }
  EXPECT_FALSE(sent.empty());
  EXPECT_THAT(sent, ::testing::Each(HasSubstr(R"("analyticalStorageTtl":-1)"))) << "of empty/on alone";
}

TEST_F(CosmosRestoreTest, WhateverAContainerSaysOfExpiryIsAsItWas) {
  const std::vector<std::string> all = {R"("ttlPropertyPath":"/x")", R"("defaultTtl":null)",
                                        R"("defaultTtl":10,"ttlPropertyPath":"/x")", R"("defaultTtl":-1)"};
  for (std::size_t i = 0; i < all.size(); ++i) backup.container("empty", std::to_string(i), at(0), "," + all[i]);
  backup.definitions_known(at(0), at(100));
  for (std::size_t i = 0; i < all.size(); ++i) backup.exact(backup.lane("empty", std::to_string(i)), at(10), at(100));
  const auto report = run(plan());
  ASSERT_TRUE(report) << report.error().to_string();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto there = client_->read_container({"empty", std::to_string(i)}, {});
    ASSERT_TRUE(there);
    const std::string plain = all[i] == R"("defaultTtl":null)" ? R"("id":"1")" : all[i];
    EXPECT_THAT(there->text, HasSubstr(plain));
  }
}

TEST_F(CosmosRestoreTest, RefusesAContainerWithDocumentsUnlessItResumes) {
  ASSERT_TRUE(run(plan()));
  const auto refused = run(plan());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::already_exists);
  EXPECT_THAT(refused.error().hint, HasSubstr("--resume"));
  const auto again = run(plan(), true);
  ASSERT_TRUE(again) << again.error().to_string();
  EXPECT_EQ(count("orders"), kOrders + 1U);
}

TEST_F(CosmosRestoreTest, ARehearsalRefusesWhatTheRestoreWouldAndWritesNothing) {
  int writes = 0;
  const auto rehearsed = [&](const RestorePlan& of) {
    const auto target = make_cosmos_target(runtime_, *client_, {}, progress);
    writes = 0;
    transport_.before = [&](const http::Request& request) -> std::optional<Result<http::Response>> {
      if (request.method != "GET") ++writes;
      return std::nullopt;
    };
    auto notes = rehearse(backup.repository(), of, *target, {});
    transport_.before = nullptr;
    EXPECT_EQ(writes, 0);
    return notes;
  };
  const auto notes = rehearsed(plan());
  ASSERT_TRUE(notes) << notes.error().to_string();
  EXPECT_THAT(*notes, ::testing::Contains(HasSubstr("time to live counts anew"))) << "as the restore says it";
  EXPECT_FALSE(client_->read_database("shop", {}));
  ASSERT_TRUE(run(plan()));
  EXPECT_EQ(rehearsed(plan()).error().to_string(), run(plan()).error().to_string());
  EXPECT_EQ(rehearsed(plan()).error().code, Code::already_exists);
}

TEST_F(CosmosRestoreTest, SaysOnceWhatItWasDoing) {
  transport_.before = [&](const http::Request& request) -> std::optional<Result<http::Response>> {
    if (request.method == "POST" && request.url.ends_with("/colls")) {
      return fail(Code::invalid_argument, "not like this");
    }
    return std::nullopt;
  };
  const auto refused = run(plan());
  transport_.before = nullptr;
  ASSERT_FALSE(refused);
  const std::string text = refused.error().to_string();
  EXPECT_EQ(text.find("creating container"), text.rfind("creating container")) << text;
  EXPECT_THAT(text, HasSubstr("creating container shop/cache"));
}

TEST_F(CosmosRestoreTest, RefusesAContainerWithAnotherPartitionKey) {
  ASSERT_TRUE(account_.engine().create_database("shop"));
  ASSERT_TRUE(
      account_.engine().create_container("shop", R"({"id":"orders","partitionKey":{"paths":["/other"],"version":2}})"));
  const auto refused = run(plan());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::precondition);
  EXPECT_FALSE(client_->read_container({"shop", "cache"}, {}))
      << "nothing is changed before the whole target was looked at";
}

TEST_F(CosmosRestoreTest, ThrottledAndTroubledRequestsAreRepeated) {
  std::atomic<int> bulk{0};
  transport_.after = [&](const http::Request& request, http::Response response) -> Result<http::Response> {
    if (!is_bulk(request) || response.status >= 300) return response;
    auto results = json::parse("{\"r\":" + response.body + "}");
    EXPECT_TRUE(results);
    // Every third request's every second operation is said to have been refused; writing it again does no harm.
    if (++bulk % 3 != 0 || bulk > 60) return response;
    const std::array<int, 4> statuses = {429, 449, 503, 408};
    auto& items = results->find("r")->items();
    for (std::size_t i = 0; i < items.size(); i += 2) {
      items[i].set("statusCode", json::Value::integer(statuses[(i / 2) % statuses.size()]));
      items[i].set("retryAfterMilliseconds", json::Value::integer(7));
    }
    return answer(207, "", results->find("r")->to_text());
  };
  const auto report = run(plan());
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(count("orders"), kOrders + 1U);
  EXPECT_GT(progress.throttled, 0U);
  EXPECT_FALSE(runtime_.sleeps().empty());
}

TEST_F(CosmosRestoreTest, ASplitOnTheWayIsFollowed) {
  std::mutex mutex;  // of two splits at once, both of the first range, the later one would find it gone
  int bulk = 0;
  transport_.before = [&](const http::Request& request) -> std::optional<Result<http::Response>> {
    if (!is_bulk(request) || request.url.find("orders") == std::string::npos) return std::nullopt;
    const std::lock_guard lock(mutex);
    const int number = ++bulk;
    if (number == 2 || number == 5) {
      const auto container = account_.engine().container("shop", "orders");
      EXPECT_TRUE((*container)->split((*container)->ranges().front().id));
    }
    return std::nullopt;
  };
  const auto report = run(plan());
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(count("orders"), kOrders + 1U);
  EXPECT_EQ((*account_.engine().container("shop", "orders"))->ranges().size(), 5U);
}

TEST_F(CosmosRestoreTest, AParentThatIsStillListedIsLeftOut) {
  transport_.after = [&](const http::Request& request, http::Response response) -> Result<http::Response> {
    if (!request.url.ends_with("/pkranges") || response.status != 200) return response;
    auto listed = json::parse(response.body);
    EXPECT_TRUE(listed);
    auto& ranges = listed->find("PartitionKeyRanges")->items();
    json::Value parent = ranges.front();
    parent.set("id", json::Value::string("parent"));
    parent.set("maxExclusive", json::Value::string("FF"));
    for (json::Value& range : ranges) range.set("parents", *json::parse(R"(["parent"])"));
    ranges.insert(ranges.begin(), std::move(parent));
    return answer(200, "", listed->to_text());
  };
  for (const bool resume : {false, true}) {
    const auto report = run(plan(), resume);
    ASSERT_TRUE(report) << report.error().to_string();
    for (const RestoredContainer& container : report->containers) EXPECT_TRUE(container.compared);
  }
  EXPECT_EQ(run(plan()).error().code, Code::already_exists);
}

TEST_F(CosmosRestoreTest, ASplitThatIsPublishedSlowlyIsWaitedFor) {
  std::atomic<bool> split{false};
  std::atomic<int> holes{60};
  transport_.before = [&](const http::Request& request) -> std::optional<Result<http::Response>> {
    if (is_bulk(request) && request.url.find("orders") != std::string::npos && !split.exchange(true)) {
      const auto container = account_.engine().container("shop", "orders");
      EXPECT_TRUE((*container)->split((*container)->ranges().front().id));
    }
    if (split && request.url.ends_with("/pkranges") && holes-- > 0) {
      return Result<http::Response>(answer(200, "", R"({"PartitionKeyRanges":[]})"));
    }
    return std::nullopt;
  };
  const auto report = run(plan());
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_LE(holes, 0);
  EXPECT_EQ(count("orders"), kOrders + 1U);
}

TEST_F(CosmosRestoreTest, ASplitWhileTheTargetIsLookedAtIsFollowed) {
  ASSERT_TRUE(run(plan()));
  std::atomic<bool> split{false};
  transport_.after = [&](const http::Request& request, http::Response response) -> Result<http::Response> {
    if (request.url.ends_with("/orders/pkranges") && !split.exchange(true)) {
      const auto container = account_.engine().container("shop", "orders");
      EXPECT_TRUE((*container)->split((*container)->ranges().front().id));
    }
    return response;
  };
  Selection selection;
  selection.include = {"shop/orders"};
  EXPECT_EQ(run(plan(selection)).error().code, Code::already_exists);
  EXPECT_TRUE(split);
}

TEST_F(CosmosRestoreTest, ARequestThatIsTooLargeIsDivided) {
  transport_.before = [&](const http::Request& request) -> std::optional<Result<http::Response>> {
    if (!is_bulk(request) || request.body.size() < 20'000) return std::nullopt;
    return Result<http::Response>(answer(413));
  };
  const auto report = run(plan());
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(count("orders"), kOrders + 1U);
}

TEST_F(CosmosRestoreTest, RequestsKeepToTheirLimits) {
  std::mutex mutex;
  std::size_t largest = 0;
  std::size_t most = 0;
  std::set<std::string> ranges;
  transport_.before = [&](const http::Request& request) -> std::optional<Result<http::Response>> {
    if (!is_bulk(request)) return std::nullopt;
    const auto operations = json::parse("{\"r\":" + request.body + "}");
    const std::lock_guard lock(mutex);
    largest = std::max(largest, request.body.size());
    most = std::max(most, operations->find("r")->items().size());
    ranges.insert(std::string(request.headers.get("x-ms-documentdb-partitionkeyrangeid")));
    return std::nullopt;
  };
  ASSERT_TRUE(run(plan()));
  EXPECT_LE(largest, 220'000U);
  EXPECT_EQ(most, 100U);
  EXPECT_EQ(ranges.size(), 3U);
}

TEST_F(CosmosRestoreTest, ARefusedDocumentIsNamed) {
  transport_.after = [&](const http::Request& request, http::Response response) -> Result<http::Response> {
    if (!is_bulk(request) || request.body.find("\"id\":\"77\"") == std::string::npos) return response;
    auto results = json::parse("{\"r\":" + response.body + "}");
    for (auto& item : results->find("r")->items()) item.set("statusCode", json::Value::integer(409));
    return answer(207, "", results->find("r")->to_text());
  };
  const auto report = run(plan());
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().to_string(), HasSubstr("shop/orders"));
  EXPECT_THAT(report.error().to_string(), HasSubstr("document '"));
  EXPECT_THAT(report.error().hint, HasSubstr("unique key"));
}

TEST_F(CosmosRestoreTest, InterruptedAnywhereTheSameRestoreCompletesIt) {
  const RestorePlan whole = plan();
  for (int at_request = 1; at_request < 40; at_request += 3) {
    SCOPED_TRACE(at_request);
    server::Account account(runtime_, options());
    halley::testing::DirectTransport transport(account);
    cosmos::ClientOptions client_options;
    client_options.endpoint = "http://target.test/";
    client_options.key = std::string(cosmos::kEmulatorKey);
    const auto client = cosmos::Client::create(runtime_, transport, client_options);
    ASSERT_TRUE(client);
    std::stop_source stop;
    std::atomic<int> writes{0};
    transport.before = [&](const http::Request& request) -> std::optional<Result<http::Response>> {
      if (request.method != "GET" && ++writes == at_request) stop.request_stop();
      return std::nullopt;
    };
    {
      const auto target = make_cosmos_target(runtime_, **client, {}, progress);
      const auto report = restore(runtime_, backup.repository(), whole, *target, progress, stop.get_token());
      if (report) break;  // so few requests are there
      EXPECT_EQ(report.error().code, Code::cancelled) << report.error().to_string();
      const bool began = account.engine().container("shop", "cache").has_value();
      const std::string goes_on = "the same restore --at " + format_rfc3339(at(70)) + " with --resume completes it";
      if (began) {
        EXPECT_THAT(report.error().hint, HasSubstr(goes_on));
      }
    }
    CosmosTargetOptions resumed;
    resumed.resume = true;
    const auto target = make_cosmos_target(runtime_, **client, resumed, progress);
    const auto report = restore(runtime_, backup.repository(), whole, *target, progress, {});
    ASSERT_TRUE(report) << report.error().to_string();
    EXPECT_EQ((*account.engine().container("shop", "orders"))->live_documents().size(), kOrders + 1U);
  }
}

TEST_F(CosmosRestoreTest, DifferencesAreFoundAndNamed) {
  ASSERT_TRUE(run(plan()));
  ASSERT_TRUE(account_.engine().upsert("shop", "orders", R"({"id":"stranger","pk":1})"));
  auto report = run(plan(), true);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::difference);
  EXPECT_THAT(report.error().message, HasSubstr("shop/orders: 1001 documents planned, 1002 found"));
  EXPECT_THAT(report.error().message, HasSubstr("not of the plan: 'stranger' of [1]"));
  ASSERT_TRUE(account_.engine().remove_document("shop", "orders", "[1]", "stranger"));

  // Something else writes while the restore runs.
  transport_.after = [&](const http::Request& request, http::Response response) -> Result<http::Response> {
    if (request.method == "GET" && request.url.ends_with("/orders/docs")) {
      static_cast<void>(account_.engine().remove_document("shop", "orders", "[7]", "7"));
      EXPECT_TRUE(account_.engine().upsert("shop", "orders", R"({"id":"8","pk":8})"));
    }
    return response;
  };
  report = run(plan(), true);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::difference);
  EXPECT_THAT(report.error().message, HasSubstr("missing: '7' of [7]"));
}

TEST_F(CosmosRestoreTest, APartIsRestoredAndComparedByItself) {
  ASSERT_TRUE(run(plan()));
  ASSERT_TRUE(account_.engine().remove_document("shop", "orders", "[7]", "7"));
  ASSERT_TRUE(account_.engine().upsert("shop", "orders", R"({"id":"stranger","pk":1})"));
  Selection selection;
  selection.include = {"shop/orders"};
  selection.partition_key = "[7]";
  selection.ids = {"7"};
  const auto report = run(plan(selection), true);
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->documents, 1U);
  EXPECT_TRUE(report->containers[0].compared);
  EXPECT_EQ(count("orders"), kOrders + 2U);
}

}  // namespace
}  // namespace halley::recovery
