// What is durable when a file, or a restore to files, says that it is whole: each name in its directory.
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <set>
#include <string>

#include "recovery/hand_made_backup.h"
#include "recovery/output_file.h"
#include "recovery/restore.h"
#include "testing/temporary_folder.h"

namespace halley::recovery {
namespace {

// The entries that directories had when they were synced; nullptr = nobody asks.
std::set<std::filesystem::path>* durable_entries = nullptr;

void note_entries(int file) {
  std::error_code error;
  const auto path = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(file), error);
  if (error || !std::filesystem::is_directory(path, error)) return;
  for (const auto& entry : std::filesystem::directory_iterator(path)) durable_entries->insert(entry.path());
}

class DurableFiles : public ::testing::Test {
 protected:
  DurableFiles() { durable_entries = &durable_; }
  ~DurableFiles() override { durable_entries = nullptr; }

  const halley::testing::TemporaryFolder folder_;
  const std::filesystem::path path_ = std::filesystem::canonical(folder_.path());
  std::set<std::filesystem::path> durable_;
};

TEST_F(DurableFiles, AFileHasItsName) {
  ASSERT_TRUE(write_file(path_ / "f", "text"));
  EXPECT_TRUE(durable_.contains(path_ / "f"));
}

TEST_F(DurableFiles, ARestoreHasAllOfItsTree) {
  HandMadeBackup backup;
  backup.define(repo::DefinitionKind::account, "", "", "account", R"({"id":"test-account"})", at(0));
  backup.database("db", at(0));
  backup.container("db", "c", at(0));
  backup.define(repo::DefinitionKind::trigger, "db", "c", "t", R"({"id":"t"})", at(0));
  backup.definitions_known(at(0), at(100));
  auto& lane = backup.lane("db", "c");
  HandMadeBackup::put(lane, R"(["k"])", "1", R"({"id":"1","pk":"k"})", at(10));
  backup.exact(lane, at(0), at(100));
  const auto plan = make_plan(backup.repository(), Moment::of(at(50)), {});
  ASSERT_TRUE(plan);
  const auto target = make_directory_target(path_ / "a/b");
  RestoreProgress progress;
  ASSERT_TRUE(restore(real_runtime(), backup.repository(), *plan, *target, progress, {}));
  std::size_t entries = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path_)) {
    ++entries;
    EXPECT_TRUE(durable_.contains(entry.path())) << entry.path();
  }
  EXPECT_EQ(entries, 11U);
}

}  // namespace
}  // namespace halley::recovery

// In front of the C library's.
extern "C" int fsync(int file) {
  if (halley::recovery::durable_entries != nullptr) halley::recovery::note_entries(file);
  return static_cast<int>(syscall(SYS_fsync, file));
}
