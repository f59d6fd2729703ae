#include "repo/version_sorter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "repo/test_world.h"

namespace halley::repo {
namespace {

// The order as docs/repository-format.md has it, computed version by version.
std::vector<std::uint32_t> expected_order(const std::vector<Version>& versions, const KeyDefinition& definition) {
  std::vector<std::string> effective;
  EffectiveKeys keys(definition);
  for (const Version& version : versions) effective.emplace_back(keys.of(version.partition_key).value());
  std::vector<std::uint32_t> order(versions.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    const Version& x = versions[a];
    const Version& y = versions[b];
    if (effective[a] != effective[b]) return effective[a] < effective[b];
    if (x.partition_key != y.partition_key) return x.partition_key < y.partition_key;
    if (x.id != y.id) return x.id < y.id;
    return x.position != y.position ? x.position > y.position : a > b;
  });
  return order;
}

TEST(VersionSorterTest, ManyKeysAndVersionsComeInOrder) {
  const KeyDefinition definition = container_identity().key;
  std::vector<OwnedVersion> owned;
  std::mt19937_64 random(7);
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    owned.push_back(write_of(std::to_string(random() % 6'000), std::to_string(random() % 3), random() % 10, 0));
  }
  std::vector<Version> versions;
  for (const OwnedVersion& each : owned) versions.push_back(each.view());
  VersionSorter sorter(definition);
  for (int again = 0; again < 2; ++again) {
    const auto sorted = sorter.sort(versions);
    ASSERT_TRUE(sorted);
    const std::vector<std::uint32_t> order(sorted->begin(), sorted->end());
    EXPECT_TRUE(order == expected_order(versions, definition));
    std::shuffle(versions.begin(), versions.end(), random);
  }
}

TEST(VersionSorterTest, AKeyThatIsNoneIsRefused) {
  VersionSorter sorter(container_identity().key);
  OwnedVersion version = write_of("a", "1", 1);
  version.partition_key = R"(["a","b"])";
  const auto sorted = sorter.sort({version.view()});
  ASSERT_FALSE(sorted);
  EXPECT_EQ(sorted.error().code, Code::invalid_argument);
}

}  // namespace
}  // namespace halley::repo
