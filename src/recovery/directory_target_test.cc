// What a restore to files holds beside documents (src/recovery/restore_test.cc has those).
#include <gmock/gmock.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "recovery/hand_made_backup.h"
#include "recovery/restore.h"
#include "testing/temporary_folder.h"

namespace halley::recovery {
namespace {

using repo::DefinitionKind;

class DirectoryTarget : public ::testing::Test {
 protected:
  Status restore_all(const Moment& moment = Moment::of(at(50))) {
    ASSIGN(const RestorePlan plan, make_plan(backup_.repository(), moment, {}));
    return apply(plan);
  }
  Status apply(const RestorePlan& plan) {
    const auto target = make_directory_target(folder_.path("tree"));
    RestoreProgress progress;
    auto report = restore(real_runtime(), backup_.repository(), plan, *target, progress, {});
    return report ? Status() : Status(fail(std::move(report).error()));
  }

  // Database db with these containers, a document in each.
  void make(const std::vector<std::string>& names) {
    backup_.database("db", at(0));
    for (const std::string& name : names) backup_.container("db", name, at(0));
    backup_.definitions_known(at(0), at(100));
    for (const std::string& name : names) {
      auto& lane = backup_.lane("db", name);
      HandMadeBackup::put(lane, R"(["k"])", "1", R"({"id":"1","pk":"k"})", at(10));
      backup_.exact(lane, at(0), at(100));
    }
  }
  // What a backup captures later: of this container, and not yet of the definitions.
  void go_on(const std::string& name) {
    auto& lane = backup_.lane("db", name);
    HandMadeBackup::put(lane, R"(["k"])", "2", R"({"id":"2","pk":"k"})", at(140));
    backup_.remove(lane, R"(["k"])", "1", at(141));
    backup_.exact(lane, at(0), at(150));
  }
  // Restores, with `container` standing in the way of itself.
  Status interrupted(const std::string& container, const Moment& moment) {
    ASSIGN(const RestorePlan plan, make_plan(backup_.repository(), moment, {}));
    std::vector<std::string> notes;
    TRY(make_directory_target(folder_.path("tree"))->open(plan, notes, {}));
    const std::string obstacle = folder_.path("tree/db/" + container + "/documents.ndjson.partial");
    std::filesystem::create_directories(obstacle);
    Status restored = apply(plan);
    std::filesystem::remove(obstacle);
    return restored;
  }
  std::string documents_of(const std::string& container) {
    return folder_.read("tree/db/" + container + "/documents.ndjson");
  }

