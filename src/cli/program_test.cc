// The commands against an embedded account: the names and shapes that scripts rely on.
#include "cli/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <sstream>

#include "cli/access.h"
#include "cli/account_snapshot.h"
#include "json/value.h"
#include "server/emulator.h"
#include "server/faults.h"
#include "testing/drifting_runtime.h"
#include "testing/temporary_folder.h"

namespace halley::cli {
namespace {

struct Ran {
  ExitCode code = ExitCode::failed;
  std::string out;
  std::string err;

  json::Value last() const {
    std::istringstream lines(out);
    std::string line;
    std::string newest;
    while (std::getline(lines, line)) newest = line;
    return json::parse(newest).value_or(json::Value());
  }
  json::Value result() const {
    const json::Value value = last();
    const json::Value* found = value.find("result");
    return found == nullptr ? json::Value() : *found;
  }
  json::Value error() const {
    const json::Value value = last();
    const json::Value* found = value.find("error");
    return found == nullptr ? json::Value() : *found;
  }
};

std::int64_t count_at(const json::Value& value, std::string_view name) {
  const json::Value* found = value.find(name);
  return found == nullptr ? -1 : found->as_integer().value_or(-1);
}

class Program : public ::testing::Test {
 protected:
  void SetUp() override {
    auto emulator = server::Emulator::start(real_runtime(), {});
    ASSERT_TRUE(emulator.has_value()) << emulator.error().to_string();
    emulator_ = std::move(*emulator);
    auto account = connect(real_runtime(), emulator_->endpoint(), emulator_->key(), {});
    ASSERT_TRUE(account.has_value()) << account.error().to_string();
    account_ = std::move(*account);
    variables_ = {{"COSMOS_ENDPOINT", emulator_->endpoint()},
                  {"COSMOS_KEY", emulator_->key()},
                  {"HALLEY_REPOSITORY", folder_.path("repository")},
                  {"HALLEY_PASSWORD", "open sesame"}};
    ASSERT_TRUE(client().create_database(R"({"id":"db"})", {}, {}).has_value());
    const char* container = R"({"id":"c","partitionKey":{"paths":["/pk"],"kind":"Hash","version":2}})";
    ASSERT_TRUE(client().create_container("db", container, {}, {}).has_value());
    for (const char* id : {"1", "2", "3"}) write(id, "first");
  }

  cosmos::Client& client() { return *account_.client; }

  void write(const std::string& id, const std::string& text) {
    const std::string body = R"({"id":")" + id + R"(","pk":"a","text":")" + text + R"("})";
    const auto status = client().upsert_document({"db", "c"}, R"(["a"])", body, {});
    ASSERT_TRUE(status.has_value()) << status.error().to_string();
  }

  // Moves the server's clock so far that what was written before is inside coverage after the next backup.
  void pass_time() { emulator_->account().clock().advance(60); }

  Ran run(std::vector<std::string> words, bool json = true, Runtime& runtime = real_runtime()) {
    if (json) words.emplace_back("--json");
    std::ostringstream out;
    std::ostringstream err;
    const Variables variables = [this](const std::string& name) -> std::optional<std::string> {
      const auto found = variables_.find(name);
      return found == variables_.end() ? std::nullopt : std::optional(found->second);
    };
    Ran ran;
    ran.code = run_program({runtime, variables, out, err, false, {}, "test"}, words);
    ran.out = out.str();
    ran.err = err.str();
    EXPECT_EQ((ran.out + ran.err).find("open sesame"), std::string::npos) << "a password was said";
    return ran;
  }

  Ran succeed(std::vector<std::string> words) {
    const Ran ran = run(std::move(words));
    EXPECT_EQ(ran.code, ExitCode::success) << ran.out << ran.err;
    return ran;
  }

  // A repository that knows every second between two backups.
  void back_up_twice() {
    succeed({"init"});
    succeed({"backup", "--no-wait"});
    pass_time();
    succeed({"backup", "--no-wait"});
  }

