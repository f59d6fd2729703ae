#include "runtime/temporary_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <optional>

namespace halley {
namespace {

using ::testing::HasSubstr;

// $TMPDIR as a test wants it, and as it was afterwards.
class TemporaryFileTest : public ::testing::Test {
 protected:
  TemporaryFileTest() {
    if (const char* const was = getenv("TMPDIR")) was_ = was;
  }
  ~TemporaryFileTest() override {
    if (was_) setenv("TMPDIR", was_->c_str(), 1);
    if (!was_) unsetenv("TMPDIR");
  }

  // Where the file that is open stands, and how much of the disk it has.
  static std::filesystem::path place_of_open_file() {
    for (const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code gone;
      const auto target = std::filesystem::read_symlink(each.path(), gone);
      if (target.string().find("/halley-") != std::string::npos) return each.path();
    }
    return {};
  }

  std::optional<std::string> was_;
};

TEST_F(TemporaryFileTest, GivesBackWhatWasWrittenUntilItIsCut) {
  auto file = TemporaryFile::create("try");
  ASSERT_TRUE(file) << file.error().to_string();
  ASSERT_TRUE(file->write(0, "first"));
  ASSERT_TRUE(file->write(5, "second"));
  std::string text;
  ASSERT_TRUE(file->read(3, 5, text));
  EXPECT_EQ(text, "stsec");
  ASSERT_TRUE(file->cut(5));
  const Status behind = file->read(3, 5, text);
  ASSERT_FALSE(behind);
  EXPECT_EQ(behind.error().code, Code::io);
  EXPECT_THAT(behind.error().message, HasSubstr("it does not hold what was written to it"));
}

TEST_F(TemporaryFileTest, HasNoNameAndStandsWhereItIsAskedFor) {
  for (const bool told : {false, true}) {
    std::string folder = "/var/tmp";
    unsetenv("TMPDIR");
    if (told) {
      folder = std::filesystem::temp_directory_path() / "halley-test-of-tmpdir";
      std::filesystem::create_directory(folder);
      setenv("TMPDIR", folder.c_str(), 1);
    }
    const auto file = TemporaryFile::create("try");
    ASSERT_TRUE(file) << file.error().to_string();
    const std::string target = std::filesystem::read_symlink(place_of_open_file());
    EXPECT_TRUE(target.starts_with(folder + "/halley-")) << target;
    EXPECT_TRUE(target.ends_with(" (deleted)")) << target;
    if (told) std::filesystem::remove(folder);
  }
}

TEST_F(TemporaryFileTest, AFolderThatCannotBeWrittenIsNamed) {
  setenv("TMPDIR", "/nowhere/at/all", 1);
  const auto file = TemporaryFile::create("keep the differences in");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, Code::io);
  EXPECT_THAT(file.error().message, HasSubstr("can't keep the differences in a temporary file in /nowhere/at/all: "));
  EXPECT_THAT(file.error().hint, HasSubstr("TMPDIR"));
}

TEST_F(TemporaryFileTest, GivesBackTheRoomOfWhatIsNotReadAgain) {
  auto file = TemporaryFile::create("try");
  ASSERT_TRUE(file) << file.error().to_string();
  ASSERT_TRUE(file->write(0, std::string(1 << 20, 'x')));
  file->discard(0, 1 << 19);
  struct stat status {};
  ASSERT_EQ(::stat(place_of_open_file().c_str(), &status), 0);
  EXPECT_LE(status.st_blocks * 512, (1 << 19) + (1 << 16));
  std::string text;
  ASSERT_TRUE(file->read(1 << 19, 1 << 19, text));
  EXPECT_EQ(text, std::string(1 << 19, 'x'));
}

}  // namespace
}  // namespace halley
