// Passes of backup over an embedded account: what a pass makes of things that happen while it runs.
#include "capture/backup.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "capture/captured_account.h"
#include "repo/coverage.h"
#include "repo/definitions.h"
#include "server/container.h"
#include "testing/few_threads.h"

namespace halley::capture {
namespace {

using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;
using Kind = server::ItemOperation::Kind;

http::Response bad_request(Second now) {
  http::Response response;
  response.status = 400;
  response.headers.add("Date", format_http_date(now));
  return response;
}

class Backup : public CapturedAccount {
 protected:
  // The definitions in force, as "kind database/parent/id".
  std::set<std::string> definitions() {
    std::set<std::string> names;
    const auto lane = repository_->read_lane(repo::LaneId(repo::kAccountLane));
    const auto definitions = repo::read_definitions(*repository_, *lane, {});
    EXPECT_TRUE(definitions);
    for (const repo::Definition& each : *definitions) {
      if (each.key.kind == repo::DefinitionKind::account || each.key.kind == repo::DefinitionKind::offer) continue;
      names.insert(std::string(repo::definition_kind_name(each.key.kind)) + " " + each.key.database + "/" +
                   each.key.parent + "/" + each.key.id);
    }
    return names;
  }

  // From now on the list of users is empty, whoever there is.
  void list_no_users() {
    transport_.after = [](const http::Request& request, http::Response response) -> testing::DirectTransport::Answer {
      if (request.url.ends_with("/users")) {
        response.body = R"({"_rid":"","Users":[],"_count":0})";
        response.body.reserve(response.body.size() + json::kPadding);
      }
      return response;
    };
  }

