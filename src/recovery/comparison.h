// Comparing two sets of documents in one pass each, with constant memory; and naming what differs in a second one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "repo/repository.h"

namespace halley::recovery {

// Set digests of documents, spread over buckets by (partition key, id): where two sets differ, few buckets do.
class BucketDigests {
 public:
  static constexpr std::size_t kBuckets = 4096;
  static std::size_t bucket_of(std::string_view partition_key, std::string_view id);

  BucketDigests() : buckets_(kBuckets) {}
  void add(std::string_view partition_key, std::string_view id, std::uint64_t digest);
  repo::SetDigest total() const;
  friend bool operator==(const BucketDigests&, const BucketDigests&) = default;

  // Buckets, marked true.
  using Group = std::vector<bool>;
  // The first buckets that differ; at most `limit`.
  Group differing(const BucketDigests& other, std::size_t limit) const;
  // All buckets that differ, divided so that each group has at most `documents` of this side, or one bucket only.
  std::vector<Group> differing_groups(const BucketDigests& other, std::uint64_t documents) const;
  // How many documents are in buckets that are equal.
  std::uint64_t in_common(const BucketDigests& other) const;

 private:
  std::vector<repo::SetDigest> buckets_;
};

// Documents of some buckets from both sides, matched.
class DifferenceFinder {
 public:
  explicit DifferenceFinder(std::vector<bool> buckets) : buckets_(std::move(buckets)) {}

  void expect(std::string_view partition_key, std::string_view id, std::uint64_t digest);
  void found(std::string_view partition_key, std::string_view id, std::uint64_t digest);  // after all expect()

  // Such as "missing: 'a' of ["x"], 'b' of ["y"]; other content: …; not of the plan: …", a few of each.
  std::string text() const;

 private:
  bool looked_at(std::string_view partition_key, std::string_view id) const {
    return buckets_[BucketDigests::bucket_of(partition_key, id)];
  }

  std::vector<bool> buckets_;
  std::unordered_map<std::string, std::uint64_t> expected_;  // by "'id' of key"; what is found is taken out
  std::vector<std::string> changed_;
  std::vector<std::string> extra_;
};

}  // namespace halley::recovery
