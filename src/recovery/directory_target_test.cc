// What a restore to files holds beside documents (src/recovery/restore_test.cc has those).
#include <gtest/gtest.h>

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
  Status restore_all() {
    ASSIGN(const RestorePlan plan, make_plan(backup_.repository(), Moment::of(at(50)), {}));
    const auto target = make_directory_target(folder_.path("tree"));
    RestoreProgress progress;
    auto report = restore(real_runtime(), backup_.repository(), plan, *target, progress, {});
    return report ? Status() : Status(fail(std::move(report).error()));
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

TEST_F(DirectoryTarget, NamesOfAnyLengthAndKindHaveFilesOfTheirOwn) {
  const std::vector<std::string> names = {"..",
                                          ".hidden",
                                          "a/b",
                                          "a%2Fb",
                                          "container.json",
                                          std::string(300, 'x'),
                                          std::string(299, 'x') + "y",
                                          std::string(100, '/')};
  std::set<std::string> files;
  for (const std::string& name : names) {
    const std::string file = file_name_of(name);
    EXPECT_TRUE(files.insert(file).second) << file;
    EXPECT_TRUE(std::filesystem::create_directories(folder_.path(file + "/inner"))) << file;
  }
}

}  // namespace
}  // namespace halley::recovery
