// What a file store says of single objects when the disk fails under it.
#include "store/file_store.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "shop.h"
#include "testing/recorded_disk.h"
#include "testing/temporary_folder.h"

namespace halley::crash {
namespace {

using testing::DiskContent;

struct FileMachine {
  std::unique_ptr<store::ObjectStore> open() {
    return store::open_file_store(folder.path("store"), true, disk).value();
  }
  bool outlives_a_cut(const std::string& name) {
    bool always = true;
    disk.for_each_survival(disk.changes(), 10, [&](const DiskContent& content) {
      const auto found = content.files.find("store/" + name);
      always = always && found != content.files.end() && found->second == "bytes";
    });
    return always;
  }
  // How many calls a put of a new object makes; the last one syncs its folder.
  std::uint64_t calls_of_put(store::ObjectStore& store, const std::string& name) {
    disk.set_fault({});
    EXPECT_TRUE(store.put(name, "bytes"));
    return disk.calls();
  }
  // A put that failed is sent again when nothing fails: it is done, or was done, and is durable now.
  void expect_done_when_repeated(store::ObjectStore& store, const std::string& name) {
    const Status again = store.put(name, "bytes");
    EXPECT_TRUE(again || again.error().code == Code::already_exists) << again.error().to_string();
    EXPECT_TRUE(outlives_a_cut(name));
  }

  testing::TemporaryFolder folder{quick_place()};
  testing::RecordedDisk disk{folder.path()};
};

TEST(FileStoreOnAFailingDisk, AnObjectThatWasPutOutlivesAPowerCut) {
  FileMachine machine;
  ASSERT_TRUE(machine.open()->put("a/b/c", "bytes"));
  EXPECT_TRUE(machine.outlives_a_cut("a/b/c"));
}

TEST(FileStoreOnAFailingDisk, AnObjectInAFolderThatAKilledProcessMadeOutlivesAPowerCut) {
  FileMachine machine;
  auto store = machine.open();
  ASSERT_EQ(machine.disk.make_directory(machine.folder.path("store/a")), 0);
  ASSERT_TRUE(store->put("a/b", "bytes"));
  EXPECT_TRUE(machine.outlives_a_cut("a/b"));
}

TEST(FileStoreOnAFailingDisk, AStoreInAFolderThatAKilledProcessMadeOutlivesAPowerCut) {
  FileMachine machine;
  ASSERT_EQ(machine.disk.make_directory(machine.folder.path("store")), 0);
  ASSERT_TRUE(machine.open()->put("a", "bytes"));
  EXPECT_TRUE(machine.outlives_a_cut("a"));
}

// Puts an object on a disk whose n-th call fails so; whatever the store answers must be true. False once there are
// fewer calls.
bool tells_the_truth(const testing::DiskFault& fault, bool settled) {
  FileMachine machine;
  auto store = machine.open();
  machine.disk.set_fault(fault);
  const Status put = settled ? store::put_settled(*store, "a/b", "bytes") : store->put("a/b", "bytes");
  const bool reached = machine.disk.failed();
  machine.disk.set_fault({});
  EXPECT_EQ(put.has_value(), put && machine.outlives_a_cut("a/b"));
  if (!put && put.error().code != Code::ambiguous) {
    EXPECT_NE(put.error().code, Code::already_exists);
    EXPECT_EQ(store->size("a/b").error().code, Code::not_found) << put.error().to_string();
  }
  // A store that was told of a lost sync trusts no other: the repeat is another process's.
  if (!put) machine.expect_done_when_repeated(*machine.open(), "a/b");
  return reached;
}

TEST(FileStoreOnAFailingDisk, SaysOnlyWhatIsTrue) {
  std::size_t tried = 0;
  const testing::DiskFault kFaults[] = {{0, EIO, false, false},   {0, EIO, true, false},    {0, ENOSPC, false, false},
                                        {0, ENOSPC, true, false}, {0, ENOSPC, false, true}, {0, EIO, false, true},
                                        {0, EPERM, false, false}, {0, EEXIST, true, false}};
  for (testing::DiskFault fault : kFaults) {
    for (const bool settled : {false, true}) {
      for (fault.at = 1;; ++fault.at) {
        SCOPED_TRACE(fmt::format("call {} error {} applied {}", fault.at, fault.error, fault.applied));
        if (!tells_the_truth(fault, settled)) break;
        ++tried;
        ASSERT_FALSE(::testing::Test::HasFailure());
      }
    }
  }
  EXPECT_GT(tried, 100U);
}

TEST(FileStoreOnAFailingDisk, AFolderThatCantBeSyncedIsNoSuccess) {
  FileMachine machine;
  auto store = machine.open();
  ASSERT_TRUE(store->put("a/1", "bytes"));
  machine.disk.set_fault({machine.calls_of_put(*store, "a/2"), EIO, false, true});
  const Status put = store::put_settled(*store, "a/3", "bytes");
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().code, Code::ambiguous);
  machine.disk.set_fault({});
  EXPECT_FALSE(machine.outlives_a_cut("a/3"));
  EXPECT_EQ(store::put_settled(*store, "a/3", "bytes").error().code, Code::ambiguous);
  machine.expect_done_when_repeated(*machine.open(), "a/3");
}

TEST(FileStoreOnAFailingDisk, AFileSystemThatCantSyncFoldersIsTakenAsItIs) {
  FileMachine machine;
  auto store = machine.open();
  ASSERT_TRUE(store->put("a/1", "bytes"));
  machine.disk.set_fault({machine.calls_of_put(*store, "a/2"), EINVAL, false, true});
  EXPECT_TRUE(store->put("a/3", "bytes"));
  EXPECT_EQ(store->get_all("a/3").value(), "bytes");
}

// Where link(2) is not offered, a rename names the file.
TEST(FileStoreOnAFailingDisk, AFileSystemWithoutLinksIsSafeToo) {
  FileMachine machine;
  auto store = machine.open();
  ASSERT_TRUE(store->put("a/1", "bytes"));
  const std::uint64_t link = machine.calls_of_put(*store, "a/2") - 2;
  machine.disk.set_fault({link, EPERM, false, false});
  ASSERT_TRUE(store->put("a/3", "bytes"));
  EXPECT_EQ(machine.disk.describe(machine.disk.changes() - 1), "named store/a/3");
  EXPECT_TRUE(machine.outlives_a_cut("a/3"));
  machine.disk.set_fault({link, EPERM, false, false});
  EXPECT_EQ(store->put("a/3", "others").error().code, Code::already_exists);
  EXPECT_EQ(store->get_all("a/3").value(), "bytes");
}

}  // namespace
}  // namespace halley::crash