  void batch(std::vector<server::ItemOperation> operations) {
    const auto container = account_.engine().container("shop", "orders");
    EXPECT_TRUE((*container)->run_batch(R"(["a"])", std::move(operations)));
  }
  static server::ItemOperation operation(Kind kind, std::string body) {
    server::ItemOperation operation;
    operation.kind = kind;
    operation.id = "d";
    operation.body = std::move(body);
    return operation;
  }
};

TEST_F(Backup, WhatManagementTellsOfTheAccountIsKeptWithItsHistory) {
  const auto kept = [&]() -> std::vector<std::string> {
    const auto lane = repository_->read_lane(repo::LaneId(repo::kAccountLane));
    const auto history = repo::read_definition_history(*repository_, *lane);
    const auto found = history->find({repo::DefinitionKind::description, "", "", "description"});
    std::vector<std::string> texts;
    if (found == history->end()) return texts;
    for (const repo::Definition& version : found->second) texts.push_back(version.text);
    return texts;
  };
  BackupOptions options;
  backup(options);
  EXPECT_TRUE(kept().empty());
  Result<std::string> told = R"({"account":{"tags":{"a":"1"}}})";
  options.describe = [&](std::stop_token) { return told; };
  backup(options);
  backup(options);
  EXPECT_EQ(kept(), std::vector<std::string>{*told});
  // Neither a failure nor a pass that does not ask makes it go.
  told = fail(Code::forbidden, "no right to read the account");
  const BackupReport report = backup(options);
  ASSERT_EQ(report.events.size(), 1U);
  EXPECT_NE(report.events.front().find("no right to read the account"), std::string::npos);
  EXPECT_TRUE(report.restorable_until);
  backup();
  EXPECT_EQ(kept().size(), 1U);
  told = R"({"account":{"tags":{"a":"2"}}})";
  backup(options);
  EXPECT_EQ(kept().size(), 2U);
}

TEST_F(Backup, APassOverAPartDropsNothingOfTheRest) {
  ASSERT_TRUE(account_.engine().create_database("other"));
  ASSERT_TRUE(account_.engine().create_container("other", definition()));
  ASSERT_TRUE(account_.engine().create_container(
      "shop", R"({"id":"users","partitionKey":{"paths":["/pk"],"kind":"Hash","version":2}})"));
  ASSERT_TRUE(account_.engine().create({"dbs", "shop", "colls", "users"}, server::ResourceKind::sproc,
                                       *json::parse(R"({"id":"sum","body":"function () {}"})")));
  ASSERT_TRUE(account_.engine().create({"dbs", "other"}, server::ResourceKind::user, *json::parse(R"({"id":"ann"})")));
  backup();
  const std::set<std::string> all = definitions();
  ASSERT_EQ(all.size(), 7U);
  for (const char* part : {"shop/orders", "shop", "other"}) {
    BackupOptions options;
    options.include = {part};
    backup(options);
    EXPECT_EQ(definitions(), all) << part;
  }
  BackupOptions options;
  options.exclude = {"shop"};
  backup(options);
  EXPECT_EQ(definitions(), all);
  ASSERT_TRUE(account_.engine().remove({"dbs", "shop", "colls", "users"}));
  options.exclude = {};
  options.include = {"shop"};
  backup(options);
  EXPECT_EQ(definitions().size(), 5U) << "what is looked for and gone is dropped";
}

TEST_F(Backup, AContainerDroppedWhileItsScriptsAreListedIsNoFailure) {
  ASSERT_TRUE(account_.engine().create_container(
      "shop", R"({"id":"users","partitionKey":{"paths":["/pk"],"kind":"Hash","version":2}})"));
  backup();
  bool dropped = false;
  transport_.before = [&](const http::Request& request) -> std::optional<testing::DirectTransport::Answer> {
    if (!dropped && request.url.find("/colls/users/sprocs") != std::string::npos) {
      dropped = true;
      EXPECT_TRUE(account_.engine().remove({"dbs", "shop", "colls", "users"}));
    }
    return std::nullopt;
  };
  backup();
  EXPECT_TRUE(dropped);
  EXPECT_THAT(definitions(), UnorderedElementsAre("database //shop", "container shop//orders"));
}

TEST_F(Backup, OfTwoReplacesBetweenPassesTheSpanOfTheChangeIsKept) {
  const std::string script = R"({"id":"sum","body":"function () {}"})";
  ASSERT_TRUE(
      account_.engine().create({"dbs", "shop", "colls", "orders"}, server::ResourceKind::sproc, *json::parse(script)));
  const auto replace = [&](const char* body) {
    ASSERT_TRUE(runtime_.sleep(Milliseconds(60000), {}));
    ASSERT_TRUE(account_.engine().replace({"dbs", "shop", "colls", "orders", "sprocs", "sum"},
                                          *json::parse(R"({"id":"sum","body":")" + std::string(body) + "\"}")));
  };
  const Second read = *backup().restorable_until;
  replace("first");
  replace("second");
  backup();
  const auto lane = repository_->read_lane(repo::LaneId(repo::kAccountLane));
  const auto history = repo::read_definition_history(*repository_, *lane);
  const auto& versions = history->at({repo::DefinitionKind::stored_procedure, "shop", "orders", "sum"});
  ASSERT_EQ(versions.size(), 2U);
  EXPECT_EQ(versions[0].since, versions[0].time);
  EXPECT_GE(versions[1].since, read);
  EXPECT_GE(versions[1].time - versions[1].since, 100);
}

// A container that is written before every request of its feeds, so that none ever has nothing newer.
class RestlessContainer : public Backup {
 protected:
  RestlessContainer() {
    for (int i = 0; i < 50; ++i) upsert(fmt::format(R"({{"id":"d{}","pk":"a"}})", i));
    transport_.before = [this](const http::Request& request) -> std::optional<testing::DirectTransport::Answer> {
      if (request.headers.find("A-IM") == nullptr || request.url.find("/docs") == std::string::npos)
        return std::nullopt;
      if (++writes_ % 20 == 0) runtime_.sleep(Milliseconds(1000), {});
      upsert(fmt::format(R"({{"id":"hot","pk":"a","n":{}}})", writes_));
      return std::nullopt;
    };
  }
  int writes_ = 0;
};

TEST_F(RestlessContainer, APassOfTheAllVersionsFeedEndsAndCoversItsBeginning) {
  const Second began = account_.clock().now();
  const BackupReport report = backup();
  ASSERT_TRUE(report.restorable_until);
  EXPECT_GT(*report.restorable_until, began);
  EXPECT_TRUE(repo::cut_at(orders(), *report.restorable_until));
  EXPECT_EQ(documents().size(), 51U);
  EXPECT_LT(writes_, 2000);
}

TEST_F(RestlessContainer, APassOfTheLatestFeedEndsKeepsWhatItReadAndVouchesForNothing) {
  BackupOptions options;
  options.mode = ModeChoice::latest;
  BackupProgress progress;
  const auto report = capture::backup(runtime_, *client_, *repository_, options, progress, {});
  ASSERT_TRUE(report) << report.error().to_string();
  ASSERT_EQ(report->incomplete.size(), 1U);
  EXPECT_EQ(report->incomplete[0].error.code, Code::unavailable);
  EXPECT_THAT(report->incomplete[0].error.message, ::testing::HasSubstr("written faster"));
  EXPECT_FALSE(report->restorable_until);
  EXPECT_TRUE(orders().sync_points.empty());
  EXPECT_EQ(documents().size(), 51U);

  transport_.before = nullptr;
  EXPECT_TRUE(backup(options).restorable_until) << "once it rests the next pass does";
}

// What the service refuses to tell of definitions is named; the rest of the pass goes on.
class RefusedDefinitions : public Backup {
 protected:
  RefusedDefinitions() {
    EXPECT_TRUE(account_.engine().create({"dbs", "shop", "colls", "orders"}, server::ResourceKind::sproc,
                                         *json::parse(R"({"id":"sum","body":"function () {}"})")));
    EXPECT_TRUE(account_.engine().create({"dbs", "shop"}, server::ResourceKind::user, *json::parse(R"({"id":"ann"})")));
    upsert(R"({"id":"1","pk":"a"})");
    transport_.before = [this](const http::Request& request) -> std::optional<testing::DirectTransport::Answer> {
      if (refused_.empty() || !request.url.ends_with(refused_)) return std::nullopt;
      if (spared_ > 0 && spared_-- > 0) return std::nullopt;
      http::Response response;
      response.status = 403;
      response.body.reserve(json::kPadding);
      return response;
    };
  }

