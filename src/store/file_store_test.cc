#include "store/file_store.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <utility>

#include "store/url.h"

namespace halley::store {
namespace {

namespace fs = std::filesystem;

class FileStoreTest : public ::testing::Test {
 protected:
  FileStoreTest() : directory_(::testing::TempDir() + "halley-file-XXXXXX") {
    EXPECT_NE(::mkdtemp(directory_.data()), nullptr);
  }
  ~FileStoreTest() override { fs::remove_all(directory_); }

  std::string directory_;
};

TEST_F(FileStoreTest, IsMadeOnlyWhenAsked) {
  const std::string place = directory_ + "/a/b";
  EXPECT_EQ(open_file_store(place, false).error().code, Code::not_found);
  ASSERT_TRUE(open_file_store(place, true));
  ASSERT_TRUE(open_file_store(place, false));
  ASSERT_TRUE(open_file_store(place + "/", true));
}

TEST_F(FileStoreTest, RefusesAFileAsItsFolder) {
  std::ofstream(directory_ + "/file") << "x";
  EXPECT_FALSE(open_file_store(directory_ + "/file", true));
  EXPECT_FALSE(open_file_store(directory_ + "/file", false));
}

TEST_F(FileStoreTest, IsWhereTheSystemTakesItsPathToBe) {
  fs::create_directories(directory_ + "/far/away");
  fs::create_directory_symlink(directory_ + "/far/away", directory_ + "/link");
  ASSERT_TRUE(open_file_store(directory_ + "/link/../store/", true));
  EXPECT_TRUE(fs::is_directory(directory_ + "/far/store"));
  EXPECT_FALSE(fs::exists(directory_ + "/store"));
}

TEST_F(FileStoreTest, MakesAFolderBelowTheCurrentOne) {
  fs::create_directories(directory_);
  const fs::path before = fs::current_path();
  fs::current_path(directory_);
  const auto made = open_file_store("fresh/store", true);
  fs::current_path(before);
  ASSERT_TRUE(made) << made.error().to_string();
  EXPECT_TRUE(fs::is_directory(directory_ + "/fresh/store"));
}

TEST_F(FileStoreTest, KeepsObjectsAcrossOpens) {
  ASSERT_TRUE((*open_file_store(directory_, true))->put("a/b", "bytes"));
  EXPECT_EQ((*open_file_store(directory_, false))->get_all("a/b").value(), "bytes");
}

TEST_F(FileStoreTest, LeavesNoTemporaryFile) {
  auto store = *open_file_store(directory_, true);
  ASSERT_TRUE(store->put("a", "x"));
  EXPECT_FALSE(store->put("a", "y"));
  EXPECT_TRUE(fs::is_empty(directory_ + "/+incoming"));
}

TEST_F(FileStoreTest, IgnoresUnfinishedFilesAndCleansOldOnes) {
  fs::create_directory(directory_ + "/+incoming");
  std::ofstream(directory_ + "/+incoming/young") << "part";
  std::ofstream(directory_ + "/+incoming/old") << "part";
  const timespec times[2] = {{1'000'000'000, 0}, {1'000'000'000, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (directory_ + "/+incoming/old").c_str(), times, 0), 0);
  auto store = *open_file_store(directory_, false);
  EXPECT_TRUE(store->list("", "", 10).value().empty());
  EXPECT_TRUE(fs::exists(directory_ + "/+incoming/young"));
  EXPECT_FALSE(fs::exists(directory_ + "/+incoming/old"));
}

TEST_F(FileStoreTest, IgnoresFilesThatAreNoObjects) {
  fs::create_directory(directory_ + "/lost+found");
  std::ofstream(directory_ + "/lost+found/x") << "x";
  std::ofstream(directory_ + "/README") << "x";
  auto store = *open_file_store(directory_, false);
  ASSERT_TRUE(store->put("a", "x"));
  EXPECT_EQ(store->list("", "", 10).value(), std::vector<std::string>{"a"});
}

TEST_F(FileStoreTest, AFullDiskLeavesNothingVisible) {
  auto store = *open_file_store(directory_, true);
  ASSERT_TRUE(store->put("a", "x"));
  // A limit on the size of files stands in for a full disk: the write stops half way.
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = 1000;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const Status put = store->put("b", std::string(5000, 'x'));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().code, Code::no_space);
  EXPECT_EQ(store->get_all("b").error().code, Code::not_found);
  EXPECT_EQ(store->get_all("a").value(), "x");
  EXPECT_TRUE(fs::is_empty(directory_ + "/+incoming"));
  EXPECT_TRUE(store->put("b", std::string(5000, 'x')));
}

TEST_F(FileStoreTest, FailsWithoutATraceWhereItMayNotWrite) {
  auto store = *open_file_store(directory_, true);
  ASSERT_TRUE(store->put("a", "x"));
  fs::remove_all(directory_ + "/+incoming");
  std::ofstream(directory_ + "/+incoming") << "in the way";
  EXPECT_FALSE(store->put("b", "x"));
  EXPECT_EQ(store->list("", "", 10).value(), std::vector<std::string>{"a"});
}

TEST_F(FileStoreTest, WhatIsNoFileIsDamageAndKeepsNobodyWaiting) {
  auto store = *open_file_store(directory_, true);
  ASSERT_TRUE(store->put("a/1", "x"));
  ASSERT_EQ(::mkfifo((directory_ + "/a/2").c_str(), 0600), 0);
  fs::create_directory(directory_ + "/a/3");
  fs::create_symlink("4", directory_ + "/a/4");
  EXPECT_EQ(store->list("", "", kNoLimit).value(), (std::vector<std::string>{"a/1", "a/2", "a/4"}));
  EXPECT_EQ(store->list("a/1/", "", kNoLimit).value(), std::vector<std::string>{});
  for (const char* name : {"a/2", "a/4"}) {  // nobody waits for who writes to a pipe
    EXPECT_EQ(store->get_all(name).error().code, Code::corrupt) << name;
    EXPECT_EQ(store->get(name, 0, 1).error().code, Code::corrupt) << name;
  }
  EXPECT_EQ(store->get("a/3", 0, 1).error().code, Code::not_found);
  for (const char* name : {"a/2", "a/3", "a/4"}) {
    const Status put = store->put(name, "x");
    ASSERT_FALSE(put);
    EXPECT_EQ(put.error().code, Code::corrupt) << put.error().to_string();
    EXPECT_FALSE(put.error().hint.empty());
  }
}

TEST_F(FileStoreTest, AFileThatIsTooLargeIsNotRead) {
  auto store = *open_file_store(directory_, true);
  ASSERT_TRUE(store->put("a", "x"));
  ASSERT_EQ(::truncate((directory_ + "/a").c_str(), off_t{8} << 40), 0);
  const auto bytes = store->get_all("a", 1000);
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code, Code::corrupt);
  EXPECT_NE(bytes.error().message.find("`a`"), std::string::npos);
  EXPECT_EQ(store->get("a", 0, 1).value(), "x");
}

