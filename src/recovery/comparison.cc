#include "recovery/comparison.h"

#include <algorithm>

#include "codec/hash.h"

namespace halley::recovery {
namespace {

constexpr std::size_t kNamed = 5;  // documents named of each kind

std::string name_of(std::string_view partition_key, std::string_view id) {
  return "'" + std::string(id) + "' of " + std::string(partition_key);
}

void append_some(std::string& text, const char* kind, std::vector<std::string> names) {
  if (names.empty()) return;
  std::sort(names.begin(), names.end());
  text += (text.empty() ? "" : "; ") + std::string(kind) + ": ";
  for (std::size_t i = 0; i < std::min(names.size(), kNamed); ++i) text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > kNamed) text += ", …";
}

}  // namespace

std::size_t BucketDigests::bucket_of(std::string_view partition_key, std::string_view id) {
  return codec::xxh3_64(id, codec::xxh3_64(partition_key)) % kBuckets;
}

void BucketDigests::add(std::string_view partition_key, std::string_view id, std::uint64_t digest) {
  buckets_[bucket_of(partition_key, id)].add(partition_key, id, digest);
}

repo::SetDigest BucketDigests::total() const {
  repo::SetDigest sum;
  for (const repo::SetDigest& bucket : buckets_) sum.add(bucket);
  return sum;
}

BucketDigests::Group BucketDigests::differing(const BucketDigests& other, std::size_t limit) const {
  Group differ(kBuckets);
  for (std::size_t i = 0; i < kBuckets && limit > 0; ++i) {
    if (buckets_[i] == other.buckets_[i]) continue;
    differ[i] = true;
    --limit;
  }
  return differ;
}

std::vector<BucketDigests::Group> BucketDigests::differing_groups(const BucketDigests& other,
                                                                  std::uint64_t documents) const {
  std::vector<Group> groups;
  std::uint64_t room = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    if (buckets_[i] == other.buckets_[i]) continue;
    if (groups.empty() || buckets_[i].count > room) {
      groups.emplace_back(kBuckets);
      room = documents;
    }
    groups.back()[i] = true;
    room -= std::min(room, buckets_[i].count);
  }
  return groups;
}

std::uint64_t BucketDigests::in_common(const BucketDigests& other) const {
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) count += buckets_[i] == other.buckets_[i] ? buckets_[i].count : 0;
  return count;
}

void DifferenceFinder::expect(std::string_view partition_key, std::string_view id, std::uint64_t digest) {
  if (looked_at(partition_key, id)) expected_[name_of(partition_key, id)] = digest;
}

void DifferenceFinder::found(std::string_view partition_key, std::string_view id, std::uint64_t digest) {
  if (!looked_at(partition_key, id)) return;
  std::string name = name_of(partition_key, id);
  const auto expected = expected_.find(name);
  if (expected == expected_.end()) {
    extra_.push_back(std::move(name));
    return;
  }
  if (expected->second != digest) changed_.push_back(std::move(name));
  expected_.erase(expected);
}

std::string DifferenceFinder::text() const {
  std::vector<std::string> missing;
  missing.reserve(expected_.size());
  for (const auto& [name, digest] : expected_) missing.push_back(name);
  std::string text;
  append_some(text, "missing", std::move(missing));
  append_some(text, "other content", changed_);
  append_some(text, "not of the plan", extra_);
  return text;
}

}  // namespace halley::recovery
