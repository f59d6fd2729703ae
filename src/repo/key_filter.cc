#include "repo/key_filter.h"

#include <algorithm>

#include "codec/hash.h"

namespace halley::repo {
namespace {

constexpr std::uint64_t kProbes = 5;
constexpr std::size_t kMinBytes = 8;  // one byte for each document: about 2 % of absent ones are not told

// The bits of a hash, by double hashing with its two halves.
std::uint64_t bit_of(std::uint64_t hash, std::uint64_t probe, std::uint64_t bits) {
  const std::uint64_t low = hash & 0xFFFFFFFF;
  const std::uint64_t high = hash >> 32 | 1;
  return (low + probe * high) % bits;
}

}  // namespace

std::uint64_t filter_hash(std::string_view partition_key, std::string_view id) {
  return filter_hash(filter_hash(partition_key), id);
}

std::uint64_t filter_hash(std::string_view partition_key) { return codec::xxh3_64(partition_key); }

std::uint64_t filter_hash(std::uint64_t hash_of_key, std::string_view id) { return codec::xxh3_64(id, hash_of_key); }

std::string encode_filter(const std::vector<std::uint64_t>& hashes) {
  std::string bytes(std::max(hashes.size(), kMinBytes), '\0');
  for (const std::uint64_t hash : hashes) {
    for (std::uint64_t probe = 0; probe < kProbes; ++probe) {
      const std::uint64_t bit = bit_of(hash, probe, bytes.size() * 8);
      bytes[bit / 8] = static_cast<char>(static_cast<unsigned char>(bytes[bit / 8]) | 1U << (bit % 8));
    }
  }
  return bytes;
}

Result<KeyFilter> KeyFilter::decode(std::string bytes) {
  if (bytes.size() < kMinBytes) return fail(Code::corrupt, "a filter that is too short");
  KeyFilter filter;
  filter.bytes_ = std::move(bytes);
  return filter;
}

bool KeyFilter::may_contain(std::uint64_t hash) const {
  for (std::uint64_t probe = 0; probe < kProbes; ++probe) {
    const std::uint64_t bit = bit_of(hash, probe, bytes_.size() * 8);
    if ((static_cast<unsigned char>(bytes_[bit / 8]) >> (bit % 8) & 1) == 0) return false;
  }
  return true;
}

}  // namespace halley::repo
