#include "recovery/output_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "recovery/restore.h"
#include "testing/temporary_folder.h"

namespace halley::recovery {
namespace {

class OutputFileTest : public ::testing::Test {
 protected:
  static std::string content(const std::string& path) {
    std::ostringstream out;
    out << std::ifstream(path).rdbuf();
    return out.str();
  }
  const halley::testing::TemporaryFolder temporary_;
  const std::string folder_ = temporary_.path();
};

TEST_F(OutputFileTest, AppearsUnderItsNameOnlyWhenWhole) {
  const std::string path = folder_ + "/f";
  auto file = OutputFile::create(path);
  ASSERT_TRUE(file);
  ASSERT_TRUE(file->append("hello"));
  EXPECT_FALSE(std::filesystem::exists(path));
  ASSERT_TRUE(file->commit());
  EXPECT_EQ(content(path), "hello");
  EXPECT_FALSE(std::filesystem::exists(path + ".partial"));
}

TEST_F(OutputFileTest, LeavesNothingWithoutCommitAndKeepsWhatWasThere) {
  const std::string path = folder_ + "/f";
  ASSERT_TRUE(write_file(path, "old"));
  {
    auto file = OutputFile::create(path);
    ASSERT_TRUE(file && file->append("new"));
  }
  EXPECT_EQ(content(path), "old");
  EXPECT_FALSE(std::filesystem::exists(path + ".partial"));
}

TEST_F(OutputFileTest, LeavesNothingWhereItCannotHaveItsName) {
  const std::string path = folder_ + "/f";
  std::filesystem::create_directories(path + "/not empty");
  const Status written = write_file(path, "new");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, Code::io);
  EXPECT_NE(written.error().message.find(path), std::string::npos) << written.error().message;
  EXPECT_FALSE(std::filesystem::exists(path + ".partial"));
}

TEST_F(OutputFileTest, HasOneWriterAtATime) {
  const std::string path = folder_ + "/f";
  const std::string text(2 << 20, 'a');
  {
    auto first = OutputFile::create(path);
    ASSERT_TRUE(first);
    ASSERT_TRUE(first->append(text));
    const auto second = OutputFile::create(path);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Code::already_exists);
    EXPECT_EQ(second.error().message, path + " is being written already, to " + path + ".partial");
    EXPECT_FALSE(second.error().hint.empty());
    ASSERT_TRUE(first->append("end"));
    ASSERT_TRUE(first->commit());
    EXPECT_TRUE(content(path) == text + "end");
    ASSERT_TRUE(write_file(path, "the next"));  // although the first is still held
  }
  EXPECT_EQ(content(path), "the next");
}

TEST_F(OutputFileTest, ANewFileReplacesNone) {
  const std::string path = folder_ + "/f";
  ASSERT_TRUE(write_file(path, "old"));
  const auto refused = OutputFile::create_new(path);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::already_exists);
  EXPECT_EQ(refused.error().message, path + " exists already");
  EXPECT_EQ(content(path), "old");
  EXPECT_FALSE(std::filesystem::exists(path + ".partial"));
}

TEST_F(OutputFileTest, WhatIsRefusedChangesNothing) {
  const std::string path = folder_ + "/f";
  ASSERT_TRUE(write_file(path, "old"));
  std::ofstream(path + ".partial") << "another's";
  EXPECT_FALSE(OutputFile::create_new(path));
  EXPECT_EQ(content(path + ".partial"), "another's");
}

TEST_F(OutputFileTest, ANewFileReplacesNoneThatCameMeanwhile) {
  const std::string path = folder_ + "/f";
  {
    auto file = OutputFile::create_new(path);
    ASSERT_TRUE(file && file->append("new"));
    std::ofstream(path) << "another's";
    const Status committed = file->commit();
    ASSERT_FALSE(committed);
    EXPECT_EQ(committed.error().code, Code::already_exists);
    EXPECT_NE(committed.error().hint.find(path + ".partial"), std::string::npos) << committed.error().hint;
  }
  EXPECT_EQ(content(path), "another's");
  EXPECT_EQ(content(path + ".partial"), "new");
}

