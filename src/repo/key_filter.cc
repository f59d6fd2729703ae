#include "repo/key_filter.h"

#include <algorithm>

#include "codec/hash.h"

namespace halley::repo {
namespace {

constexpr int kProbes = 5;
constexpr std::size_t kMinBytes = 8;  // one byte for each document: about 2 % of absent ones are not told

// The bits of a hash, by double hashing with its two halves: (low + i * high) mod bits, without a division for each.
class Probes {
 public:
  Probes(std::uint64_t hash, std::uint64_t bits)
      : bits_(bits), at_((hash & 0xFFFFFFFF) % bits), step_((hash >> 32 | 1) % bits) {}
  std::uint64_t next() {
    const std::uint64_t bit = at_;
    at_ += step_;
    if (at_ >= bits_) at_ -= bits_;
    return bit;
  }

 private:
  std::uint64_t bits_, at_, step_;
};

}  // namespace

std::uint64_t filter_hash(std::string_view partition_key, std::string_view id) {
  return filter_hash(filter_hash(partition_key), id);
}

std::uint64_t filter_hash(std::string_view partition_key) { return codec::xxh3_64(partition_key); }

std::uint64_t filter_hash(std::uint64_t hash_of_key, std::string_view id) { return codec::xxh3_64(id, hash_of_key); }

std::string encode_filter(const std::vector<std::uint64_t>& hashes) {
  std::string bytes(std::max(hashes.size(), kMinBytes), '\0');
  for (const std::uint64_t hash : hashes) {
    Probes probes(hash, bytes.size() * 8);
    for (int probe = 0; probe < kProbes; ++probe) {
      const std::uint64_t bit = probes.next();
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
  Probes probes(hash, bytes_.size() * 8);
  for (int probe = 0; probe < kProbes; ++probe) {
    const std::uint64_t bit = probes.next();
    if ((static_cast<unsigned char>(bytes_[bit / 8]) >> (bit % 8) & 1) == 0) return false;
  }
  return true;
}

}  // namespace halley::repo
