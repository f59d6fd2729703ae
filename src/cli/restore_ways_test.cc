#include "cli/restore_ways.h"

#include <gtest/gtest.h>

namespace halley::cli {
namespace {

RestoreWay way(const std::string& name, bool exact, std::optional<double> seconds, std::optional<double> cost) {
  RestoreWay way;
  way.name = name;
  way.exact = exact;
  way.seconds = seconds;
  way.cost = cost;
  return way;
}

TEST(RestoreWays, EstimatesFollowTheTableOfPrices) {
  const RestoreSize size{1'000'000, 10'000'000'000, 4000};
  Prices prices;
  RestoreWay native = way("native", true, {}, {});
  estimate_native(prices, size, native);
  EXPECT_DOUBLE_EQ(*native.cost, 1.5);
  EXPECT_DOUBLE_EQ(*native.seconds, 1800 + 720);
  prices.native_restore_gb = 1;
  prices.native_restore_minutes = 0;
  prices.native_restore_gb_hour = 0;  // no time for the data
  estimate_native(prices, size, native);
  EXPECT_DOUBLE_EQ(*native.cost, 10);
  EXPECT_DOUBLE_EQ(*native.seconds, 0);

  RestoreWay repository = way("repository", true, {}, {});
  prices.repository_gb = 0.1;
  prices.request_units_hour = 0.01;
  estimate_repository(prices, size, false, repository);
  const double units = 1'000'000 * 5 + 10'000'000 * 1.5;
  EXPECT_DOUBLE_EQ(*repository.seconds, 5 + units / 4000);
  EXPECT_DOUBLE_EQ(*repository.cost, 1 + units / 360'000 * 0.01);
  const double to_account = *repository.seconds;
  estimate_repository(prices, size, true, repository);
  EXPECT_LT(*repository.seconds, to_account);
  EXPECT_DOUBLE_EQ(*repository.cost, 1);
}

TEST(RestoreWays, ExactComesBeforeQuickAndQuickBeforeCheap) {
  const auto best = [](const RestoreWay& a, const RestoreWay& b) {
    const std::vector<RestoreWay> ways = {a, b};
    const RestoreWay* const found = best_of(ways);
    return found == nullptr ? std::string() : found->name;
  };
  EXPECT_EQ(best(way("a", false, 1, 1), way("b", true, 100, 100)), "b");
  EXPECT_EQ(best(way("a", true, 10, 5), way("b", true, 20, 1)), "a");
  EXPECT_EQ(best(way("a", true, 10, 5), way("b", true, 10, 1)), "b");
  EXPECT_EQ(best(way("a", true, {}, 1), way("b", true, 1e9, 1)), "b");
  EXPECT_EQ(best(way("a", true, {}, {}), way("b", true, {}, {})), "a");
  RestoreWay refused = way("a", true, 1, 1);
  refused.refused = Error(Code::unsupported, "no");
  EXPECT_EQ(best(refused, way("b", false, 100, 100)), "b");
  EXPECT_EQ(best_of({refused, refused}), nullptr);
}

}  // namespace
}  // namespace halley::cli
