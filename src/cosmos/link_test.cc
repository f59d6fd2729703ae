#include "cosmos/link.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace halley::cosmos {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Link, IsTakenApartAndPutTogether) {
  EXPECT_THAT(link_segments("/dbs/a%20b//colls/c/"), ElementsAre("dbs", "a b", "colls", "c"));
  EXPECT_THAT(link_segments("dbs/50%"), ElementsAre("dbs", "50%")) << "what is not encoded is as it is";
  EXPECT_THAT(link_segments(""), IsEmpty());
  EXPECT_THAT(link_segments("//"), IsEmpty());
  EXPECT_EQ(link_of({"dbs", "a b", "colls", "50%"}), "dbs/a%20b/colls/50%25");
  EXPECT_EQ(link_of({}), "");
  EXPECT_THAT(link_segments(link_of({"dbs", "ä/b"})), ElementsAre("dbs", "ä/b"));
}

TEST(Link, OfADocumentByRidIsToldFromOneByName) {
  const auto by_rid = [](std::string_view link) { return names_document_by_rid(link_segments(link)); };
  EXPECT_TRUE(by_rid("dbs/Lx1BAA==/colls/Lx1BALxJyZ8=/docs/Lx1BALxJyZ8BAAAAAAAAAA==/"));
  EXPECT_TRUE(by_rid("dbs/Lx1BAA%3D%3D/colls/Lx1BALxJyZ8%3D/docs/Lx1BALxJyZ8BAAAAAAAAAA%3D%3D"));
  EXPECT_FALSE(by_rid("dbs/Lx1BAA==/colls/Lx1BALxJyZ8=/"));
  EXPECT_FALSE(by_rid("dbs/Lx1BAA==/colls/Lx1BALxJyZ8=/sprocs/Lx1BALxJyZ8BAAAAAAAAgA==/"));
  EXPECT_FALSE(by_rid("dbs/Lx1BAA==/colls/Lx1BALxJyZ0=/docs/Lx1BALxJyZ8BAAAAAAAAAA==/")) << "of another container";
  EXPECT_FALSE(by_rid("dbs/shop/colls/orders/docs/1"));
  EXPECT_FALSE(by_rid("dbs/shop/colls/orders/docs/Lx1BALxJyZ8BAAAAAAAAAA=="));
}

}  // namespace
}  // namespace halley::cosmos
