// MurmurHash3 (Austin Appleby, public domain), the two variants that partition keys are hashed with, seed 0.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace halley::cosmos {

std::uint32_t murmur3_32(std::string_view bytes);                  // x86, 32 bits
std::array<std::uint64_t, 2> murmur3_128(std::string_view bytes);  // x64, 128 bits: h1, h2

}  // namespace halley::cosmos
