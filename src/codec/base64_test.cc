#include "codec/base64.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace halley::codec {
namespace {

TEST(Base64, EncodesTheVectorsOfRfc4648) {
  EXPECT_EQ(base64_encode(""), "");
  EXPECT_EQ(base64_encode("f"), "Zg==");
  EXPECT_EQ(base64_encode("fo"), "Zm8=");
  EXPECT_EQ(base64_encode("foo"), "Zm9v");
  EXPECT_EQ(base64_encode("foob"), "Zm9vYg==");
  EXPECT_EQ(base64_encode("fooba"), "Zm9vYmE=");
  EXPECT_EQ(base64_encode("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64_encode("\xFB\xFF\xFE"), "+//+");
}

RC_GTEST_PROP(Base64, RoundTrips, (std::string bytes)) {
  RC_ASSERT(base64_decode(base64_encode(bytes)).value() == bytes);
}

// What decodes is what an encoder wrote: no two texts stand for the same bytes.
RC_GTEST_PROP(Base64, OnlyCanonicalTextsDecode, ()) {
  const auto text = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("AQgw/+=Zz9")));
  const auto bytes = base64_decode(text);
  if (bytes) RC_ASSERT(base64_encode(*bytes) == text);
}

TEST(Base64, RefusesAllElse) {
  for (const char* text :
       {"Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "====", "=", "Zg==Zg==", "Zm9v\n", "Zm 9", "Zm-_", "Z=g="}) {
    const auto bytes = base64_decode(text);
    ASSERT_FALSE(bytes) << text;
    EXPECT_EQ(bytes.error().code, Code::invalid_argument);
  }
}

TEST(Base64, ForUrls) {
  EXPECT_EQ(base64url_encode(""), "");
  EXPECT_EQ(base64url_encode("f"), "Zg");
  EXPECT_EQ(base64url_encode("\xfb\xff\xfe"), "-__-");
}

}  // namespace
}  // namespace halley::codec
