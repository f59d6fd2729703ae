#include "cosmos/signing.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "codec/base64.h"
#include "cosmos/resource_path.h"
#include "http/message.h"
#include "json/value.h"

namespace halley::cosmos {
namespace {

std::vector<std::string> segments_of(std::string_view path) {
  std::vector<std::string> segments;
  std::istringstream rest{std::string(path)};
  for (std::string segment; std::getline(rest, segment, '/');) {
    if (!segment.empty()) segments.push_back(http::percent_decode(segment).value());
  }
  return segments;
}

TEST(Signing, MatchesThePublishedVectors) {
  std::ifstream file("src/cosmos/testdata/signatures.json");
  std::ostringstream text;
  text << file.rdbuf();
  const auto vectors = json::parse(text.str());
  ASSERT_TRUE(vectors) << vectors.error().to_string();
  const std::string key = codec::base64_decode(vectors->string_at("key")).value();
  const auto& requests = vectors->find("requests")->items();
  ASSERT_EQ(requests.size(), 45u);
  for (const json::Value& request : requests) {
    const SignedResource resource = signed_resource(segments_of(request.string_at("path")));
    EXPECT_EQ(resource.type, request.string_at("type")) << request.string_at("path");
    EXPECT_EQ(resource.link, request.string_at("link")) << request.string_at("path");
    EXPECT_EQ(
        master_key_signature(key, request.string_at("verb"), resource.type, resource.link, request.string_at("date")),
        request.string_at("signature"));
  }
}

TEST(Signing, MatchesVectorsOfTheEmulatorKey) {
  const std::string key = codec::base64_decode(kEmulatorKey).value();
  const auto sign = [&](std::string_view verb, std::initializer_list<std::string_view> segments) {
    const SignedResource resource = resource_path(segments).signed_as;
    return master_key_signature(key, verb, resource.type, resource.link, "Sun, 22 Nov 2026 12:01:37 GMT");
  };
  EXPECT_EQ(sign("GET", {}), "82DJ8DS0ojIMug9XQtxMac4b2btk9qkV2eOQx65ve9A=");
  EXPECT_EQ(sign("GET", {"dbs", "Shop"}), "29WNxQNJsOg7xipAAN4sY/jlZ6ma5CjNxlqN92RRnIU=");
  EXPECT_EQ(sign("POST", {"dbs", "Shop", "colls", "Orders", "docs"}), "7PO3HCIkDzjB4FditK/XewW+JKShDx1OXz6VyGhCA64=");
  EXPECT_EQ(sign("GET", {"dbs", "Shop", "colls", "Orders", "docs", "a b%é"}),
            "P60XgL3t/rsLyG+AotoXr97k2ryNhQz0c8FkXXLiGJE=");
  EXPECT_EQ(sign("GET", {"dbs", "Lx1BAA==", "colls", "Lx1BALJJyZ8=", "pkranges"}),
            "9X3kt5MaolP8rtKPlA6McYL2uh+AXS29MV+sYFs8Edg=");
  EXPECT_EQ(sign("PUT", {"offers", "ABcd"}), "/E/zYB5kfqMS/Ut5FtJyZjZIGzPP0CLA9Jolz+HXaO8=");
}

TEST(Signing, TokenIsUrlEncoded) {
  const std::string token = master_key_token("key", "GET", "dbs", "", "Sun, 22 Nov 2026 12:01:37 GMT");
  EXPECT_TRUE(token.starts_with("type%3Dmaster%26ver%3D1.0%26sig%3D")) << token;
  EXPECT_EQ(
      http::percent_decode(token),
      "type=master&ver=1.0&sig=" + master_key_signature("key", "get", "dbs", "", "Sun, 22 Nov 2026 12:01:37 GMT"));
}

TEST(Signing, KeepsTheCaseOfNamesAndLowersRids) {
  EXPECT_EQ(signed_resource({"dbs", "ShOp", "colls", "A/B"}).link, "dbs/ShOp/colls/A/B");
  EXPECT_EQ(signed_resource({"dbs", "Lx1BAA==", "colls", "Lx1BALxJyZ8="}).link, "lx1balxjyz8=");
  EXPECT_EQ(signed_resource({"dbs", "ABcd", "colls"}).link, "dbs/ABcd");  // three bytes: a name
  EXPECT_EQ(signed_resource({"offers"}).link, "");
  const SignedResource whole_key = signed_resource({"dbs", "D", "colls", "C", "operations", "partitionkeydelete"});
  EXPECT_EQ(whole_key.type, "colls");
  EXPECT_EQ(whole_key.link, "dbs/D/colls/C");
}

TEST(ResourcePath, EncodesEachSegmentAndSignsItRaw) {
  const ResourcePath path = resource_path({"dbs", "a b", "colls", "c", "docs", "x/y?é"});
  EXPECT_EQ(path.encoded, "/dbs/a%20b/colls/c/docs/x%2Fy%3F%C3%A9");
  EXPECT_EQ(path.signed_as.type, "docs");
  EXPECT_EQ(path.signed_as.link, "dbs/a b/colls/c/docs/x/y?é");
  EXPECT_EQ(resource_path({}).encoded, "/");
  EXPECT_EQ(resource_path({}).signed_as.type, "");
}

}  // namespace
}  // namespace halley::cosmos
