#include "codec/hash.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/bytes.h"

namespace halley::codec {
namespace {

TEST(Hash, Sha256OfKnownTexts) {
  EXPECT_EQ(to_hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Hash, HmacOfRfc4231) {
  EXPECT_EQ(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(to_hex(hmac_sha256(std::string(131, '\xAA'), "Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  EXPECT_EQ(to_hex(hmac_sha256("", "")), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(Hash, HkdfOfRfc5869) {
  // Test case 3: no salt, no info, and more than one block.
  EXPECT_EQ(to_hex(hkdf_sha256(std::string(22, '\x0B'), "", 42)),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
  EXPECT_EQ(hkdf_sha256("key", "info", 100).substr(0, 32), hkdf_sha256("key", "info", 32));
  EXPECT_NE(hkdf_sha256("key", "info", 32), hkdf_sha256("key", "other", 32));
}

TEST(Hash, Sha1OfKnownTexts) { EXPECT_EQ(to_hex(sha1("abc")), "a9993e364706816aba3e25717850c26c9cd0d89d"); }

TEST(Hash, Md5OfKnownTexts) { EXPECT_EQ(to_hex(md5("abc")), "900150983cd24fb0d6963f7d28e17f72"); }

TEST(Hash, Xxh3OfKnownTexts) {
  EXPECT_EQ(xxh3_64(""), 0x2D06800538D394C2U);
  EXPECT_NE(xxh3_64("abc"), xxh3_64("abc", 1));
  EXPECT_EQ(xxh3_128(""), (Hash128{0x6001C324468D497F, 0x99AA06D3014798D8}));
}

RC_GTEST_PROP(Sha256, PiecesGiveTheHashOfTheWhole, (std::vector<std::string> pieces)) {
  Sha256 hash;
  std::string whole;
  for (const std::string& piece : pieces) {
    hash.update(piece);
    whole += piece;
  }
  RC_ASSERT(hash.finish() == sha256(whole));
}

TEST(Xxh3, InPiecesIsTheHashOfTheWhole) {
  const std::string text(5000, 'x');
  Xxh3 hash;
  for (int round = 0; round < 2; ++round) {
    hash.restart();
    for (std::size_t at = 0, size = 1; at < text.size(); at += size, size = size * 2 + 1) {
      hash.update(std::string_view(text).substr(at, size));
    }
    EXPECT_EQ(hash.finish(), xxh3_64(text));
  }
}

}  // namespace
}  // namespace halley::codec
