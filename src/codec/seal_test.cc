#include "codec/seal.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/bytes.h"

namespace halley::codec {
namespace {

const std::string kKey(kKeySize, 'k');
const std::string kNonce(kNonceSize, 'n');

std::string sealed(std::string_view additional, std::string_view plaintext) {
  std::string out;
  Aead(kKey).seal(kNonce, additional, plaintext, out);
  return out;
}

TEST(Aead, IsAes256Gcm) {
  // Test case 14 of the GCM specification.
  std::string out;
  Aead(std::string(32, '\0')).seal(std::string(12, '\0'), "", std::string(16, '\0'), out);
  EXPECT_EQ(to_hex(out),
            "cea7403d4d606b6e074ec5d3baf39d18"
            "d0d1c8a799996bf0265b98b5d48ab919");
}

RC_GTEST_PROP(Aead, RoundTripsBehindWhatIsThere, (std::string plaintext, std::string additional, std::string before)) {
  Aead aead(kKey);
  std::string out = before;
  aead.seal(kNonce, additional, plaintext, out);
  RC_ASSERT(out.size() == before.size() + plaintext.size() + kTagSize);
  std::string opened = before;
  RC_ASSERT(aead.open(kNonce, additional, std::string_view(out).substr(before.size()), opened).has_value());
  RC_ASSERT(opened == before + plaintext);
}

RC_GTEST_PROP(Aead, EveryFlippedBitIsFound, (std::string plaintext, std::string additional)) {
  std::string bytes = sealed(additional, plaintext);
  Aead aead(kKey);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    std::string out = "before";
    const Status status = aead.open(kNonce, additional, bytes, out);
    RC_ASSERT(!status.has_value());
    RC_ASSERT(status.error().code == Code::corrupt);
    RC_ASSERT(out == "before");
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
  }
  std::string out;
  RC_ASSERT(aead.open(kNonce, additional, bytes, out).has_value());  // It still works after failures.
}

TEST(Aead, BindsKeyNonceAndAdditionalData) {
  const std::string bytes = sealed("place", "text");
  std::string out;
  EXPECT_TRUE(Aead(kKey).open(kNonce, "place", bytes, out));
  EXPECT_EQ(Aead(kKey).open(kNonce, "elsewhere", bytes, out).error().code, Code::corrupt);
  EXPECT_EQ(Aead(kKey).open(std::string(kNonceSize, 'm'), "place", bytes, out).error().code, Code::corrupt);
  EXPECT_EQ(Aead(std::string(kKeySize, 'j')).open(kNonce, "place", bytes, out).error().code, Code::corrupt);
  EXPECT_EQ(out, "text");
}

TEST(Aead, TruncatedBytesAreCorrupt) {
  const std::string bytes = sealed("", "text");
  std::string out;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(Aead(kKey).open(kNonce, "", bytes.substr(0, size), out).error().code, Code::corrupt);
  }
  EXPECT_EQ(out, "");
}

TEST(Scrypt, MatchesRfc7914) {
  EXPECT_EQ(to_hex(scrypt("password", "NaCl", {1024, 8, 16}).value()),
            "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162");
  EXPECT_EQ(to_hex(scrypt("", "", {16, 1, 1}).value()),
            "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442");
}

TEST(Scrypt, RefusesACostOutOfBounds) {
  for (const ScryptCost& cost :
       {ScryptCost{0, 8, 1}, ScryptCost{1, 8, 1}, ScryptCost{1000, 8, 1}, ScryptCost{1024, 0, 1},
        ScryptCost{1024, 8, 0}, ScryptCost{std::uint64_t{1} << 63, 8, 1}, ScryptCost{1 << 24, 8, 1},
        ScryptCost{1024, 1U << 31, 1}, ScryptCost{1024, 8, 1U << 31}}) {
    EXPECT_EQ(scrypt("password", "salt", cost).error().code, Code::invalid_argument);
  }
}

}  // namespace
}  // namespace halley::codec