  const testing::TemporaryFolder folder_;
  std::unique_ptr<server::Emulator> emulator_;
  OpenAccount account_;
  std::map<std::string, std::string> variables_;
};

TEST_F(Program, BackupSaysWhatItDid) {
  succeed({"init"});
  const json::Value result = succeed({"backup", "--no-wait"}).result();
  EXPECT_EQ(count_at(result, "documents"), 3);
  EXPECT_EQ(count_at(result, "deletes"), 0);
  for (const char* name : {"bytes_read", "bytes_stored", "commits"}) EXPECT_GT(count_at(result, name), 0) << name;
  for (const char* name : {"request_units", "seconds", "restorable_until", "incomplete"}) {
    EXPECT_NE(result.find(name), nullptr) << name;
  }
  EXPECT_TRUE(result.find("incomplete")->items().empty());
}

TEST_F(Program, EveryRepeatIsToldToWhoLooks) {
  succeed({"init"});
  server::Fault throttle;
  throttle.operation = "change_feed";
  emulator_->account().faults().arm(throttle);
  EXPECT_EQ(succeed({"backup", "--no-wait"}).err.find("repeating"), std::string::npos);
  emulator_->account().faults().arm(throttle);
  const Ran ran = succeed({"backup", "--no-wait", "--log", "debug"});
  EXPECT_NE(ran.err.find("(throttled) reading the change feed of db/c at http://127.0.0.1:"), std::string::npos)
      << ran.err;
  EXPECT_NE(ran.err.find("requests, repeated: throttled 1"), std::string::npos) << ran.err;
  EXPECT_EQ(run({"backup", "--log", "loud"}).code, ExitCode::usage);
}

TEST_F(Program, TimelineShowsWhatCanBeRestored) {
  back_up_twice();
  const json::Value timeline = succeed({"timeline"}).last();
  ASSERT_EQ(timeline.find("containers")->items().size(), 1U);
  const json::Value& container = timeline.find("containers")->items().front();
  EXPECT_EQ(container.string_at("container"), "db/c");
  EXPECT_EQ(container.string_at("exactness"), "exact");
  EXPECT_FALSE(container.string_at("incarnation").empty());
  EXPECT_EQ(count_at(container, "lsn_gaps"), 0);
  const auto from = parse_rfc3339(container.string_at("from"));
  const auto through = parse_rfc3339(container.string_at("through"));
  ASSERT_TRUE(from && through);
  EXPECT_LT(*from, *through);
  const json::Value& interval = container.find("intervals")->items().front();
  EXPECT_EQ(interval.string_at("through"), container.string_at("through"));
  EXPECT_NE(container.find("sync_points"), nullptr);
}

TEST_F(Program, RestoresToFilesAndToAnAccountWhatWasThereAtAMoment) {
  back_up_twice();
  const Second before = emulator_->account().clock().now();
  const auto truth = take_snapshot(client(), {});
  ASSERT_TRUE(truth.has_value()) << truth.error().to_string();
  pass_time();
  write("2", "second");
  ASSERT_TRUE(client().delete_document({"db", "c"}, "3", R"(["a"])", {}).has_value());
  pass_time();
  succeed({"backup", "--no-wait"});

  const std::string at = format_rfc3339(before);
  const Ran files = succeed({"restore", "--at", at, "--to", "dir:" + folder_.path("tree")});
  EXPECT_EQ(count_at(files.result(), "documents"), 3);
  EXPECT_NE(folder_.read("tree/db/c/documents.ndjson").find(R"({"id":"2","pk":"a","text":"first"})"),
            std::string::npos);
  for (const char* name : {"tree/account.json", "tree/db/database.json", "tree/db/c/container.json"}) {
    EXPECT_TRUE(json::parse(folder_.read(name)).has_value()) << name;
  }

  auto other = server::Emulator::start(real_runtime(), {});
  ASSERT_TRUE(other.has_value());
  variables_["TARGET_KEY"] = (*other)->key();
  succeed({"restore", "--at", at, "--to", "cosmos", "--target-endpoint", (*other)->endpoint(), "--target-key-env",
           "TARGET_KEY"});
  const auto target = connect(real_runtime(), (*other)->endpoint(), (*other)->key(), {});
  const auto found = take_snapshot(*target->client, {});
  ASSERT_TRUE(found.has_value()) << found.error().to_string();
  const SnapshotComparison comparison = compare_snapshots(*truth, *found);
  EXPECT_TRUE(comparison.differences.empty()) << comparison.differences.front();
  EXPECT_EQ(comparison.equal_documents, 3U);
}

TEST_F(Program, AMomentOutsideCoverageIsRefusedWith20) {
  back_up_twice();
  for (const char* command : {"restore", "ls", "get", "export"}) {
    std::vector<std::string> words = {command, "--at", "2020-01-01T00:00:00Z"};
    const std::string name = command;
    if (name == "restore") words.insert(words.end(), {"--to", "dir:" + folder_.path("tree")});
    if (name == "get") words.insert(words.end(), {"db/c", "--id", "1", "--partition-key", "\"a\""});
    if (name == "export") words.insert(words.end(), {"--container", "db/c", "--output", folder_.path("out")});
    const Ran ran = run(words);
    EXPECT_EQ(ran.code, ExitCode::outside_coverage) << ran.out;
    EXPECT_EQ(ran.error().string_at("code"), "outside_coverage");
    EXPECT_NE(ran.error().string_at("hint").find("20"), std::string::npos) << "no moment named: " << ran.out;
  }
  EXPECT_FALSE(std::filesystem::exists(folder_.path("tree")));
  EXPECT_FALSE(std::filesystem::exists(folder_.path("out")));
}

TEST_F(Program, GetPrintsADocumentAsItWasCaptured) {
  back_up_twice();
  const std::string text = run({"get", "db/c", "--id", "2", "--partition-key", "\"a\""}, false).out;
  EXPECT_TRUE(text.starts_with(R"({"id":"2","pk":"a","text":"first","_rid":")")) << text;
  const json::Value result = succeed({"get", "db/c", "--id", "2", "--partition-key", R"(["a"])"}).result();
  EXPECT_EQ(result.string_at("container"), "db/c");
  EXPECT_EQ(result.find("document")->to_text() + "\n", text);
  const Ran missing = run({"get", "db/c", "--id", "none", "--partition-key", "\"a\""});
  EXPECT_EQ(missing.code, ExitCode::failed);
  EXPECT_EQ(missing.error().string_at("code"), "not_found");
  EXPECT_EQ(run({"get", "db/c", "--id", "2", "--partition-key", "a"}).code, ExitCode::usage);
}

// Each line of --json is JSON, whatever ids and keys hold, and --partition-key takes them all.
TEST_F(Program, LoneSurrogatesInIdsAndKeysAreCapturedAndTold) {
  const char* container = R"({"id":"h","partitionKey":{"paths":["/pk","/b"],"kind":"MultiHash","version":2}})";
  ASSERT_TRUE(client().create_container("db", container, {}, {}).has_value());
  const std::vector<std::pair<std::string, std::string>> documents = {
      {R"({"id":"\ud800","pk":"\ud800"})", R"(["\ud800"])"}, {R"({"id":"x","pk":"\ud800\n"})", R"(["\ud800\n"])"}};
  for (const auto& [text, key] : documents) {
    ASSERT_TRUE(client().upsert_document({"db", "c"}, key, text, {}).has_value());
  }
  const std::string deep = R"({"id":"y","pk":"\ud800","b":"q"})";
  ASSERT_TRUE(client().upsert_document({"db", "h"}, R"(["\ud800","q"])", deep, {}).has_value());
  back_up_twice();
  const auto only_line = [&](std::vector<std::string> words) {
    const Ran ran = succeed(std::move(words));
    const auto line = json::parse(ran.out.substr(0, ran.out.find('\n')));
    EXPECT_TRUE(line) << line.error().to_string();
    return line.value_or(json::Value());
  };
  for (const std::string command : {"ls", "find"}) {
    const json::Value line = only_line({command, "db/c", "--partition-key", R"("\ud800")"});
    EXPECT_EQ(line.find("id")->to_text(), R"("\ud800")");
    EXPECT_EQ(line.find("partition_key")->to_text(), R"(["\ud800"])");
    EXPECT_EQ(only_line({command, "db/c", "--partition-key", R"("\ud800\n")"}).string_at("id"), "x");
    EXPECT_EQ(only_line({command, "db/h", "--partition-key", R"(["\ud800","q"])"}).string_at("id"), "y");
  }
  EXPECT_EQ(only_line({"find", "db/h", "--partition-key", R"("\ud800")"}).string_at("id"), "y");
  const std::string id = "\xED\xA0\x80";
  for (const std::string command : {"get", "history"}) {
    const json::Value line = only_line({command, "db/c", "--id", id, "--partition-key", R"("\ud800")"});
    const json::Value& got = command == "get" ? *line.find("result") : line;
    EXPECT_EQ(got.find("document")->find("id")->text(), id);
  }
  succeed({"restore", "--to", "dir:" + folder_.path("tree"), "--container", "db/c", "--partition-key", R"("\ud800")"});
}

TEST_F(Program, LsListsDatabasesContainersAndDocuments) {
  back_up_twice();
  EXPECT_EQ(run({"ls"}, false).out, "db/\ndb/c\n");
  const Ran documents = succeed({"ls", "db/c", "--limit", "2"});
  EXPECT_EQ(count_at(documents.result(), "documents"), 2);
  EXPECT_EQ(std::count(documents.out.begin(), documents.out.end(), '\n'), 3);
  EXPECT_EQ(run({"ls", "db/c/d"}).code, ExitCode::usage);
}

TEST_F(Program, ExportWritesOneFile) {
  back_up_twice();
  const std::string path = folder_.path("out.json");
  succeed({"export", "--container", "db/c", "--output", path});
  const auto file = json::parse(folder_.read("out.json"));
  ASSERT_TRUE(file.has_value());
  EXPECT_EQ(count_at(*file, "count"), 3);
  EXPECT_EQ(file->find("items")->items().size(), 3U);
  EXPECT_TRUE(parse_rfc3339(file->string_at("exported_at")).has_value());
  const Ran again = run({"export", "--container", "db/c", "--output", path});
  EXPECT_EQ(again.code, ExitCode::failed);
  EXPECT_THAT(again.out + again.err, ::testing::HasSubstr("exists already"));
  std::filesystem::remove(path);
  const Ran live = succeed({"export", "--container", "db/c", "--live", "--format", "ndjson", "--output", path});
  EXPECT_EQ(count_at(live.result(), "documents"), 3);
  EXPECT_EQ(run({"export", "--container", "db/c", "--output", path, "--format", "xml"}).code, ExitCode::usage);
  const Ran mistaken = run({"export", "--container", "db/c", "--output", "-", "--json", "--bogus"});
  EXPECT_EQ(mistaken.out, "") << "documents alone go there";
  EXPECT_THAT(mistaken.err, ::testing::HasSubstr("--bogus"));
}

TEST_F(Program, VerifyFindsWhatIsDamagedAndExits4) {
  back_up_twice();
  const json::Value sound = succeed({"verify", "--read-data"}).result();
  EXPECT_GT(count_at(sound, "objects"), 0);
  EXPECT_TRUE(sound.find("damaged")->items().empty());
  EXPECT_NE(sound.find("coverage_holes"), nullptr);

  std::string damaged;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path("repository/lanes"))) {
    if (entry.is_regular_file()) damaged = std::filesystem::relative(entry.path(), folder_.path("repository")).string();
  }
  std::string bytes = folder_.read("repository/" + damaged);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  folder_.write("repository/" + damaged, bytes);
  const Ran ran = run({"verify", "--read-data"});
  EXPECT_EQ(ran.code, ExitCode::damage) << ran.out;
  EXPECT_EQ(ran.result().find("damaged")->items().front().string_at("object"), damaged);
  EXPECT_EQ(run({"verify", "--read-data=0"}).code, ExitCode::usage);
}

TEST_F(Program, StatusSaysWhereTheRepositoryStands) {
  back_up_twice();
  const json::Value result = succeed({"status"}).result();
  EXPECT_EQ(result.string_at("account"), "halley-emulator");
  EXPECT_EQ(result.string_at("repository").size(), 32U);
  EXPECT_GT(count_at(result, "stored_bytes"), 0);
  EXPECT_EQ(result.find("containers")->items().front().string_at("container"), "db/c");
}

TEST_F(Program, ARepositoryIsNotFoundOpenedWronglyOrMadeTwice) {
  EXPECT_EQ(run({"status"}).code, ExitCode::no_repository);
  succeed({"init"});
  const Ran again = run({"init"});
  EXPECT_EQ(again.error().string_at("code"), "already_exists");
  EXPECT_FALSE(again.error().string_at("hint").empty());
  variables_["HALLEY_PASSWORD"] = "wrong";
  EXPECT_EQ(run({"status"}).code, ExitCode::wrong_password);
}

TEST_F(Program, AGeneratedPasswordIsWrittenOnceAndOpensTheRepository) {
  const std::string file = folder_.path("password");
  succeed({"init", "--generate-password", file});
  EXPECT_EQ(std::filesystem::status(file).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  succeed({"backup", "--no-wait", "--password-file", file});
  EXPECT_EQ(run({"status"}).code, ExitCode::wrong_password);
  // Neither file nor repository gives way to another.
  EXPECT_EQ(run({"init", "--generate-password", file}).error().string_at("code"), "already_exists");
  const std::string second = folder_.path("second");
  EXPECT_EQ(run({"init", "--generate-password", second}).error().string_at("code"), "already_exists");
  EXPECT_FALSE(std::filesystem::exists(second));
  succeed({"verify", "--password-file", file});
}

TEST_F(Program, PartOfTheAccountIsCapturedWhenAskedFor) {
  ASSERT_TRUE(client().create_database(R"({"id":"other"})", {}, {}).has_value());
  const char* container = R"({"id":"d","partitionKey":{"paths":["/pk"],"kind":"Hash","version":2}})";
  ASSERT_TRUE(client().create_container("other", container, {}, {}).has_value());
  succeed({"init"});
  succeed({"backup", "--no-wait", "--include", "db/*"});
  EXPECT_EQ(succeed({"timeline"}).last().find("containers")->items().size(), 1U);
  EXPECT_EQ(run({"backup", "--mode", "sometimes"}).code, ExitCode::usage);
}

TEST_F(Program, ABackupThatIsToCaptureWhatIsNotThereSaysSo) {
  succeed({"init"});
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"--include", "typo/*"}, {"--include", "db/typo"}, {"--include", ""}, {"--exclude", "*"}}) {
    std::vector<std::string> all = {"backup", "--no-wait"};
    all.insert(all.end(), words.begin(), words.end());
    const Ran ran = run(all);
    EXPECT_EQ(ran.code, ExitCode::usage) << words.back();
    EXPECT_EQ(ran.error().string_at("hint"), "the account has db/c") << words.back();
  }
  const Ran ran = run({"backup", "--no-wait", "--include", "db/c", "--include", "db/typo"});
  EXPECT_EQ(ran.code, ExitCode::incomplete);
  const json::Value result = ran.result();
  EXPECT_EQ(count_at(result, "documents"), 3) << "the others are captured";
  const json::Value& left_out = result.find("incomplete")->items().front();
  EXPECT_EQ(left_out.string_at("what"), "include 'db/typo'");
  EXPECT_EQ(left_out.string_at("hint"), "the account has db/c");
}

