#include "server/data_directory.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <fstream>
#include <sstream>
#include <thread>

#include "testing/temporary_folder.h"

namespace halley::server {
namespace {

namespace fs = std::filesystem;

class DataDirectoryTest : public ::testing::Test {
 protected:
  using Events = std::vector<std::pair<std::string, std::string>>;

  std::unique_ptr<DataDirectory> open() {
    auto opened = DataDirectory::open(real_runtime(), path_);
    EXPECT_TRUE(opened) << opened.error().to_string();
    return opened ? std::move(*opened) : nullptr;
  }

  static Events events_of(DataDirectory& directory) {
    Events events;
    const auto read = directory.read([&](std::string_view owner, std::string_view event) -> Status {
      events.emplace_back(owner, event);
      return {};
    });
    EXPECT_TRUE(read) << read.error().to_string();
    return events;
  }

  // What is in the directory that somebody would find who came after a crash.
  void copy_to(const std::string& other) const { fs::copy(path_, other, fs::copy_options::recursive); }

  void run_sql(const std::string& sql) const {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open((path_ + "/account.sqlite").c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(database);
    sqlite3_close(database);
  }

  Error open_error() const {
    auto opened = DataDirectory::open(real_runtime(), path_);
    if (opened) opened = fail((*opened)->read([](auto, auto) { return Status(); }).error());
    return opened.error();
  }

  testing::TemporaryFolder folder_;
  const std::string path_ = folder_.path() + "/nested/data";
};

TEST_F(DataDirectoryTest, KeepsWhatWasRecordedInOrder) {
  Events expected;
  {
    const auto directory = open();
    for (int i = 0; i < 300; ++i) {
      expected.emplace_back(i % 3 == 0 ? "" : std::string("r\0x", 3),
                            std::string(static_cast<std::size_t>(i * 7), 'e'));
      directory->record(expected.back().first, expected.back().second);
      if (i % 50 == 0) {
        ASSERT_TRUE(directory->settle());
      }
    }
    ASSERT_TRUE(directory->settle());
  }
  EXPECT_EQ(events_of(*open()), expected);
}

TEST_F(DataDirectoryTest, WhatIsSettledIsThereAfterACrash) {
  const auto directory = open();
  directory->record("a", "1");
  ASSERT_TRUE(directory->settle());
  directory->record("a", "2");
  const std::string crashed = folder_.path() + "/crashed";
  copy_to(crashed);
  const auto after = DataDirectory::open(real_runtime(), crashed);
  ASSERT_TRUE(after);
  EXPECT_EQ(events_of(**after), (Events{{"a", "1"}}));
}

TEST_F(DataDirectoryTest, ATornTailIsNoDamage) {
  const auto directory = open();
  directory->record("a", "first");
  ASSERT_TRUE(directory->settle());
  directory->record("a", std::string(100'000, 'x'));
  ASSERT_TRUE(directory->settle());
  const fs::path log = "account.sqlite-wal";
  const auto whole = fs::file_size(path_ / log);
  for (std::uintmax_t cut = 1; cut < whole; cut += 9973) {
    const std::string torn = folder_.path() + "/torn";
    fs::remove_all(torn);
    copy_to(torn);
    fs::resize_file(torn / log, whole - cut);
    const auto after = DataDirectory::open(real_runtime(), torn);
    ASSERT_TRUE(after) << cut << " " << after.error().to_string();
    const Events events = events_of(**after);
    // Not even the first is left when the cut goes so deep; never a part of one.
    for (const auto& [owner, event] : events) {
      EXPECT_TRUE(event == "first" || event == std::string(100'000, 'x')) << cut;
    }
    EXPECT_LE(events.size(), 1u) << cut;
  }
}

TEST_F(DataDirectoryTest, ManyAreSettledTogether) {
  const auto directory = open();
  std::vector<std::jthread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&directory, t] {
      for (int i = 0; i < 50; ++i) {
        directory->record(std::to_string(t), std::to_string(i));
        EXPECT_TRUE(directory->settle());
      }
    });
  }
  threads.clear();
  std::map<std::string, int> next;
  for (const auto& [owner, event] : events_of(*directory)) EXPECT_EQ(event, std::to_string(next[owner]++));
  EXPECT_EQ(next.size(), 8u);
  for (const auto& [owner, count] : next) EXPECT_EQ(count, 50) << owner;
}

TEST_F(DataDirectoryTest, ForgetsWhatNobodyOwns) {
  const auto directory = open();
  for (const char* owner : {"a", "b", "", "a", "c"}) directory->record(owner, std::string("of ") + owner);
  ASSERT_TRUE(directory->settle());
  ASSERT_TRUE(directory->compact({"a", "c", "new"}, "counters"));
  const Events expected = {{"a", "of a"}, {"a", "of a"}, {"c", "of c"}, {"", "counters"}};
  EXPECT_EQ(events_of(*directory), expected);
  ASSERT_TRUE(directory->compact({"c"}, "later"));
  EXPECT_EQ(events_of(*directory), (Events{{"c", "of c"}, {"", "later"}}));
}

TEST_F(DataDirectoryTest, OneAtATime) {
  const auto directory = open();
  const Error error = open_error();
  EXPECT_EQ(error.code, Code::already_exists);
  EXPECT_NE(error.message.find("held by another process"), std::string::npos) << error.message;
  directory->record("a", "1");
  EXPECT_TRUE(directory->settle());
}

TEST_F(DataDirectoryTest, RefusesWhatIsNotItsOwn) {
  fs::create_directories(path_);
  std::ofstream(path_ + "/letter.txt") << "dear all";
  EXPECT_EQ(open_error().code, Code::invalid_argument);
  std::ofstream(path_ + "/account.sqlite") << std::string(5000, 'x');
  EXPECT_EQ(open_error().code, Code::corrupt);
  fs::remove(path_ + "/account.sqlite");
  run_sql("CREATE TABLE cats(name TEXT)");
  EXPECT_EQ(open_error().code, Code::corrupt);
}

TEST_F(DataDirectoryTest, RefusesAnotherVersion) {
  open().reset();
  run_sql("PRAGMA user_version = 2");
  const Error error = open_error();
  EXPECT_EQ(error.code, Code::unsupported);
  EXPECT_NE(error.message.find("format 2"), std::string::npos) << error.message;
  EXPECT_FALSE(error.hint.empty());
}

TEST_F(DataDirectoryTest, NoticesDamage) {
  {
    const auto directory = open();
    for (int i = 0; i < 100; ++i) directory->record("a", std::string(500, static_cast<char>('a' + i % 26)));
    ASSERT_TRUE(directory->settle());
  }
  const std::string file = path_ + "/account.sqlite";
  std::stringstream whole;
  whole << std::ifstream(file, std::ios::binary).rdbuf();
  const std::string bytes = whole.str();
  int noticed = 0;
  int harmless = 0;
  for (std::size_t at = 0; at < bytes.size(); at += 1009) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    std::ofstream(file, std::ios::binary | std::ios::trunc) << damaged;
    auto opened = DataDirectory::open(real_runtime(), path_);
    Events events;
    Status read;
    if (opened) {
      read = (*opened)->read([&](std::string_view owner, std::string_view event) -> Status {
        events.emplace_back(owner, event);
        return {};
      });
    }
    if (opened && read) {
      // A byte that says nothing, in the free part of a page or the header.
      EXPECT_EQ(events.size(), 100u) << at;
      ++harmless;
      continue;
    }
    const Error error = opened ? read.error() : opened.error();
    EXPECT_TRUE(error.code == Code::corrupt || error.code == Code::unsupported) << at << " " << error.to_string();
    EXPECT_NE(error.to_string().find(path_), std::string::npos) << error.to_string();
    ++noticed;
  }
  EXPECT_GT(noticed, harmless);
}

TEST_F(DataDirectoryTest, ADirectoryThatCantBeMadeIsNamed) {
  std::ofstream(folder_.path() + "/nested") << "a file";
  const Error error = open_error();
  EXPECT_EQ(error.code, Code::io);
  EXPECT_NE(error.message.find(path_), std::string::npos) << error.message;
}

}  // namespace
}  // namespace halley::server
