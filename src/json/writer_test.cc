#include "json/writer.h"

#include <gtest/gtest.h>

#include <limits>

#include "json/document_scanner.h"

namespace halley::json {
namespace {

std::string quoted(std::string_view text) {
  std::string out;
  append_string(out, text);
  return out;
}

std::string ascii(std::string_view text) {
  std::string out;
  append_ascii_string(out, text);
  return out;
}

TEST(Writer, PutsCommasWhereTheyBelong) {
  std::string out;
  Writer writer(out);
  writer.begin_object().member("a", "x").member_integer("b", -1).key("c").begin_array();
  writer.integer(1).string("y").begin_object().end_object().begin_array().end_array().null().raw("{\"r\":1}").real(1.5);
  writer.end_array().member_boolean("d", true).key("e").null().key("f").begin_object().key("g").boolean(false);
  writer.end_object().key("h").unsigned_integer(std::numeric_limits<std::uint64_t>::max()).end_object();
  EXPECT_EQ(out, R"({"a":"x","b":-1,"c":[1,"y",{},[],null,{"r":1},1.5],"d":true,"e":null,"f":{"g":false},)"
                 R"("h":18446744073709551615})");
}

TEST(Writer, WritesExtremeIntegersAndRealsAsTheServiceDoes) {
  std::string out;
  Writer(out).begin_array().integer(std::numeric_limits<std::int64_t>::min()).real(2.0).real(1e20).end_array();
  EXPECT_EQ(out, "[-9223372036854775808,2,1e+20]");
}

TEST(AppendString, EscapesOnlyWhatMustBe) {
  EXPECT_EQ(quoted("plain / é 😀 \x7f"), "\"plain / é 😀 \x7f\"");
  EXPECT_EQ(quoted("\"\\\b\f\n\r\t"), R"("\"\\\b\f\n\r\t")");
  EXPECT_EQ(quoted(std::string_view("\0\x01\x1f", 3)), R"("\u0000\u0001\u001f")");
  EXPECT_EQ(quoted("Shop\n"), R"("Shop\n")");
}

// A lone surrogate is three bytes that are no UTF-8, once it is decoded: it is told as the escape it was.
TEST(AppendString, EscapesLoneSurrogates) {
  EXPECT_EQ(quoted("\xED\xA0\x80"), R"("\ud800")");
  EXPECT_EQ(quoted("a\xED\xB0\x80\n\xED\xBF\xBF\xED\x9F\xBF"), "\"a\\udc00\\n\\udfff\xED\x9F\xBF\"");
  EXPECT_EQ(quoted("\xEE\x80\x80\xED\xA0"), "\"\xEE\x80\x80\xEF\xBF\xBD\xEF\xBF\xBD\"")
      << "nothing is read beyond the end";
  std::string out;
  Writer(out).begin_object().member("\xED\xA0\x80", "\xED\xA0\x81").end_object();
  EXPECT_EQ(out, R"({"\ud800":"\ud801"})");
}

TEST(AppendString, WhatIsNoUtf8IsReplaced) {
  EXPECT_EQ(quoted("a\xFFz"), "\"a\xEF\xBF\xBDz\"");
  for (const char* broken : {"\x80", "\xC0\x80", "\xC3", "\xE0\x80\x80", "\xE2\x82", "\xF0\x80\x80\x80",
                             "\xF4\x90\x80\x80", "\xED\xA0", "\xF8\x88\x80\x80"}) {
    const std::string text = halley::json::quoted(std::string("x") + broken + "\"y");
    const auto read = value_digest(text);  // refuses what is no UTF-8
    EXPECT_TRUE(read) << text;
    EXPECT_NE(text.find("\xEF\xBF\xBD"), std::string::npos);
    EXPECT_TRUE(text.ends_with("\\\"y\""));
  }
  for (const char* whole : {"\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xEE\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_EQ(quoted(std::string_view(whole)), std::string("\"") + whole + "\"");
  }
}

TEST(AppendString, AppendsBehindWhatIsThere) {
  std::string out = "x";
  append_string(out, "");
  EXPECT_EQ(out, "x\"\"");
}

TEST(AppendAsciiString, IsPureAscii) {
  EXPECT_EQ(ascii("a/\"\n"), R"("a/\"\n")");
  EXPECT_EQ(ascii("é€😀\x7f\U0010ffff"), R"("\u00e9\u20ac\ud83d\ude00\u007f\udbff\udfff")");
  EXPECT_EQ(ascii("a\xff"
                  "b\xc3"),
            R"("a\ufffdb\ufffd")");  // Not UTF-8.
}

}  // namespace
}  // namespace halley::json