TEST_F(Program, RestoreSaysWhereToAndNeverGuesses) {
  back_up_twice();
  EXPECT_EQ(run({"restore"}).code, ExitCode::usage);
  EXPECT_EQ(run({"restore", "--to", "somewhere"}).code, ExitCode::usage);
  EXPECT_EQ(run({"restore", "--to", "dir:"}).code, ExitCode::usage);
  // COSMOS_ENDPOINT, the account that was backed up, does not stand in for a target.
  EXPECT_EQ(run({"restore", "--to", "cosmos"}).code, ExitCode::usage);
  EXPECT_EQ(run({"restore", "--to", "dir:x", "--container", "db"}).code, ExitCode::usage);
  const Ran plan = succeed({"restore", "--dry-run", "--to", "dir:" + folder_.path("tree")});
  EXPECT_EQ(plan.result().find("containers")->items().size(), 1U);
  EXPECT_FALSE(std::filesystem::exists(folder_.path("tree")));
}

TEST_F(Program, ADryRunLooksAtTheTargetAsTheRestoreWould) {
  back_up_twice();
  const std::string tree = folder_.path("tree");
  const json::Value result = succeed({"restore", "--dry-run", "--to", "dir:" + tree}).result();
  EXPECT_GT(count_at(*result.find("at_most"), "documents"), 0);
  EXPECT_GT(count_at(*result.find("at_most"), "bytes"), 0);
  succeed({"restore", "--to", "dir:" + tree});
  EXPECT_EQ(run({"restore", "--dry-run", "--to", "dir:" + tree}).error().string_at("code"), "already_exists");
  variables_["TARGET_KEY"] = emulator_->key();
  variables_["WRONG_KEY"] = "d3Jvbmc=";
  const auto to_account = [&](const char* variable, const std::vector<std::string>& more) {
    std::vector<std::string> words = {
        "restore",          "--dry-run", "--to", "cosmos", "--target-endpoint", emulator_->endpoint(),
        "--target-key-env", variable};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  };
  EXPECT_EQ(to_account("TARGET_KEY", {}).error().string_at("code"), "already_exists") << "it is the source";
  EXPECT_EQ(to_account("WRONG_KEY", {}).error().string_at("code"), "unauthorized");
  EXPECT_EQ(to_account("TARGET_KEY", {"--target-key-file", tree}).code, ExitCode::usage);
  const Ran resumed = to_account("TARGET_KEY", {"--resume"});
  ASSERT_EQ(resumed.code, ExitCode::success) << resumed.out << resumed.err;
  EXPECT_GT(count_at(*resumed.result().find("at_most"), "request_units"), 0);
}

