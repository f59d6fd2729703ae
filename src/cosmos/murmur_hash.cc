#include "cosmos/murmur_hash.h"

#include <bit>
#include <cstring>

namespace halley::cosmos {
namespace {

static_assert(std::endian::native == std::endian::little, "blocks are read as little-endian integers");

template <typename Integer>
Integer read_block(const char* at) {
  Integer block;
  std::memcpy(&block, at, sizeof block);
  return block;
}

// The last bytes, fewer than a block, as a little-endian integer.
template <typename Integer>
Integer read_tail(std::string_view tail) {
  Integer block = 0;
  std::memcpy(&block, tail.data(), tail.size());
  return block;
}

constexpr std::uint64_t kC1 = 0x87c37b91114253d5;
constexpr std::uint64_t kC2 = 0x4cf5ad432745937f;

constexpr std::uint64_t mix_k1(std::uint64_t k) { return std::rotl(k * kC1, 31) * kC2; }
constexpr std::uint64_t mix_k2(std::uint64_t k) { return std::rotl(k * kC2, 33) * kC1; }

constexpr std::uint64_t finish(std::uint64_t k) {
  k ^= k >> 33;
  k *= 0xff51afd7ed558ccd;
  k ^= k >> 33;
  k *= 0xc4ceb9fe1a85ec53;
  return k ^ (k >> 33);
}

}  // namespace

std::uint32_t murmur3_32(std::string_view bytes) {
  const auto mix = [](std::uint32_t k) { return std::rotl(k * 0xcc9e2d51u, 15) * 0x1b873593u; };
  std::uint32_t h = 0;
  std::string_view rest = bytes;
  for (; rest.size() >= 4; rest.remove_prefix(4)) {
    h = std::rotl(h ^ mix(read_block<std::uint32_t>(rest.data())), 13) * 5 + 0xe6546b64u;
  }
  if (!rest.empty()) h ^= mix(read_tail<std::uint32_t>(rest));
  h ^= static_cast<std::uint32_t>(bytes.size());
  h = (h ^ (h >> 16)) * 0x85ebca6bu;
  h = (h ^ (h >> 13)) * 0xc2b2ae35u;
  return h ^ (h >> 16);
}

std::array<std::uint64_t, 2> murmur3_128(std::string_view bytes) {
  std::uint64_t h1 = 0;
  std::uint64_t h2 = 0;
  std::string_view rest = bytes;
  for (; rest.size() >= 16; rest.remove_prefix(16)) {
    h1 ^= mix_k1(read_block<std::uint64_t>(rest.data()));
    h1 = (std::rotl(h1, 27) + h2) * 5 + 0x52dce729;
    h2 ^= mix_k2(read_block<std::uint64_t>(rest.data() + 8));
    h2 = (std::rotl(h2, 31) + h1) * 5 + 0x38495ab5;
  }
  if (rest.size() > 8) h2 ^= mix_k2(read_tail<std::uint64_t>(rest.substr(8)));
  if (!rest.empty()) h1 ^= mix_k1(read_tail<std::uint64_t>(rest.substr(0, 8)));
  h1 ^= bytes.size();
  h2 ^= bytes.size();
  h1 += h2;
  h2 += h1;
  h1 = finish(h1);
  h2 = finish(h2);
  h1 += h2;
  h2 += h1;
  return {h1, h2};
}

}  // namespace halley::cosmos