  HandMadeBackup backup_;
  const halley::testing::TemporaryFolder folder_;
};

TEST_F(DirectoryTarget, HoldsUsersWithTheirPermissions) {
  backup_.database("db", at(0));
  backup_.define(DefinitionKind::user, "db", "", "ada", R"({"id":"ada","_rid":"r","_ts":1})", at(0));
  backup_.define(DefinitionKind::user, "db", "", "bob", R"({"id":"bob","_ts":1})", at(0));
  backup_.define(DefinitionKind::permission, "db", "ada", "p",
                 R"({"id":"p","permissionMode":"Read","resource":"dbs/db/colls/c","_etag":"e"})", at(0));
  backup_.definitions_known(at(0), at(100));
  const Status restored = restore_all();
  ASSERT_TRUE(restored) << restored.error().to_string();
  EXPECT_EQ(folder_.read("tree/db/users.json"),
            R"({"users":[{"user":{"id":"ada"},"permissions":[{"id":"p","permissionMode":"Read",)"
            R"("resource":"dbs/db/colls/c"}]},{"user":{"id":"bob"},"permissions":[]}]})"
            "\n");
}

TEST_F(DirectoryTarget, HasADocumentOnOneLineHoweverItWasWritten) {
  backup_.database("db", at(0));
  backup_.container("db", "c", at(0));
  backup_.definitions_known(at(0), at(100));
  auto& lane = backup_.lane("db", "c");
  HandMadeBackup::put(lane, R"(["k"])", "1", "{\n  \"id\": \"1\",\r\n  \"pk\": \"k\"\n}", at(10));
  backup_.exact(lane, at(0), at(100));
  const Status restored = restore_all();
  ASSERT_TRUE(restored) << restored.error().to_string();
  EXPECT_EQ(folder_.read("tree/db/c/documents.ndjson"), "{   \"id\": \"1\",    \"pk\": \"k\" }\n");
}

// The journal names what is whole; a disk that lost it, or its owner, is believed.
TEST_F(DirectoryTarget, WhatTheJournalNamesMustBeThere) {
  backup_.database("db", at(0));
  for (const char* name : {"a", "b", "c", "z"}) backup_.container("db", name, at(0));
  backup_.definitions_known(at(0), at(100));
  for (const char* name : {"a", "b", "c", "z"}) {
    auto& lane = backup_.lane("db", name);
    HandMadeBackup::put(lane, R"(["k"])", "1", R"({"id":"1","pk":"k"})", at(10));
    HandMadeBackup::put(lane, R"(["k"])", "2", "{\n\"id\":\"2\",\"pk\":\"k\"}", at(10));
    backup_.exact(lane, at(0), at(100));
  }
  // The last container can't be written, so the restore stays unfinished.
  const std::string obstacle = folder_.path("tree/db/z/documents.ndjson.partial");
  {
    const auto plan = make_plan(backup_.repository(), Moment::of(at(50)), {});
    ASSERT_TRUE(plan);
    std::vector<std::string> notes;
    ASSERT_TRUE(make_directory_target(folder_.path("tree"))->open(*plan, notes, {}));
  }
  std::filesystem::create_directories(obstacle);
  ASSERT_FALSE(restore_all());
  const std::string whole = folder_.read("tree/db/a/documents.ndjson");
  ASSERT_EQ(whole.size(), 41U);
  std::filesystem::remove(folder_.path("tree/db/b/documents.ndjson"));
  std::filesystem::resize_file(folder_.path("tree/db/c/documents.ndjson"), 20);
  const auto written = std::filesystem::last_write_time(folder_.path("tree/db/a/documents.ndjson"));
  std::filesystem::remove(obstacle);
  const Status restored = restore_all();
  ASSERT_TRUE(restored) << restored.error().to_string();
  for (const char* name : {"a", "b", "c", "z"}) {
    EXPECT_EQ(folder_.read("tree/db/" + std::string(name) + "/documents.ndjson"), whole) << name;
  }
  EXPECT_EQ(std::filesystem::last_write_time(folder_.path("tree/db/a/documents.ndjson")), written);
}

TEST_F(DirectoryTarget, LatestIsOfTheMomentThatIsToldWhateverIsCapturedMeanwhile) {
  make({"a", "b"});
  const auto plan = make_plan(backup_.repository(), Moment::newest(), {});
  ASSERT_TRUE(plan);
  go_on("b");
  const Status restored = apply(*plan);
  ASSERT_TRUE(restored) << restored.error().to_string();
  EXPECT_LT(plan->containers.back().at, at(140));
  EXPECT_EQ(documents_of("b"), "{\"id\":\"1\",\"pk\":\"k\"}\n");
}

TEST_F(DirectoryTarget, OfAnInterruptedLatestContainersCapturedMeanwhileAreWrittenAnew) {
  make({"a", "b", "z"});
  ASSERT_FALSE(interrupted("z", Moment::newest()));
  const auto written = std::filesystem::last_write_time(folder_.path("tree/db/b/documents.ndjson"));
  go_on("a");
  const auto plan = make_plan(backup_.repository(), Moment::newest(), {});
  ASSERT_TRUE(plan);
  const Status restored = apply(*plan);
  ASSERT_TRUE(restored) << restored.error().to_string();
  EXPECT_GE(plan->containers.front().at, at(140));
  EXPECT_EQ(documents_of("a"), "{\"id\":\"2\",\"pk\":\"k\"}\n");
  EXPECT_EQ(std::filesystem::last_write_time(folder_.path("tree/db/b/documents.ndjson")), written);
}

TEST_F(DirectoryTarget, TheHintOfAnInterruptedLatestHoldsAfterABackup) {
  make({"a", "z"});
  const Status first = interrupted("z", Moment::newest());
  ASSERT_FALSE(first);
  EXPECT_THAT(first.error().hint, ::testing::HasSubstr("the same restore completes it until another backup has run"));
  backup_.definitions_known(at(0), at(160));
  const Status again = restore_all(Moment::newest());
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Code::already_exists);
  EXPECT_EQ(again.error().hint,
            "it is of `latest` as of " + format_rfc3339(at(99)) +
                ", and `latest` is another moment since a backup has run: choose another directory");
}

TEST_F(DirectoryTarget, ARefusalToGoOnSaysWhatIsOther) {
  make({"a", "z"});
  const auto hint = [&](const Moment& moment, const Selection& selection = {}) {
    const auto plan = make_plan(backup_.repository(), moment, selection);
    EXPECT_TRUE(plan) << plan.error().to_string();
    const Status refused = apply(*plan);
    EXPECT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::already_exists);
    return refused.error().hint;
  };
  const Moment moment = Moment::of(at(50));
  const std::string completes = ": give the same to complete it, or choose another directory";
  ASSERT_FALSE(interrupted("z", moment));
  EXPECT_EQ(hint(Moment::newest()), "it was begun with --at " + moment.text() + completes);
  EXPECT_EQ(hint(Moment::of(at(60))), "it was begun with --at " + moment.text() + completes);
  EXPECT_EQ(hint(moment, {{"db/a"}, {}, {}, {}}), "it was begun with another --database or --container" + completes);
  EXPECT_EQ(hint(Moment::newest(), {{}, {"db/a"}, {}, {"1"}}),
            "it was begun with --at " + moment.text() + " and another --exclude and another --id" + completes);
  ASSERT_TRUE(restore_all(moment)) << "as the hint says";
}

