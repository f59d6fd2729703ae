#include "cosmos/name_pattern.h"

#include <gtest/gtest.h>

namespace halley::cosmos {
namespace {

TEST(NamePattern, MatchesWholeNamesInTheirCase) {
  EXPECT_TRUE(matches_container("shop/orders", "shop", "orders"));
  EXPECT_FALSE(matches_container("shop/orders", "shop", "orders2"));
  EXPECT_FALSE(matches_container("shop/orders2", "shop", "orders"));
  EXPECT_FALSE(matches_container("Shop/orders", "shop", "orders"));
  EXPECT_FALSE(matches_container("shop/orders", "shop2", "orders"));
}

TEST(NamePattern, StarsAreAnyCharactersAndQuestionMarksOne) {
  EXPECT_TRUE(matches_container("shop/*", "shop", "orders"));
  EXPECT_TRUE(matches_container("*/ord*s", "shop", "orders"));
  EXPECT_TRUE(matches_container("s?op/orders", "shop", "orders"));
  EXPECT_TRUE(matches_container("s?op/order?", "shop", "orders"));
  EXPECT_FALSE(matches_container("shop/orders?", "shop", "orders"));
  EXPECT_TRUE(matches_container("*o*/*e*e*", "shop", "beetree"));
  EXPECT_TRUE(matches_container("**/b**e", "shop", "beetree"));
  EXPECT_FALSE(matches_container("*o*/*e*e*x", "shop", "beetree"));
}

TEST(NamePattern, StarsAndQuestionMarksStayInOneName) {
  EXPECT_FALSE(matches_container("s*s", "shop", "orders"));
  EXPECT_FALSE(matches_container("shop?orders", "shop", "orders"));
  EXPECT_FALSE(matches_container("*s/*/*", "shops", "orders"));
}

TEST(NamePattern, ADatabaseMeansAllOfItsContainers) {
  EXPECT_TRUE(matches_container("shop", "shop", "orders"));
  EXPECT_TRUE(matches_container("sh*", "shop", "orders"));
  EXPECT_FALSE(matches_container("orders", "shop", "orders"));
  EXPECT_TRUE(matches_whole_database("shop", "shop"));
  EXPECT_TRUE(matches_whole_database("sh?p/*", "shop"));
  EXPECT_FALSE(matches_whole_database("shop/o*", "shop"));
  EXPECT_FALSE(matches_whole_database("shop", "shops"));
}

TEST(NamePattern, OneOfSeveralIsEnough) {
  EXPECT_TRUE(selects_container({"a/b", "shop/o*"}, {}, "shop", "orders"));
  EXPECT_FALSE(selects_container({"a/b", "shop/p*"}, {}, "shop", "orders"));
  EXPECT_TRUE(selects_container({}, {"shop/p*"}, "shop", "orders")) << "none means all";
  EXPECT_FALSE(selects_container({"shop/orders"}, {"a/b", "shop/o*"}, "shop", "orders")) << "what is excluded is";
  EXPECT_TRUE(any_matches_whole_database({"a", "shop"}, "shop"));
}

}  // namespace
}  // namespace halley::cosmos
