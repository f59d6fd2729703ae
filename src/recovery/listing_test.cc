#include "recovery/listing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "recovery/hand_made_backup.h"
#include "repo/object_names.h"

namespace halley::recovery {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Definitions are known in [0, 100); shop/orders is covered in [10, 90), crm/people nowhere.
class ListingTest : public ::testing::Test {
 protected:
  ListingTest() {
    backup.database("shop", at(0));
    backup.database("crm", at(0));
    backup.container("shop", "orders", at(0));
    backup.container("crm", "people", at(0));
    backup.definitions_known(at(0), at(100));
    backup.exact(backup.lane("shop", "orders"), at(10), at(90));
  }
  std::string hint_at(std::int64_t second, std::string_view database) {
    const auto listing = list_containers(backup.repository(), Moment::of(at(second)), database);
    EXPECT_FALSE(listing);
    EXPECT_EQ(listing.error().code, Code::outside_coverage);
    return listing.error().hint;
  }

  HandMadeBackup backup;
};

TEST_F(ListingTest, ARefusalNamesMomentsAtWhichAllOfItCanBeRestored) {
  EXPECT_EQ(hint_at(200, "shop"), "nearest moments that can be restored: " + format_rfc3339(at(89)));
  EXPECT_EQ(hint_at(-5, "shop"), "nearest moments that can be restored: " + format_rfc3339(at(10)));
}

TEST_F(ListingTest, WhereNoMomentIsGoodForAllItNamesThoseThatCanBeListed) {
  const std::string text = "the nearest moments that can be listed, though not all of it be restored: ";
  EXPECT_EQ(hint_at(200, ""), text + format_rfc3339(at(99)));
  EXPECT_EQ(hint_at(200, "crm"), text + format_rfc3339(at(99)));
}

TEST_F(ListingTest, LostDefinitionsAreTold) {
  const auto whole = list_containers(backup.repository(), Moment::of(at(50)), "");
  ASSERT_TRUE(whole);
  EXPECT_THAT(whole->notes, IsEmpty());
  ASSERT_TRUE(backup.repository().store().put(repo::commit_name(repo::kAccountLane, 2), "no commit"));
  const auto listing = list_containers(backup.repository(), Moment::of(at(50)), "");
  ASSERT_TRUE(listing) << listing.error().to_string();
  EXPECT_THAT(listing->notes, ElementsAre(HasSubstr("the account's definitions are lost")));
}

}  // namespace
}  // namespace halley::recovery