TEST_F(FileStoreTest, TooManyOpenFilesSayNothingOfTheObject) {
  auto store = *open_file_store(directory_, true);
  ASSERT_TRUE(store->put("a", "x"));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = before;
  none.rlim_cur = 0;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto bytes = store->get("a", 0, 1);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code, Code::io);
}

// The machine's files, with something that happens right before a file is named.
class Interrupted final : public FileSystem {
 public:
  int make_directory(const std::string& path) override { return real_.make_directory(path); }
  int create(const std::string& path) override { return real_.create(path); }
  ssize_t write(int file, std::string_view bytes) override { return real_.write(file, bytes); }
  int sync(int file) override { return real_.sync(file); }
  int close(int file) override { return real_.close(file); }
  int link(const std::string& from, const std::string& to) override {
    if (!has_links) {
      errno = EPERM;
      return -1;
    }
    if (before_naming) std::exchange(before_naming, nullptr)(from);
    return real_.link(from, to);
  }
  int rename(const std::string& from, const std::string& to) override {
    if (before_naming) std::exchange(before_naming, nullptr)(from);
    return real_.rename(from, to);
  }
  int remove(const std::string& path) override { return real_.remove(path); }
  int sync_directory(const std::string& path) override {
    if (failing_syncs == 0) return real_.sync_directory(path);
    --failing_syncs;
    errno = EIO;
    return -1;
  }