  BackupReport incomplete_backup(const std::string& refused, int spared = 0) {
    refused_ = refused;
    spared_ = spared;
    BackupProgress progress;
    auto report = capture::backup(runtime_, *client_, *repository_, {}, progress, {});
    refused_.clear();
    EXPECT_TRUE(report) << refused << ": " << report.error().to_string();
    if (!report) return {};
    EXPECT_EQ(report->incomplete.size(), 1U) << refused;
    for (const Incomplete& each : report->incomplete) EXPECT_EQ(each.error.status, 403) << each.what;
    return std::move(*report);
  }

  bool definitions_known(Second second) {
    return repo::cut_at(*repository_->read_lane(repo::LaneId(repo::kAccountLane)), second).has_value();
  }

  std::string refused_;  // the end of the addresses that are refused
  int spared_ = 0;       // requests that are not refused before
};

TEST_F(RefusedDefinitions, AreNamedAndNothingOfThemIsDropped) {
  backup();
  const std::set<std::string> all = definitions();
  for (const char* part : {"/dbs", "/colls", "/sprocs", "/users", "/permissions", "/offers"}) {
    upsert(R"({"id":")" + std::string(part + 1) + R"(","pk":"a"})");
    const Second before = client_->newest_server_time();
    const BackupReport report = incomplete_backup(part);
    EXPECT_EQ(definitions(), all) << part;
    EXPECT_EQ(documents().count(part + 1), 1U) << part << ": documents are captured nevertheless";
    EXPECT_FALSE(report.restorable_until) << part;
    EXPECT_FALSE(definitions_known(before + 1)) << part;
  }
  const BackupReport whole = backup();
  ASSERT_TRUE(whole.restorable_until);
  EXPECT_TRUE(definitions_known(*whole.restorable_until));
}

TEST_F(RefusedDefinitions, OfAFirstBackupAreNotKnownUntilTheyWereRead) {
  EXPECT_FALSE(incomplete_backup("/users").restorable_until);
  EXPECT_EQ(documents().size(), 1U);
  const Second unknown = client_->newest_server_time();
  const BackupReport whole = backup();
  EXPECT_FALSE(definitions_known(unknown - 1));
  ASSERT_TRUE(whole.restorable_until);
  EXPECT_TRUE(definitions_known(*whole.restorable_until));
  EXPECT_EQ(definitions().count("user shop//ann"), 1U);
}

TEST_F(RefusedDefinitions, AtTheEndOfAPassLeaveItsReport) {
  EXPECT_EQ(incomplete_backup("/dbs", 1).documents, 1U);
  refused_ = "/";  // of the account itself, once the pass began
  spared_ = 1;
  BackupProgress progress;
  const auto report = capture::backup(runtime_, *client_, *repository_, {}, progress, {});
  ASSERT_TRUE(report) << report.error().to_string();
  ASSERT_EQ(report->incomplete.size(), 1U);
  EXPECT_EQ(report->incomplete[0].what, "definitions");
}

TEST_F(RefusedDefinitions, CountAsDroppedOnlyWhenReadsFindNothing) {
  backup();
  const std::set<std::string> all = definitions();
  ASSERT_TRUE(account_.engine().remove({"dbs", "shop", "colls", "orders", "sprocs", "sum"}));
  incomplete_backup("/sprocs/sum");
  EXPECT_EQ(definitions(), all) << "a 403 is never a drop";
  list_no_users();
  backup();
  EXPECT_EQ(definitions().count("user shop//ann"), 1U) << "a read still finds it";
  EXPECT_EQ(definitions().count("sproc shop/orders/sum"), 0U);
}

TEST_F(Backup, WhatTheListsLackIsDroppedOnlyWhenTwoReadsFindNothing) {
  ASSERT_TRUE(account_.engine().create({"dbs", "shop"}, server::ResourceKind::user, *json::parse(R"({"id":"ann"})")));
  backup();
  list_no_users();
  std::vector<int> answers = {404, 200};
  std::size_t reads = 0;
  transport_.before = [&](const http::Request& request) -> std::optional<testing::DirectTransport::Answer> {
    if (!request.url.ends_with("/users/ann") || answers.at(reads++ % answers.size()) == 200) return std::nullopt;
    http::Response response;
    response.status = 404;
    response.headers.add("Date", format_http_date(account_.clock().now()));
    return testing::DirectTransport::Answer(std::move(response));
  };
  backup();
  EXPECT_GE(reads, 2U);
  EXPECT_EQ(definitions().count("user shop//ann"), 1U) << "the second read finds it";
  answers = {404, 404};
  reads = 0;
  backup();
  EXPECT_EQ(reads, 2U);
  EXPECT_EQ(definitions().count("user shop//ann"), 0U);
}

TEST_F(Backup, ADeleteDuringAnInterruptedNewBaseIsFoundByTheNextPass) {
  upsert(R"({"id":"d","pk":"a","n":1})");
  upsert(R"({"id":"e","pk":"a","n":1})");
  backup();
  // The feed is gone; the pass takes new cursors and dies before the new base is read.
  int refusals = 2;
  bool die = false;
  transport_.before = [&](const http::Request& request) -> std::optional<testing::DirectTransport::Answer> {
    const bool all_versions = request.headers.get("A-IM") == "Full-Fidelity Feed";
    if (all_versions && request.headers.get("If-None-Match") != "*" && refusals > 0) {
      --refusals;
      http::Response response;
      response.status = 400;
      response.headers.add("Date", format_http_date(account_.clock().now()));
      return testing::DirectTransport::Answer(std::move(response));
    }
    if (refusals == 0 && request.headers.get("A-IM") == "Incremental feed" && !die) {
      die = true;
      return testing::DirectTransport::Answer(fail(Code::corrupt, "the pass ends here"));
    }
    return std::nullopt;
  };
  ASSERT_TRUE(account_.engine().remove_document("shop", "orders", R"(["a"])", "d"));
  BackupProgress progress;
  const auto report = capture::backup(runtime_, *client_, *repository_, {}, progress, {});
  ASSERT_TRUE(report);
  ASSERT_EQ(report->incomplete.size(), 1U) << "the base could not be read";
  ASSERT_TRUE(die);
  backup();
  EXPECT_EQ(documents(), (std::map<std::string, std::string>{{"e", R"({"id":"e","pk":"a","n":1})"}}));
}

TEST_F(Backup, OfTwoWritesInOneTransactionTheLastCountsWhateverTheOrderOfTheFeed) {
  upsert(R"({"id":"d","pk":"a","n":0})");
  backup();
  // Everything of one transaction comes in the other order.
  transport_.after = [](const http::Request& request, http::Response response) -> testing::DirectTransport::Answer {
    if (request.headers.get("A-IM") != "Full-Fidelity Feed" || response.status != 200) return response;
    auto page = *json::parse(response.body);
    std::vector<json::Value> documents = page.find("Documents")->items();
    std::reverse(documents.begin(), documents.end());
    page.set("Documents", json::Value::array(std::move(documents)));
    response.body = page.to_text();
    response.body.reserve(response.body.size() + json::kPadding);
    return response;
  };
  batch({operation(Kind::upsert, R"({"id":"d","pk":"a","n":1})"),
         operation(Kind::upsert, R"({"id":"d","pk":"a","n":2})")});
  EXPECT_TRUE(backup().events.empty());
  EXPECT_EQ(documents()["d"], R"({"id":"d","pk":"a","n":2})");
  batch({operation(Kind::upsert, R"({"id":"d","pk":"a","n":3})"), operation(Kind::remove, "")});
  EXPECT_TRUE(backup().events.empty());
  EXPECT_EQ(documents().count("d"), 0U);
  batch({operation(Kind::upsert, R"({"id":"d","pk":"a","n":4})"),
         operation(Kind::upsert, R"({"id":"d","pk":"a","n":5})")});
  EXPECT_TRUE(backup().events.empty());
  EXPECT_EQ(documents()["d"], R"({"id":"d","pk":"a","n":5})");
}

TEST_F(Backup, WithoutWaitingLatestModePromisesNoSyncPoint) {
  upsert(R"({"id":"d","pk":"a","n":1})");
  BackupOptions options;
  options.mode = ModeChoice::latest;
  options.wait = false;
  EXPECT_FALSE(backup(options).restorable_until);
  EXPECT_TRUE(orders().sync_points.empty());
  EXPECT_TRUE(repo::newest_cut(orders())) << "what was read can be restored as the newest state";
  options.wait = true;
  const BackupReport report = backup(options);
  ASSERT_EQ(orders().sync_points.size(), 1U);
  EXPECT_EQ(report.restorable_until, orders().sync_points[0].at);
}

// Hands on to another transport, without session tokens of requests, and with the log further than the documents in
// those of answers, as where transactions change no document.
class LogAhead final : public http::Transport {
 public:
  explicit LogAhead(http::Transport& inner) : inner_(inner) {}
  Result<http::Response> send(const http::Request& request, Deadline deadline, std::stop_token stop) override {
    http::Request bare = request;
    bare.headers = {};
    for (const auto& [name, value] : request.headers.fields()) {
      if (name != "x-ms-session-token") bare.headers.add(name, value);
    }
    auto answer = inner_.send(bare, deadline, std::move(stop));
    const std::string token(answer ? answer->headers.get("x-ms-session-token") : "");
    const std::size_t hash = token.find('#');
    if (hash == std::string::npos) return answer;
    answer->headers.set("x-ms-session-token",
                        token.substr(0, hash + 1) + std::to_string(std::stoull(token.substr(hash + 1)) + 5));
    return answer;
  }

