#include "recovery/selection.h"

#include <gtest/gtest.h>

namespace halley::recovery {
namespace {

TEST(Selection, EmptySelectsEverything) {
  const Selection all;
  EXPECT_TRUE(all.selects_container("a", "b"));
  EXPECT_TRUE(all.selects_database("a"));
  EXPECT_TRUE(all.selects_document("[1]", "x"));
  EXPECT_TRUE(all.selects_all_documents());
}

TEST(Selection, DatabaseNameMeansAllItsContainersAndExclusionWins) {
  Selection selection;
  selection.include = {"shop", "crm/people"};
  selection.exclude = {"shop/cache"};
  EXPECT_TRUE(selection.selects_container("shop", "orders"));
  EXPECT_FALSE(selection.selects_container("shop", "cache"));
  EXPECT_TRUE(selection.selects_container("crm", "people"));
  EXPECT_FALSE(selection.selects_container("crm", "cards"));
  EXPECT_TRUE(selection.selects_database("shop"));
  EXPECT_FALSE(selection.selects_database("crm"));
  EXPECT_TRUE(selection.names_container("crm", "people"));
  EXPECT_FALSE(selection.names_container("shop", "orders"));
  selection.exclude = {"shop"};
  EXPECT_FALSE(selection.selects_database("shop"));
}

TEST(Selection, DocumentsByKeyPrefixAndIds) {
  Selection selection;
  selection.partition_key = R"(["a"])";
  EXPECT_TRUE(selection.selects_document(R"(["a"])", "1"));
  EXPECT_TRUE(selection.selects_document(R"(["a","b"])", "1"));
  EXPECT_FALSE(selection.selects_document(R"(["ab"])", "1"));
  EXPECT_FALSE(selection.selects_document(R"(["b","a"])", "1"));
  selection.ids = {"1", "2"};
  EXPECT_TRUE(selection.selects_document(R"(["a"])", "2"));
  EXPECT_FALSE(selection.selects_document(R"(["a"])", "3"));
  EXPECT_FALSE(selection.selects_all_documents());
}

TEST(Selection, RangeOfKeyPrefixHoldsTheWholeKeys) {
  cosmos::PartitionKeyDefinition definition;
  definition.paths = {{"a"}, {"b"}};
  definition.kind = cosmos::KeyKind::multi_hash;
  definition.version = 2;
  const auto range = range_of_key(definition, R"(["x"])");
  ASSERT_TRUE(range);
  for (const char* key : {R"(["x","y"])", R"(["x",{}])", R"(["x",5])"}) {
    const auto epk = cosmos::effective_partition_key(definition, key);
    ASSERT_TRUE(epk);
    EXPECT_TRUE(range->contains(*epk)) << key;
  }
  EXPECT_FALSE(range->contains(*cosmos::effective_partition_key(definition, R"(["z","y"])")));
}

}  // namespace
}  // namespace halley::recovery