TEST_F(OutputFileTest, WhatIsNoFileIsNotWrittenTo) {
  const std::string path = folder_ + "/f";
  std::ofstream(folder_ + "/other") << "another's";
  std::filesystem::create_symlink("other", path + ".partial");
  const auto refused = [&] {
    const auto file = OutputFile::create(path);
    return !file && file.error().code == Code::already_exists && !file.error().hint.empty();
  };
  EXPECT_TRUE(refused());
  EXPECT_EQ(content(folder_ + "/other"), "another's");
  EXPECT_TRUE(std::filesystem::is_symlink(path + ".partial"));
  std::filesystem::remove(path + ".partial");
  ASSERT_EQ(mkfifo((path + ".partial").c_str(), 0600), 0);  // nor waited for, though nobody reads it
  EXPECT_TRUE(refused());
  std::filesystem::remove(path + ".partial");
  std::filesystem::create_directory(path + ".partial");
  EXPECT_TRUE(refused());
}

// However the second comes in while the first finishes.
TEST_F(OutputFileTest, OfTwoWritersOfANewFileOneFinishes) {
  for (int round = 0; round < 100; ++round) {
    const std::string path = folder_ + "/" + std::to_string(round);
    auto first = OutputFile::create_new(path);
    ASSERT_TRUE(first) << first.error().to_string();
    const std::jthread finishes([&] { EXPECT_TRUE(first->commit()); });
    auto second = OutputFile::create_new(path);
    while (!second && second.error().message != path + " exists already") {
      ASSERT_EQ(second.error().message, path + " is being written already, to " + path + ".partial");
      second = OutputFile::create_new(path);
    }
    ASSERT_FALSE(second) << "it would replace a finished file, in round " << round;
  }
}

TEST_F(OutputFileTest, BeginsAnewWhatAKilledProcessLeft) {
  const std::string path = folder_ + "/f";
  std::ofstream(path + ".partial") << "a long beginning";
  ASSERT_TRUE(write_file(path, "whole"));
  EXPECT_EQ(content(path), "whole");
}

TEST_F(OutputFileTest, KeepsOrderOfSmallAndLargePieces) {
  const std::string path = folder_ + "/f";
  auto file = OutputFile::create(path);
  ASSERT_TRUE(file);
  std::string expected;
  for (int i = 0; i < 40; ++i) {
    const std::string piece(i % 5 == 0 ? 1'200'000 : 700 * static_cast<std::size_t>(i),
                            static_cast<char>('a' + i % 26));
    expected += piece;
    ASSERT_TRUE(file->append(piece));
  }
  ASSERT_TRUE(file->rewrite(1, "XYZ"));
  expected.replace(1, 3, "XYZ");
  ASSERT_TRUE(file->append("end"));
  ASSERT_TRUE(file->commit());
  EXPECT_EQ(file->size(), expected.size() + 3);
  EXPECT_TRUE(content(path) == expected + "end");
}

TEST_F(OutputFileTest, WritesToADescriptorAndLeavesItOpen) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  {
    OutputFile file = OutputFile::to_descriptor(ends[1], "pipe");
    EXPECT_FALSE(file.rewritable());
    ASSERT_TRUE(file.append("hi"));
    ASSERT_TRUE(file.commit());
  }
  EXPECT_EQ(write(ends[1], "!", 1), 1);
  std::array<char, 8> got{};
  EXPECT_EQ(read(ends[0], got.data(), got.size()), 3);
  EXPECT_STREQ(got.data(), "hi!");
  close(ends[0]);
  close(ends[1]);
}

TEST_F(OutputFileTest, AFullDiskIsNamed) {
  OutputFile file = OutputFile::to_descriptor(-1, "nothing");
  const auto opened = OutputFile::create(folder_ + "/missing/f");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::io);
  std::ofstream full("/dev/full");
  if (!full) GTEST_SKIP() << "no /dev/full here";
  FILE* const device = fopen("/dev/full", "w");
  OutputFile out = OutputFile::to_descriptor(fileno(device), "/dev/full");
  ASSERT_TRUE(out.append("x"));
  const auto committed = out.commit();
  ASSERT_FALSE(committed);
  EXPECT_EQ(committed.error().code, Code::no_space);
  fclose(device);
}

TEST(FileName, IsSafeAndDistinct) {
  EXPECT_EQ(file_name_of("orders"), "orders");
  EXPECT_EQ(file_name_of("a b/c"), "a%20b%2Fc");
  EXPECT_EQ(file_name_of("."), "%2E");
  EXPECT_EQ(file_name_of(".."), "%2E.");
  EXPECT_EQ(file_name_of("é"), "%C3%A9");
  EXPECT_EQ(file_name_of("database.json"), "database%2Ejson");
  const std::string long_a(255, '\xC3');
  const std::string long_b = long_a + "x";
  EXPECT_LE(file_name_of(long_a).size(), 200U);
  EXPECT_NE(file_name_of(long_a), file_name_of(long_b));
}

}  // namespace
}  // namespace halley::recovery
