#include "native/saved_operations.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "testing/temporary_folder.h"

namespace halley::native {
namespace {

constexpr const char* kOrigin = "https://management.example";

TEST(SavedOperations, AreKeptUntilTheyAreDone) {
  const testing::TemporaryFolder folder;
  const SavedOperations saved(folder.path("state/operations"));
  Operation operation;
  operation.id = "8f3c-1";
  operation.what = "restoring";
  operation.resource = "/subscriptions/s";
  operation.status_url = "https://management.example/op";
  ASSERT_TRUE(saved.keep(operation).has_value());
  struct stat status {};
  ASSERT_EQ(stat(folder.path("state/operations/8f3c-1.json").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_EQ(saved.find("8f3c-1", kOrigin)->status_url, operation.status_url);
  EXPECT_EQ(saved.find("8f3c-1", "https://elsewhere.example").error().code, Code::corrupt);
  saved.forget("8f3c-1");
  EXPECT_EQ(saved.find("8f3c-1", kOrigin).error().code, Code::not_found);
  saved.forget("8f3c-1");
}

TEST(SavedOperations, IdsAreNoPaths) {
  const testing::TemporaryFolder folder;
  const SavedOperations saved(folder.path());
  for (const char* id : {"", "../x", "a/b", "a.json", "a b"}) {
    EXPECT_EQ(saved.find(id, kOrigin).error().code, Code::invalid_argument) << id;
  }
}

TEST(SavedOperations, AFolderThatCannotBeWrittenIsSaid) {
  const testing::TemporaryFolder folder;
  const SavedOperations saved(folder.write("file", "x") + "/below");
  Operation operation;
  operation.id = "a";
  EXPECT_EQ(saved.keep(operation).error().code, Code::io);
}

}  // namespace
}  // namespace halley::native
