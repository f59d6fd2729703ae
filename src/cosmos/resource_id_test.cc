#include "cosmos/resource_id.h"

#include <gtest/gtest.h>

namespace halley::cosmos {
namespace {

TEST(ResourceId, TextAndBytesAreInverse) {
  const std::string bytes = rid_bytes("Lx1BALxJyZ8BAAAAAAAAAA==").value();
  ASSERT_EQ(bytes.size(), 16u);
  EXPECT_EQ(rid_text(bytes), "Lx1BALxJyZ8BAAAAAAAAAA==");
  EXPECT_EQ(rid_text("\xFF\xFF\xFF\xFF"), "-----w==");
  EXPECT_EQ(rid_bytes("-----w==").value(), "\xFF\xFF\xFF\xFF");
}

TEST(ResourceId, RefusesWhatIsNoRid) {
  for (const char* bad : {"/////w==", "Lx1BAA=", "Lx1BAA", "Orders"}) {
    const auto bytes = rid_bytes(bad);
    ASSERT_FALSE(bytes) << bad;
    EXPECT_EQ(bytes.error().code, Code::invalid_argument);
  }
}

TEST(ResourceId, ChildrenHoldTheirParents) {
  const std::string database = database_rid(7);
  const std::string container = container_rid(database, 9);
  const std::string document = child_rid(container, ChildKind::document, 1);
  EXPECT_EQ(database.size(), 8u);
  EXPECT_EQ(container.size(), 12u);
  EXPECT_EQ(document.size(), 24u);
  const std::string bytes = rid_bytes(document).value();
  EXPECT_EQ(bytes.substr(0, 4), rid_bytes(database).value());
  EXPECT_EQ(bytes.substr(0, 8), rid_bytes(container).value());
  EXPECT_NE(bytes[4] & 0x80, 0);  // a container, not a user
  EXPECT_EQ(bytes.substr(8), std::string("\x01\0\0\0\0\0\0\0", 8));
  EXPECT_EQ(child_rid("Lx1BALxJyZ8=", ChildKind::document, 1), "Lx1BALxJyZ8BAAAAAAAAAA==");
  EXPECT_EQ(child_rid("Lx1BALxJyZ8=", ChildKind::range, 2), "Lx1BALxJyZ8CAAAAAAAAUA==");
}

}  // namespace
}  // namespace halley::cosmos