 private:
  http::Transport& inner_;
};

TEST_F(Backup, ABaseThatEndsBeyondTheCursorIsWholeWhereItsFeedHasNothingNewer) {
  upsert(R"({"id":"d","pk":"a","n":1})");
  bool written = false;
  transport_.before = [&](const http::Request& request) -> std::optional<testing::DirectTransport::Answer> {
    if (!written && request.headers.get("A-IM") == "Incremental feed") {
      written = true;
      upsert(R"({"id":"e","pk":"a","n":1})");
    }
    return std::nullopt;
  };
  LogAhead ahead(transport_);
  connect(ahead, 0);
  const BackupReport report = backup();
  ASSERT_TRUE(report.restorable_until);
  EXPECT_TRUE(repo::cut_at(orders(), *report.restorable_until));
  EXPECT_EQ(documents().size(), 2U);
}

// The document is deleted and made again between the base and the listing: the feed tells first of the delete.
TEST_F(Backup, ADocumentThatTheFeedHasMadeAgainIsNotLookedForByName) {
  upsert(R"({"id":"d","pk":"a","n":1})");
  backup();
  int refusals = 2;
  int listings = 0;
  transport_.before = [&](const http::Request& request) -> std::optional<testing::DirectTransport::Answer> {
    if (refusals > 0 && request.headers.get("A-IM") == "Full-Fidelity Feed") {
      --refusals;
      return testing::DirectTransport::Answer(bad_request(account_.clock().now()));
    }
    if (is_listing(request) && ++listings == 1) {
      remove("d");
      upsert(R"({"id":"d","pk":"a","n":2})");
    }
    return std::nullopt;
  };
  backup();
  EXPECT_EQ(refusals, 0);
  EXPECT_EQ(listings, 1);
  EXPECT_EQ(documents(), (std::map<std::string, std::string>{{"d", R"({"id":"d","pk":"a","n":2})"}}));
}

TEST_F(Backup, NoSecondAtWhichAnotherContainerWasMadeMeanwhileIsCalledRestorable) {
  upsert(R"({"id":"d","pk":"a"})");
  Second made;
  transport_.before = [&](const http::Request& request) -> std::optional<testing::DirectTransport::Answer> {
    if (made == Second{0} && is_feed(request)) {
      pass_seconds(2);
      made = account_.clock().now();
      EXPECT_TRUE(account_.engine().create_container(
          "shop", R"({"id":"users","partitionKey":{"paths":["/pk"],"kind":"Hash","version":2}})"));
    }
    return std::nullopt;
  };
  const BackupReport report = backup();
  EXPECT_TRUE(!report.restorable_until || *report.restorable_until < made);
  EXPECT_GT(*backup().restorable_until, made);
}

// Until its drop is found a container counts as there, though nothing of it can be restored any more.
TEST_F(Backup, TheSecondThatIsCalledRestorableIsBehindEveryDropThatWasFound) {
  ASSERT_TRUE(account_.engine().create_container(
      "shop", R"({"id":"users","partitionKey":{"paths":["/pk"],"kind":"Hash","version":2}})"));
  upsert(R"({"id":"d","pk":"a"})");
  backup();
  ASSERT_TRUE(account_.engine().remove({"dbs", "shop", "colls", "users"}));
  // The clock goes on between the first response and the drop that is found.
  bool listed = false;
  transport_.before = [&](const http::Request& request) -> std::optional<testing::DirectTransport::Answer> {
    if (!listed && request.url.ends_with("/colls")) {
      listed = true;
      pass_seconds(3);
    }
    return std::nullopt;
  };
  const Second restorable = *backup().restorable_until;
  const auto account = repository_->read_lane(repo::LaneId(repo::kAccountLane));
  const auto definitions = repo::read_definitions(*repository_, *account, *repo::cut_at(*account, restorable));
  for (const repo::Definition& each : *definitions) EXPECT_NE(each.key.id, "users");
}

TEST_F(Backup, APassCoversASecondBehindEveryContainerThatItFinds) {
  // Date is behind the clock of commits.
  transport_.after = [&](const http::Request&, http::Response response) -> testing::DirectTransport::Answer {
    response.headers.set("Date", format_http_date(account_.clock().now() - 4));
    return response;
  };
  BackupOptions options;
  options.mode = ModeChoice::latest;
  backup(options);
  ASSERT_TRUE(account_.engine().remove({"dbs", "shop", "colls", "orders"}));
  const Second made = account_.clock().now();
  ASSERT_TRUE(account_.engine().create_container("shop", definition()));
  const BackupReport report = backup(options);
  ASSERT_TRUE(report.restorable_until);
  EXPECT_GE(*report.restorable_until, made);
}

// What the first read finds may be dated behind its Date, by another clock.
TEST_F(Backup, DefinitionsAreKnownFromWhenAllThatTheFirstReadFoundWasThere) {
  transport_.after = [&](const http::Request&, http::Response response) -> testing::DirectTransport::Answer {
    response.headers.set("Date", format_http_date(account_.clock().now() - 4));
    return response;
  };
  backup();
  pass_seconds(10);
  backup();
  const auto lane = repository_->read_lane(repo::LaneId(repo::kAccountLane));
  const auto known = repo::restorable_seconds(*lane);
  ASSERT_FALSE(known.empty());
  const auto definitions = repo::read_definitions(*repository_, *lane, *repo::cut_at(*lane, known.front().from));
  EXPECT_TRUE(std::any_of(definitions->begin(), definitions->end(), [](const repo::Definition& each) {
    return each.key.kind == repo::DefinitionKind::container;
  }));
}

TEST_F(Backup, AForkFoundAtTheEndOfAPassIsKnownToTheNext) {
  for (const ModeChoice mode : {ModeChoice::all_versions, ModeChoice::latest}) {
    BackupOptions options;
    options.mode = mode;
    const auto write = [&](int number) {
      upsert(R"({"id":"d)" + std::to_string(number) + R"(","pk":"a"})");
      account_.clock().advance(2);
    };
    write(1);
    const Second kept = account_.clock().now() - 1;
    for (int i = 2; i < 9; ++i) write(i);
    backup(options);
    const auto container = account_.engine().container("shop", "orders");
    bool restored = false;
    int polls = 0;
    transport_.before = [&](const http::Request& request) -> std::optional<testing::DirectTransport::Answer> {
      const bool all_versions = mode == ModeChoice::all_versions;
      const std::string_view feed = all_versions ? "Full-Fidelity Feed" : "Incremental feed";
      // In catch_up() the feed is asked once, in latest mode once more behind the listing.
      if (request.headers.get("A-IM") == feed && ++polls == (all_versions ? 2 : 3)) {
        (*container)->restore_in_place(kept);
        restored = true;
      }
      return std::nullopt;
    };
    BackupProgress progress;
    const auto report = capture::backup(runtime_, *client_, *repository_, options, progress, {});
    ASSERT_TRUE(report);
    ASSERT_TRUE(restored);
    ASSERT_EQ(report->incomplete.size(), 1U);
    EXPECT_EQ(report->incomplete[0].error.code, Code::precondition);
    transport_.before = nullptr;
    // The feed passes where it was before it is asked again.
    for (int i = 20; i < 50; ++i) write(i);
    backup(options);
    EXPECT_EQ(documents().count("d1"), 1U);
    EXPECT_EQ(documents().count("d8"), 0U) << "gone since the restore in place";
    EXPECT_EQ(documents().size(), 31U);
    for (int i = 20; i < 50; ++i) {
      ASSERT_TRUE(account_.engine().remove_document("shop", "orders", R"(["a"])", "d" + std::to_string(i)));
    }
    backup(options);
  }
}

TEST_F(Backup, AContainerMadeAgainWhileItIsReadFailsAtOnce) {
  upsert(R"({"id":"d","pk":"a","n":1})");
  int pages = 0;
  transport_.before = [&](const http::Request& request) -> std::optional<testing::DirectTransport::Answer> {
    // Once, while nothing else asks: between the two it is not there.
    if (request.headers.get("A-IM") == "Incremental feed" && ++pages == 1) {
      EXPECT_TRUE(account_.engine().remove({"dbs", "shop", "colls", "orders"}));
      EXPECT_TRUE(account_.engine().create_container("shop", definition()));
      upsert(R"({"id":"other","pk":"a","n":1})");
    }
    return std::nullopt;
  };
  BackupOptions options;
  options.flush_bytes = 1;
  BackupProgress progress;
  const auto report = capture::backup(runtime_, *client_, *repository_, options, progress, {});
  ASSERT_TRUE(report);
  ASSERT_EQ(report->incomplete.size(), 1U);
  EXPECT_EQ(report->incomplete[0].error.code, Code::precondition) << report->incomplete[0].error.to_string();
  EXPECT_NE(report->incomplete[0].error.message.find("created again"), std::string::npos);
  EXPECT_LE(pages, 3) << "it is not asked again and again";
}

TEST_F(Backup, InLatestModeAContinuationThatIsRefusedStartsOver) {
  BackupOptions options;
  options.mode = ModeChoice::latest;
  upsert(R"({"id":"d","pk":"a","n":1})");
  upsert(R"({"id":"e","pk":"a","n":1})");
  backup(options);
  const Second before = *backup(options).restorable_until;
  account_.clock().advance(60);
  ASSERT_TRUE(account_.engine().remove_document("shop", "orders", R"(["a"])", "d"));
  upsert(R"({"id":"f","pk":"a","n":1})");
  int refusals = 2;
  transport_.before = [&](const http::Request& request) -> std::optional<testing::DirectTransport::Answer> {
    if (refusals == 0 || request.headers.get("If-None-Match").empty()) return std::nullopt;
    --refusals;
    return testing::DirectTransport::Answer(bad_request(account_.clock().now()));
  };
  const BackupReport report = backup(options);
  EXPECT_EQ(refusals, 0);
  EXPECT_EQ(report.events.size(), 1U);
  EXPECT_EQ(orders().events.back().kind, "gap");
  EXPECT_EQ(documents(), (std::map<std::string, std::string>{{"e", R"({"id":"e","pk":"a","n":1})"},
                                                             {"f", R"({"id":"f","pk":"a","n":1})"}}));
  EXPECT_TRUE(repo::cut_at(orders(), before)) << "what was vouched for stays so";
}

// Where threads can't be started, as under a limit of a service's processes, those that could do the work.
TEST_F(Backup, GoesOnWithAsManyThreadsAsThereIsRoomFor) {
  const auto container = *account_.engine().container("shop", "orders");
  ASSERT_TRUE(container->split("0"));
  for (int i = 0; i < 20; ++i) upsert(fmt::format(R"({{"id":"{0}","pk":"{0}"}})", i));
  BackupOptions options;
  options.wait = false;
  BackupProgress progress;
  halley::testing::FewThreads none(runtime_.wall_second(), 0);
  const auto refused = capture::backup(none, *client_, *repository_, options, progress, {});
  ASSERT_TRUE(refused) << refused.error().to_string();
  ASSERT_EQ(refused->incomplete.size(), 1U);
  EXPECT_THAT(refused->incomplete[0].error.message, HasSubstr("can't start a thread"));
  // A round of the two ranges would have two; a pass has several rounds, of which each may be the one with one.
  bool whole = false;
  for (int room = 1; !whole; ++room) {
    ASSERT_LE(room, 20);
    halley::testing::FewThreads few(runtime_.wall_second(), room);
    const auto report = capture::backup(few, *client_, *repository_, options, progress, {});
    ASSERT_TRUE(report) << report.error().to_string();
    whole = report->incomplete.empty();
  }
  EXPECT_EQ(documents().size(), 20U);
}

TEST_F(Backup, WhatCouldNotBeCommittedIsNotReportedAsCaptured) {
  for (const char* id : {"d", "e"}) upsert(fmt::format(R"({{"id":"{}","pk":"a"}})", id));
  bool based = false;
  transport_.before = [&](const http::Request& request) -> std::optional<testing::DirectTransport::Answer> {
    based = based || is_base(request);
    if (!based || !request.url.ends_with("/colls/orders")) return std::nullopt;  // asked before each commit
    return testing::DirectTransport::Answer(bad_request(account_.clock().now()));
  };
  BackupProgress progress;
  const auto report = capture::backup(runtime_, *client_, *repository_, {}, progress, {});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->incomplete.size(), 1U);
  EXPECT_EQ(report->documents, 0U);
  EXPECT_EQ(progress.documents, 2U);
  transport_.before = nullptr;
  EXPECT_EQ(backup().documents, 2U);
}

