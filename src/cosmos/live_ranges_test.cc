#include "cosmos/live_ranges.h"

#include <gtest/gtest.h>

namespace halley::cosmos {
namespace {

const HashRange kAll;
const HashRange kLow{"", "\x20"};
const HashRange kHigh{"\x20", "\xFF"};

TEST(LiveRanges, DropParentsAndSortByHash) {
  const auto live = live_ranges({{"0", kAll, {}}, {"2", kHigh, {"0"}}, {"1", kLow, {"0"}}});
  ASSERT_TRUE(live);
  ASSERT_EQ(live->size(), 2U);
  EXPECT_EQ((*live)[0].id, "1");
  EXPECT_EQ((*live)[1].id, "2");
}

TEST(LiveRanges, RefuseHolesAndOverlaps) {
  EXPECT_EQ(live_ranges({{"1", kLow, {"0"}}}).error().code, Code::gone);
  EXPECT_EQ(live_ranges({{"2", kHigh, {"0"}}}).error().code, Code::gone);
  EXPECT_EQ(live_ranges({{"0", kAll, {}}, {"2", kHigh, {}}}).error().code, Code::gone);
  EXPECT_EQ(live_ranges({}).error().code, Code::gone);
}

}  // namespace
}  // namespace halley::cosmos