TEST_F(DirectoryTarget, OneOfLatestIsCompletedByLatestUntilABackupHasRun) {
  make({"a", "z"});
  ASSERT_FALSE(interrupted("z", Moment::newest()));
  Selection selection;
  selection.exclude = {"db/a"};
  const std::string as_long =
      ": give the same to complete it, as long as no other backup has run, or choose another "
      "directory";
  const Status at_its_moment = restore_all(Moment::of(at(99)));
  ASSERT_FALSE(at_its_moment);
  EXPECT_EQ(at_its_moment.error().hint, "it was begun with --at latest" + as_long);
  const auto plan = make_plan(backup_.repository(), Moment::newest(), selection);
  ASSERT_TRUE(plan);
  const Status of_a_part = apply(*plan);
  ASSERT_FALSE(of_a_part);
  EXPECT_EQ(of_a_part.error().hint, "it was begun with another --exclude" + as_long);
  ASSERT_TRUE(restore_all(Moment::newest())) << "as the hints say";
}

TEST_F(DirectoryTarget, NamesOfAnyLengthAndKindHaveFilesOfTheirOwn) {
  const std::vector<std::string> names = {"..",
                                          ".hidden",
                                          "a/b",
                                          "a%2Fb",
                                          "container.json",
                                          "account.json.partial",
                                          std::string(300, 'x'),
                                          std::string(299, 'x') + "y",
                                          std::string(100, '/')};
  std::set<std::string> files;
  for (const std::string& name : names) {
    const std::string file = file_name_of(name);
    EXPECT_TRUE(files.insert(file).second) << file;
    EXPECT_FALSE(file.ends_with(".json") || file.ends_with(".partial")) << file;
    EXPECT_TRUE(std::filesystem::create_directories(folder_.path(file + "/inner"))) << file;
  }
}

}  // namespace
}  // namespace halley::recovery
