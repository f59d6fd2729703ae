#include "recovery/comparison.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace halley::recovery {
namespace {

TEST(Comparison, EqualSetsAreEqualWhateverTheirOrder) {
  BucketDigests a;
  BucketDigests b;
  for (std::uint64_t i = 0; i < 1000; ++i) a.add("[1]", std::to_string(i), i);
  for (std::uint64_t i = 1000; i-- > 0;) b.add("[1]", std::to_string(i), i);
  EXPECT_TRUE(a == b);
  EXPECT_EQ(a.total(), b.total());
  EXPECT_EQ(a.total().count, 1000U);
}

TEST(Comparison, NamesWhatIsMissingOtherAndExtra) {
  BucketDigests planned;
  BucketDigests found;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    planned.add("[1]", std::to_string(i), i);
    if (i != 17) found.add("[1]", std::to_string(i), i == 333 ? 7 : i);
  }
  found.add("[2]", "new", 1);
  EXPECT_FALSE(planned == found);
  const auto buckets = planned.differing(found, 100);
  EXPECT_EQ(std::count(buckets.begin(), buckets.end(), true), 3);
  DifferenceFinder finder(buckets);
  for (std::uint64_t i = 0; i < 1000; ++i) finder.expect("[1]", std::to_string(i), i);
  for (std::uint64_t i = 0; i < 1000; ++i) {
    if (i != 17) finder.found("[1]", std::to_string(i), i == 333 ? 7 : i);
  }
  finder.found("[2]", "new", 1);
  EXPECT_EQ(finder.text(), "missing: '17' of [1]; other content: '333' of [1]; not of the plan: 'new' of [2]");
}

TEST(Comparison, ADocumentThatIsThereTwiceIsADifference) {
  BucketDigests once;
  BucketDigests twice;
  once.add("[1]", "a", 5);
  twice.add("[1]", "a", 5);
  twice.add("[1]", "a", 5);
  EXPECT_FALSE(once == twice);
}

}  // namespace
}  // namespace halley::recovery