TEST_F(Backup, OnlyARefusalOfTheFeedIsAGap) {
  upsert(R"({"id":"d","pk":"a","n":1})");
  backup();
  upsert(R"({"id":"d","pk":"a","n":2})");
  bool refused = false;
  transport_.before = [&](const http::Request& request) -> std::optional<testing::DirectTransport::Answer> {
    if (request.url.find("/colls/orders") + std::string_view("/colls/orders").size() != request.url.size()) {
      return std::nullopt;
    }
    refused = true;
    return testing::DirectTransport::Answer(bad_request(account_.clock().now()));
  };
  BackupOptions options;
  options.flush_bytes = 1;
  BackupProgress progress;
  const auto report = capture::backup(runtime_, *client_, *repository_, options, progress, {});
  ASSERT_TRUE(report);
  ASSERT_TRUE(refused);
  EXPECT_EQ(report->incomplete.size(), 1U);
  EXPECT_TRUE(report->events.empty()) << report->events[0];
}

TEST_F(Backup, AnAccountWithSeveralWriteRegionsIsRefused) {
  transport_.after = [](const http::Request& request, http::Response response) -> testing::DirectTransport::Answer {
    if (!request.url.ends_with("account.test/")) return response;
    auto record = *json::parse(response.body);
    record.set("enableMultipleWriteLocations", *json::parse("true"));
    response.body = record.to_text();
    return response;
  };
  BackupProgress progress;
  const auto report = capture::backup(runtime_, *client_, *repository_, {}, progress, {});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::unsupported);
  EXPECT_FALSE(report.error().hint.empty());
  EXPECT_TRUE(repository_->lanes()->empty());
}

TEST_F(Backup, WhatWasReadOfAContainerIsKeptThoughItIsDroppedWhileOthersAreRead) {
  ASSERT_TRUE(account_.engine().create_container(
      "shop", R"({"id":"users","partitionKey":{"paths":["/pk"],"kind":"Hash","version":2}})"));
  BackupOptions one;
  one.containers_at_once = 1;
  backup(one);
  pass_seconds(60);
  upsert(R"({"id":"d","pk":"a"})");
  pass_seconds(60);
  bool read = false;
  bool dropped = false;
  transport_.after = [&](const http::Request& request, http::Response response) -> testing::DirectTransport::Answer {
    const bool of_orders = request.url.find("/colls/orders/") != std::string::npos;
    if (is_feed(request) && of_orders && response.status == 304) read = true;
    if (is_feed(request) && !of_orders && read && !dropped) {
      dropped = true;
      EXPECT_TRUE(account_.engine().remove({"dbs", "shop", "colls", "orders"}));
    }
    return response;
  };
  EXPECT_EQ(incomplete_backup(one).code, Code::not_found);
  EXPECT_TRUE(dropped);
  EXPECT_EQ(documents().count("d"), 1U);
}

}  // namespace
}  // namespace halley::capture