  std::function<void(const std::string& temporary)> before_naming;
  bool has_links = true;
  int failing_syncs = 0;

 private:
  FileSystem& real_ = real_file_system();
};

// A writer that is suspended for more than a day before it names its file: another has cleaned that away, and won.
TEST_F(FileStoreTest, AWriterWhoseFileWasCleanedAwayHasNotWon) {
  const auto put_late = [&](bool has_links, const std::string& name, const std::string& of_the_other) {
    Interrupted files;
    files.has_links = has_links;
    auto store = *open_file_store(directory_, true, files);
    files.before_naming = [&](const std::string& temporary) {
      const timespec times[2] = {{1'000'000'000, 0}, {1'000'000'000, 0}};
      ASSERT_EQ(::utimensat(AT_FDCWD, temporary.c_str(), times, 0), 0);
      auto other = *open_file_store(directory_, false);
      EXPECT_FALSE(fs::exists(temporary));
      EXPECT_TRUE(other->put(name, of_the_other));
    };
    const Status put = store->put(name, "mine");
    EXPECT_EQ(store->get_all(name).value(), of_the_other);
    return put ? Error(Code::internal, "it believes that it has won") : put.error();
  };
  EXPECT_EQ(put_late(true, "link", "another's").code, Code::already_exists);
  EXPECT_EQ(put_late(false, "rename", "another's").code, Code::already_exists);
  // Equal bytes don't tell whose they are.
  EXPECT_EQ(put_late(true, "equal", "mine").code, Code::ambiguous);
}

TEST_F(FileStoreTest, AFileThatWasCleanedAwayAndLeftNoNameIsNotThere) {
  Interrupted files;
  auto store = *open_file_store(directory_, true, files);
  files.before_naming = [](const std::string& temporary) { fs::remove(temporary); };
  EXPECT_EQ(store->put("a", "x").error().code, Code::io);
  EXPECT_EQ(store->get_all("a").error().code, Code::not_found);
  EXPECT_TRUE(store->put("a", "x"));
}

// The system tells of a lost sync once; the next one succeeds and proves nothing.
TEST_F(FileStoreTest, AFolderWhoseSyncWasLostIsNotVouchedForByTheNextOne) {
  Interrupted files;
  auto store = *open_file_store(directory_, true, files);
  ASSERT_TRUE(store->put("a/1", "x"));
  files.failing_syncs = 1;
  EXPECT_EQ(put_settled(*store, "a/2", "x").error().code, Code::ambiguous);
  EXPECT_EQ(put_settled(*store, "a/2", "x").error().code, Code::ambiguous);
  EXPECT_EQ(put_settled(*store, "a/3", "x").error().code, Code::ambiguous);
  EXPECT_TRUE(store->put("b/1", "x"));  // another folder
}

TEST_F(FileStoreTest, OpensByUrl) {
  ASSERT_TRUE((*open_store(directory_ + "/with space", true))->put("a", "x"));
  EXPECT_EQ((*open_store("file://" + directory_ + "/with%20space", false))->get_all("a").value(), "x");
  EXPECT_EQ(open_store("file://host/path", false).error().code, Code::invalid_argument);
  EXPECT_EQ(open_store("file:///a%2", false).error().code, Code::invalid_argument);
  EXPECT_EQ(open_store("s3://bucket/prefix", false).error().code, Code::invalid_argument);
  EXPECT_EQ(open_store("azblob://account/container", false).error().code, Code::invalid_argument);
  EXPECT_EQ(open_store("ftp://host/x", false).error().code, Code::invalid_argument);
  for (const char* home : {"~", "~/x"}) EXPECT_EQ(open_store(home, true).error().code, Code::invalid_argument);
  EXPECT_EQ(open_store("", true).error().code, Code::invalid_argument);
}

}  // namespace
}  // namespace halley::store
