#include "base/bytes.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>

namespace halley {
namespace {

std::string varint_of(std::uint64_t value) {
  std::string out;
  put_varint(out, value);
  return out;
}

TEST(Bytes, IntegersAreLittleEndian) {
  std::string out;
  put_u8(out, 0xAB);
  put_u32(out, 0x01020304);
  put_u64(out, 0x0102030405060708);
  EXPECT_EQ(to_hex(out),
            "ab"
            "04030201"
            "0807060504030201");
  ByteReader reader(out);
  EXPECT_EQ(reader.u8(), 0xAB);
  EXPECT_EQ(reader.u32(), 0x01020304U);
  EXPECT_EQ(reader.u64(), 0x0102030405060708U);
  EXPECT_TRUE(reader.finish("it"));
}

TEST(Bytes, VarintsAreLeb128) {
  EXPECT_EQ(to_hex(varint_of(0)), "00");
  EXPECT_EQ(to_hex(varint_of(127)), "7f");
  EXPECT_EQ(to_hex(varint_of(128)), "8001");
  EXPECT_EQ(to_hex(varint_of(300)), "ac02");
  EXPECT_EQ(to_hex(varint_of(std::numeric_limits<std::uint64_t>::max())), "ffffffffffffffffff01");
}

TEST(Bytes, SmallSignedNumbersAreShort) {
  std::string out;
  for (const std::int64_t value : {0, -1, 1, -2}) put_zigzag(out, value);
  EXPECT_EQ(to_hex(out), "00010203");
}

RC_GTEST_PROP(Bytes, VarintsRoundTrip, (std::uint64_t value)) {
  const std::string out = varint_of(value >> *rc::gen::inRange(0, 64));
  ByteReader reader(out);
  const std::uint64_t read = reader.varint();
  RC_ASSERT(reader.finish("it").has_value());
  RC_ASSERT(varint_of(read) == out);
}

RC_GTEST_PROP(Bytes, ZigzagsRoundTrip, (std::int64_t value)) {
  std::string out;
  put_zigzag(out, value);
  ByteReader reader(out);
  RC_ASSERT(reader.zigzag() == value);
  RC_ASSERT(reader.finish("it").has_value());
}

TEST(Bytes, ExtremeSignedNumbersRoundTrip) {
  for (const std::int64_t value :
       {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
    std::string out;
    put_zigzag(out, value);
    EXPECT_EQ(ByteReader(out).zigzag(), value);
  }
}

RC_GTEST_PROP(Bytes, StringsRoundTrip, (std::string first, std::string second)) {
  std::string out;
  put_string(out, first);
  put_string(out, second);
  ByteReader reader(out);
  RC_ASSERT(reader.string() == first);
  RC_ASSERT(reader.string() == second);
  RC_ASSERT(reader.finish("it").has_value());
}

TEST(ByteReader, FailsForGoodAtTheEnd) {
  ByteReader reader("\x01\x02");
  EXPECT_EQ(reader.u32(), 0U);
  EXPECT_TRUE(reader.failed());
  EXPECT_EQ(reader.u8(), 0);  // Even what would have fitted.
  EXPECT_EQ(reader.varint(), 0U);
  EXPECT_EQ(reader.zigzag(), 0);
  EXPECT_EQ(reader.string(), "");
  const Status end = reader.finish("the index");
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, Code::corrupt);
  EXPECT_NE(end.error().message.find("the index"), std::string::npos);
}

TEST(ByteReader, RefusesMalformedVarints) {
  for (const char* hex : {"", "80", "ffffffffffffffffff02", "ffffffffffffffffffff01", "80808080808080808080"}) {
    const std::string bytes = from_hex(hex).value();
    ByteReader reader(bytes);
    EXPECT_EQ(reader.varint(), 0U) << hex;
    EXPECT_TRUE(reader.failed()) << hex;
  }
}

TEST(ByteReader, RefusesAStringLongerThanTheRest) {
  ByteReader reader(
      "\x05"
      "abcd");
  EXPECT_EQ(reader.string(), "");
  EXPECT_TRUE(reader.failed());
  ByteReader huge(
      "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
      "abcd");
  EXPECT_EQ(huge.string(), "");
  EXPECT_TRUE(huge.failed());
}

TEST(ByteReader, TellsBytesLeftOver) {
  ByteReader reader("ab");
  reader.u8();
  EXPECT_FALSE(reader.failed());
  EXPECT_EQ(reader.rest(), "b");
  EXPECT_EQ(reader.finish("it").error().code, Code::corrupt);
}

RC_GTEST_PROP(Hex, RoundTrips, (std::string bytes)) { RC_ASSERT(from_hex(to_hex(bytes)).value() == bytes); }

TEST(Hex, IsLowerCaseAndReadsBoth) {
  EXPECT_EQ(to_hex("\xAB\x01"), "ab01");
  EXPECT_EQ(from_hex("AbcD").value(), "\xAB\xCD");
  for (const char* text : {"a", "0g", "0x", " 00", "0 "}) {
    EXPECT_EQ(from_hex(text).error().code, Code::invalid_argument) << text;
  }
}

}  // namespace
}  // namespace halley
