#include "repo/interval.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

namespace halley::repo {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::set<std::int64_t> seconds_of(const std::vector<Interval>& intervals) {
  std::set<std::int64_t> seconds;
  for (const Interval& interval : intervals) {
    for (std::int64_t second = interval.from.value; second < interval.until.value; ++second) seconds.insert(second);
  }
  return seconds;
}

std::vector<Interval> some_intervals() {
  const auto bounds = *rc::gen::container<std::vector<std::pair<std::int64_t, std::int64_t>>>(
      rc::gen::pair(rc::gen::inRange<std::int64_t>(0, 40), rc::gen::inRange<std::int64_t>(0, 40)));
  std::vector<Interval> intervals;
  for (const auto& [from, until] : bounds) intervals.push_back({{from}, {until}});
  return intervals;
}

TEST(Interval, JoinedAreDisjointAndInOrder) {
  EXPECT_THAT(joined({{{5}, {7}}, {{1}, {3}}, {{3}, {4}}, {{6}, {6}}, {{6}, {9}}}),
              ElementsAre(Interval{{1}, {4}}, Interval{{5}, {9}}));
  EXPECT_THAT(joined({{{7}, {5}}}), IsEmpty());
}

RC_GTEST_PROP(Interval, JoinedCommonAndWithoutAreThoseOfTheSetsOfSeconds, ()) {
  const auto a = some_intervals();
  const auto b = some_intervals();
  const auto in_a = seconds_of(a);
  const auto in_b = seconds_of(b);
  const auto joined_a = joined(a);
  RC_ASSERT(seconds_of(joined_a) == in_a);
  for (std::size_t i = 1; i < joined_a.size(); ++i) RC_ASSERT(joined_a[i - 1].until < joined_a[i].from);
  std::set<std::int64_t> both;
  for (const std::int64_t second : in_a) {
    if (in_b.contains(second)) both.insert(second);
  }
  RC_ASSERT(seconds_of(common(joined_a, joined(b))) == both);
  std::set<std::int64_t> rest;
  for (const std::int64_t second : in_a) {
    if (!in_b.contains(second)) rest.insert(second);
  }
  const auto left = without(joined_a, joined(b));
  RC_ASSERT(seconds_of(left) == rest);
  RC_ASSERT(joined(left) == left);
}

RC_GTEST_PROP(Interval, NearestAreTheLastSecondUpToTheMomentAndTheFirstAfterIt, ()) {
  const auto intervals = some_intervals();
  const auto seconds = seconds_of(intervals);
  const std::int64_t moment = *rc::gen::inRange<std::int64_t>(-1, 42);
  const auto after = seconds.upper_bound(moment);
  const Nearest found = nearest(joined(intervals), {moment});
  RC_ASSERT(found.after == (after == seconds.end() ? std::nullopt : std::optional(Second{*after})));
  RC_ASSERT(found.before == (after == seconds.begin() ? std::nullopt : std::optional(Second{*std::prev(after)})));
}

}  // namespace
}  // namespace halley::repo
