#include "repo/version_sorter.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>
#include <utility>

#include "base/check.h"
#include "codec/hash.h"

namespace halley::repo {
namespace {

constexpr std::size_t kFirstTable = 1024;

std::uint64_t load_big_endian(std::string_view bytes, std::size_t at) {
  std::uint64_t value = 0;
  if (at + 8 <= bytes.size()) {
    std::memcpy(&value, bytes.data() + at, 8);
    return std::endian::native == std::endian::little ? __builtin_bswap64(value) : value;
  }
  for (std::size_t i = at; i < at + 8; ++i) {
    value = value << 8 | (i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U);
  }
  return value;
}

// How many bytes two texts begin with that are the same.
std::uint32_t shared_bytes(std::string_view a, std::string_view b) {
  const std::size_t most = std::min(a.size(), b.size());
  std::size_t at = 0;
  while (at + 8 <= most && std::memcmp(a.data() + at, b.data() + at, 8) == 0) at += 8;
  while (at < most && a[at] == b[at]) ++at;
  return static_cast<std::uint32_t>(at);
}

}  // namespace

Result<std::span<const std::uint32_t>> VersionSorter::sort(const std::vector<Version>& versions) {
  CHECK(versions.size() < UINT32_MAX);
  TRY(collect(versions));
  by_rank_.resize(keys_.size());
  std::iota(by_rank_.begin(), by_rank_.end(), 0U);
  std::sort(by_rank_.begin(), by_rank_.end(), [&](std::uint32_t left, std::uint32_t right) {
    const Key& a = keys_[left];
    const Key& b = keys_[right];
    if (a.high != b.high) return a.high < b.high;
    if (a.low != b.low) return a.low < b.low;
    if (const int order = effective(a).compare(effective(b)); order != 0) return order < 0;
    return a.text < b.text;
  });
  place(versions);
  const auto before = [&](const Item& a, const Item& b) {
    if (a.id != b.id) return a.id < b.id;
    const Version& left = versions[a.version];
    const Version& right = versions[b.version];
    if (const int order = left.id.compare(right.id); order != 0) return order < 0;
    if (left.position != right.position) return left.position > right.position;
    return a.version > b.version;
  };
  auto first = items_.begin();
  for (const std::uint32_t number : by_rank_) {  // a key's `versions` is now where the next key's begin
    const auto end = items_.begin() + static_cast<std::ptrdiff_t>(keys_[number].versions);
    std::sort(first, end, before);
    first = end;
  }
  order_.clear();
  for (const Item& item : items_) order_.push_back(item.version);
  return std::span<const std::uint32_t>(order_);
}

// Puts the versions of each key together, keys in their order.
void VersionSorter::place(const std::vector<Version>& versions) {
  std::uint32_t begin = 0;
  for (const std::uint32_t number : by_rank_) begin += std::exchange(keys_[number].versions, begin);
  items_.resize(versions.size());
  for (std::uint32_t i = 0; i < versions.size(); ++i) {
    Key& key = keys_[key_of_[i]];
    items_[key.versions++] = {load_big_endian(versions[i].id, key.shared), i};
  }
}

// Finds the distinct keys, and which one each version has.
Status VersionSorter::collect(const std::vector<Version>& versions) {
  keys_.clear();
  effective_.clear();
  key_of_.clear();
  table_.assign(kFirstTable, 0);
  for (std::size_t i = 0; i < versions.size(); ++i) {
    const bool same = i > 0 && same_text(versions[i].partition_key, versions[i - 1].partition_key);
    std::uint32_t number = same ? key_of_.back() : 0;
    if (!same) {
      ASSIGN(number, number_of(versions[i].partition_key));
    }
    key_of_.push_back(number);
    Key& key = keys_[number];
    const std::string_view id = versions[i].id;
    if (key.versions++ == 0) {
      key.first_id = id;
      key.shared = static_cast<std::uint32_t>(id.size());
    } else {
      key.shared = shared_bytes(id, key.first_id.substr(0, key.shared));
    }
  }
  return {};
}

Result<std::uint32_t> VersionSorter::number_of(std::string_view text) {
  std::size_t at = codec::xxh3_64(text) & (table_.size() - 1);
  for (; table_[at] != 0; at = (at + 1) & (table_.size() - 1)) {
    if (keys_[table_[at] - 1].text == text) return table_[at] - 1;
  }
  ASSIGN(const std::string_view bytes, effective_keys_.of(text));
  keys_.push_back({load_big_endian(bytes, 0),
                   load_big_endian(bytes, 8),
                   text,
                   static_cast<std::uint32_t>(effective_.size()),
                   static_cast<std::uint32_t>(bytes.size()),
                   0,
                   {},
                   0});
  effective_ += bytes;
  table_[at] = static_cast<std::uint32_t>(keys_.size());
  if (keys_.size() * 2 > table_.size()) grow_table();
  return static_cast<std::uint32_t>(keys_.size() - 1);
}

void VersionSorter::grow_table() {
  table_.assign(table_.size() * 2, 0);
  for (std::uint32_t number = 0; number < keys_.size(); ++number) {
    std::size_t at = codec::xxh3_64(keys_[number].text) & (table_.size() - 1);
    while (table_[at] != 0) at = (at + 1) & (table_.size() - 1);
    table_[at] = number + 1;
  }
}

}  // namespace halley::repo
