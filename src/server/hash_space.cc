#include "server/hash_space.h"

#include <cstdint>

#include "base/check.h"

namespace halley::server {
namespace {

using cosmos::HashRange;
using cosmos::KeyKind;
using cosmos::PartitionKeyDefinition;

// Whether the space is that of 32-bit hashes in the order-preserving encoding of numbers, rather than of 126-bit hashes
// as they are.
bool is_version_1(const PartitionKeyDefinition& key) { return key.kind != KeyKind::multi_hash && key.version != 2; }

std::uint64_t size_of_space(const PartitionKeyDefinition& key) {
  return std::uint64_t{1} << (is_version_1(key) ? 32 : 62);
}

// The bound before the `place`-th of size_of_space() places, 0 < place < size; increases with it.
std::string bound_at(const PartitionKeyDefinition& key, std::uint64_t place) {
  if (is_version_1(key)) {
    const PartitionKeyDefinition ordered{{{"hash"}}, KeyKind::range, 1, false};
    auto bound = cosmos::effective_partition_key(ordered, "[" + std::to_string(place) + "]");
    CHECK(bound.has_value());
    return *bound;
  }
  std::string bound(16, '\xFF');
  for (std::size_t i = 0; i < 8; ++i) bound[i] = static_cast<char>((place - 1) >> (56 - 8 * i) & 0xFF);
  return bound;
}

// The first place whose bound is not before `epk`.
std::uint64_t place_of(const PartitionKeyDefinition& key, std::string_view epk) {
  std::uint64_t low = 0;
  std::uint64_t high = size_of_space(key);
  while (low < high) {
    const std::uint64_t place = low + (high - low) / 2;
    const bool before = place == 0 ? !epk.empty() : std::string_view(bound_at(key, place)) < epk;
    (before ? low : high) = before ? place + 1 : place;
  }
  return low;
}

}  // namespace

std::vector<HashRange> divide_hash_space(const PartitionKeyDefinition& key, int parts) {
  std::vector<HashRange> ranges;
  const auto count = static_cast<std::uint64_t>(parts < 1 ? 1 : parts);
  std::string min;
  for (std::uint64_t i = 1; i < count; ++i) {
    std::string max = bound_at(key, size_of_space(key) / count * i);
    ranges.push_back({min, max});
    min = std::move(max);
  }
  ranges.push_back({min, "\xFF"});
  return ranges;
}

std::string middle_of(const PartitionKeyDefinition& key, const HashRange& range) {
  const std::uint64_t low = place_of(key, range.min);
  const std::uint64_t high = place_of(key, range.max);
  if (high - low < 2) return {};
  const std::string middle = bound_at(key, low + (high - low) / 2);
  return range.min < middle && middle < range.max ? middle : std::string();
}

}  // namespace halley::server
