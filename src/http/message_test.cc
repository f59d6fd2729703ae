#include "http/message.h"

#include <gtest/gtest.h>

namespace halley::http {
namespace {

TEST(Headers, AreFoundWithoutCase) {
  Headers headers;
  headers.add("X-Ms-Date", "a");
  headers.add("x-ms-date", "b");
  EXPECT_EQ(headers.get("x-MS-date"), "a");
  EXPECT_EQ(headers.get("date"), "");
  EXPECT_EQ(headers.find("date"), nullptr);
}

TEST(Headers, SetReplacesTheFirstOrAdds) {
  Headers headers;
  headers.set("A", "1");
  headers.set("a", "2");
  headers.set("b", "3");
  ASSERT_EQ(headers.fields().size(), 2u);
  EXPECT_EQ(headers.get("A"), "2");
  EXPECT_EQ(headers.get("B"), "3");
}

TEST(Headers, TrueIsComparedWithoutCase) {
  Headers headers;
  headers.add("yes", "TRUE");
  headers.add("no", "1");
  EXPECT_TRUE(headers.is_true("yes"));
  EXPECT_FALSE(headers.is_true("no"));
  EXPECT_FALSE(headers.is_true("absent"));
}

TEST(PercentEncoding, EncodesAllButUnreserved) {
  EXPECT_EQ(percent_encode("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(percent_encode("a b+c%d?é/#"), "a%20b%2Bc%25d%3F%C3%A9%2F%23");
}

TEST(PercentEncoding, DecodesWhatItEncodes) {
  std::string every_byte;
  for (int i = 0; i < 256; ++i) every_byte += static_cast<char>(i);
  EXPECT_EQ(percent_decode(percent_encode(every_byte)), every_byte);
  EXPECT_EQ(percent_decode("a+b%c3%A9"), "a+bé");
}

TEST(PercentEncoding, RefusesBrokenEscapes) {
  for (const char* broken : {"%", "%4", "a%4", "%zz", "%4g"}) EXPECT_EQ(percent_decode(broken), std::nullopt) << broken;
}

}  // namespace
}  // namespace halley::http
