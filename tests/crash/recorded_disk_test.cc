// What the disk of these tests loses in a power cut, and what it keeps: tests built on it prove something only if it is
// as harsh as it says.
#include "testing/recorded_disk.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>

#include "testing/temporary_folder.h"

namespace halley::crash {
namespace {

using testing::DiskContent;
using testing::RecordedDisk;

class RecordedDiskTest : public ::testing::Test {
 protected:
  std::string path(std::string_view name) const { return folder_.path(name); }
  void make(std::string_view name, std::string_view bytes, bool synced) {
    const int file = disk_.create(path(name));
    ASSERT_GE(file, 0);
    ASSERT_EQ(disk_.write(file, bytes), static_cast<ssize_t>(bytes.size()));
    if (synced) {
      ASSERT_EQ(disk_.sync(file), 0);
    }
    ASSERT_EQ(disk_.close(file), 0);
  }
  std::vector<DiskContent> survivals() const {
    std::vector<DiskContent> all;
    disk_.for_each_survival(disk_.changes(), 0, [&](const DiskContent& content) {
      if (std::find(all.begin(), all.end(), content) == all.end()) all.push_back(content);
    });
    return all;
  }
  bool may_leave(const DiskContent& content) const {
    const auto all = survivals();
    return std::find(all.begin(), all.end(), content) != all.end();
  }

  testing::TemporaryFolder folder_;
  RecordedDisk disk_{folder_.path()};
};

TEST_F(RecordedDiskTest, LosesNamesOfFoldersThatWereNotSynced) {
  make("a", "bytes", true);
  EXPECT_EQ(survivals().size(), 2U);
  EXPECT_TRUE(may_leave({}));
  EXPECT_TRUE(may_leave({{}, {{"a", "bytes"}}}));
  ASSERT_EQ(disk_.sync_directory(folder_.path()), 0);
  EXPECT_EQ(survivals(), (std::vector<DiskContent>{{{}, {{"a", "bytes"}}}}));
}

TEST_F(RecordedDiskTest, LosesTearsAndZeroesBytesThatWereNotSynced) {
  make("a", "bytes", false);
  ASSERT_EQ(disk_.sync_directory(folder_.path()), 0);
  EXPECT_EQ(survivals().size(), 4U);
  for (const std::string& left : {std::string(), std::string("by"), std::string(5, '\0'), std::string("bytes")}) {
    EXPECT_TRUE(may_leave({{}, {{"a", left}}})) << left;
  }
}

TEST_F(RecordedDiskTest, LosesWhatIsInAFolderWhoseNameWasNotSynced) {
  ASSERT_EQ(disk_.make_directory(path("f")), 0);
  make("f/a", "bytes", true);
  ASSERT_EQ(disk_.sync_directory(path("f")), 0);
  EXPECT_TRUE(may_leave({}));
  ASSERT_EQ(disk_.sync_directory(folder_.path()), 0);
  EXPECT_EQ(survivals(), (std::vector<DiskContent>{{{"f"}, {{"f/a", "bytes"}}}}));
}

TEST_F(RecordedDiskTest, LosesRemovalsAndEachNameByItself) {
  make("a", "x", true);
  ASSERT_EQ(disk_.sync_directory(folder_.path()), 0);
  ASSERT_EQ(disk_.link(path("a"), path("b")), 0);
  ASSERT_EQ(disk_.remove(path("a")), 0);
  EXPECT_TRUE(may_leave({{}, {{"a", "x"}}}));
  EXPECT_TRUE(may_leave({{}, {{"a", "x"}, {"b", "x"}}}));
  EXPECT_TRUE(may_leave({{}, {{"b", "x"}}}));
  EXPECT_TRUE(may_leave({}));
}

TEST_F(RecordedDiskTest, FailsTheCallItWasToldTo) {
  disk_.set_fault({1, ENOSPC, false, false});
  EXPECT_EQ(disk_.make_directory(path("f")), -1);
  EXPECT_EQ(errno, ENOSPC);
  EXPECT_EQ(disk_.make_directory(path("f")), 0);
  disk_.set_fault({1, EIO, true, true});
  EXPECT_EQ(disk_.make_directory(path("g")), -1);
  EXPECT_EQ(disk_.create(path("g/a")), -1);
  disk_.set_fault({});
  EXPECT_EQ(folder_.read("g/a"), "");
  EXPECT_EQ(disk_.sync_directory(path("g")), 0);
  EXPECT_TRUE(may_leave({{"f", "g"}, {{"g/a", ""}}}));
}

TEST_F(RecordedDiskTest, KeepsWhatWasThereAtFirst) {
  testing::TemporaryFolder other;
  other.write("f/a", "bytes");
  const RecordedDisk disk(other.path());
  disk.for_each_survival(0, 5, [](const DiskContent& content) {
    EXPECT_EQ(content, (DiskContent{{"f"}, {{"f/a", "bytes"}}}));
  });
}

}  // namespace
}  // namespace halley::crash