TEST_F(Program, RestoreTakesNoOptionThatItWouldNotHeed) {
  back_up_twice();
  const std::string tree = "dir:" + folder_.path("tree");
  for (const std::vector<std::string>& option :
       std::vector<std::vector<std::string>>{{"--resume"},
                                             {"--target-endpoint", "http://127.0.0.1:1/"},
                                             {"--target-key-env", "K"},
                                             {"--target-key-file", "k"},
                                             {"--insecure-tls"}}) {
    std::vector<std::string> words = {"restore", "--to", tree};
    words.insert(words.end(), option.begin(), option.end());
    const Ran ran = run(words);
    EXPECT_EQ(ran.code, ExitCode::usage) << option.front();
    EXPECT_EQ(ran.error().string_at("message"), option.front() + " goes with --to cosmos only");
  }
  const Ran nothing = run({"restore", "--to", tree, "--exclude", "*"});
  EXPECT_EQ(nothing.error().string_at("code"), "not_found");
  EXPECT_THAT(nothing.error().string_at("message"), ::testing::HasSubstr("--exclude leaves nothing"));
  EXPECT_FALSE(std::filesystem::exists(folder_.path("tree")));
}

TEST_F(Program, RestoreRefusesWhatGoesWithUsingOnlyWithoutIt) {
  back_up_twice();
  const std::vector<std::vector<std::string>> misplaced = {{"--to-account", "a"},
                                                           {"--to-resource-group", "g"},
                                                           {"--location", "West US"},
                                                           {"--instance", "i"},
                                                           {"--wait"},
                                                           {"--public-network"},
                                                           {"--keep-ttl"},
                                                           {"--yes"},
                                                           {"--account", "a"}};
  for (const auto& option : misplaced) {
    std::vector<std::string> words = {"restore", "--dry-run", "--to", "dir:" + folder_.path("tree")};
    words.insert(words.end(), option.begin(), option.end());
    const Ran ran = run(words);
    EXPECT_EQ(ran.code, ExitCode::usage) << option.front();
    EXPECT_THAT(ran.error().string_at("message"), ::testing::HasSubstr(option.front() + " goes with --using only"));
    EXPECT_THAT(ran.error().string_at("hint"), ::testing::HasSubstr("--using native"));
    words.insert(words.end(), {"--using", "repository"});
    EXPECT_EQ(run(words).code, ExitCode::success) << option.front();
  }
}

