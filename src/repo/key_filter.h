// A Bloom filter over the documents of a segment: which keys are certainly not in it (docs/repository-format.md,
// filter).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace halley::repo {

std::uint64_t filter_hash(std::string_view partition_key, std::string_view id);
// The same in two steps, for many documents of one key.
std::uint64_t filter_hash(std::string_view partition_key);
std::uint64_t filter_hash(std::uint64_t hash_of_key, std::string_view id);

// The filter's bytes for these hashes.
std::string encode_filter(const std::vector<std::uint64_t>& hashes);

class KeyFilter {
 public:
  // corrupt for bytes that are no filter.
  static Result<KeyFilter> decode(std::string bytes);
  bool may_contain(std::uint64_t hash) const;

 private:
  std::string bytes_;
};

}  // namespace halley::repo
