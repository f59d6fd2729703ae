#include <fmt/format.h>

#include "base/bytes.h"
#include "codec/hash.h"
#include "repo/repository.h"

namespace halley::repo {

void SetDigest::add(std::string_view partition_key, std::string_view id, std::uint64_t body_digest) {
  std::string version;
  version.reserve(partition_key.size() + id.size() + 18);
  put_string(version, partition_key);
  put_string(version, id);
  put_u64(version, body_digest);
  const codec::Hash128 hash = codec::xxh3_128(version);
  add(SetDigest{hash.low, hash.high, 1});
}

void SetDigest::add(const SetDigest& other) {
  low += other.low;
  high += other.high + (low < other.low ? 1 : 0);
  count += other.count;
}

std::string SetDigest::text() const { return fmt::format("{:016x}{:016x}", high, low); }

}  // namespace halley::repo