TEST_F(Program, AnAgeIsOneMomentFromTheComparisonToTheRestore) {
  back_up_twice();
  testing::DriftingRuntime runtime(std::chrono::seconds(15));
  const Ran ran = run({"restore", "--using", "repository", "--at", "-1s", "--dry-run", "--to", "dir:x"}, true, runtime);
  ASSERT_EQ(ran.code, ExitCode::success) << ran.out << ran.err;
  const auto comparison = json::parse(ran.out.substr(0, ran.out.find('\n'))).value_or(json::Value());
  EXPECT_EQ(comparison.string_at("at"), ran.result().string_at("at"));
}

TEST_F(Program, TheRepositoryIsNoWayWithoutATargetThatCanBeWrittenTo) {
  back_up_twice();
  const auto repository = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"restore", "--using", "repository", "--dry-run"});
    const Ran ran = run(more);
    const auto comparison = json::parse(ran.out.substr(0, ran.out.find('\n'))).value_or(json::Value());
    return comparison.find("comparison")->items().at(1);
  };
  using ::testing::HasSubstr;
  EXPECT_THAT(repository({}).string_at("why_not"), HasSubstr("nowhere to restore to"));
  EXPECT_THAT(repository({"--to", "cosmos"}).string_at("why_not"), HasSubstr("no account given to write to"));
  const std::vector<std::string> account = {"--to", "cosmos", "--target-endpoint", "http://127.0.0.1:1/"};
  EXPECT_THAT(repository(account).string_at("why_not"), HasSubstr("no key given for the account to write to"));
  variables_["TARGET_KEY"] = emulator_->key();
  std::vector<std::string> whole = account;
  whole.insert(whole.end(), {"--target-key-env", "TARGET_KEY"});
  EXPECT_EQ(repository(whole).find("possible")->as_bool(), true);
  EXPECT_EQ(repository({"--to", "dir:x"}).find("possible")->as_bool(), true);
}

}  // namespace
}  // namespace halley::cli
