#include "identity/token_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace halley::identity {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr Second kNow{1795000000};

Result<AccessToken> read(int status, std::string body, const std::string& secret = "s3cret") {
  http::Response response;
  response.status = status;
  response.body = std::move(body);
  return read_token(response, kNow, secret);
}

TEST(TokenAnswer, LifetimesAreNumbersOrTextAndRefreshedAhead) {
  const AccessToken entra = read(200, R"({"token_type":"Bearer","expires_in":3599,"access_token":"abc"})").value();
  EXPECT_EQ(entra.text, "abc");
  EXPECT_EQ(entra.expires, kNow + 3599);
  EXPECT_EQ(entra.refresh_from, kNow + 3299);
  const AccessToken metadata =
      read(200, R"({"access_token":"abc","expires_in":"86000","refresh_in":"43000","expires_on":"1"})").value();
  EXPECT_EQ(metadata.expires, kNow + 86000);
  EXPECT_EQ(metadata.refresh_from, kNow + 43000);
  const AccessToken service = read(200, R"({"access_token":"abc","expires_on":"1795000100"})").value();
  EXPECT_EQ(service.expires, kNow + 100);
  EXPECT_EQ(service.refresh_from, kNow + 50);
}

TEST(TokenAnswer, WhatIsNoTokenIsCorrupt) {
  for (const char* body :
       {"", "<html>", "[]", "{}", R"({"access_token":""})", R"({"access_token":"abc"})", R"({"access_token":7})",
        R"({"access_token":"abc","expires_in":"soon"})", R"({"access_token":"a\r\nb","expires_in":1})"}) {
    const auto token = read(200, body);
    ASSERT_FALSE(token.has_value()) << body;
    EXPECT_EQ(token.error().code, Code::corrupt);
    EXPECT_THAT(token.error().to_string(), Not(HasSubstr("abc")));
  }
}

TEST(TokenAnswer, ARefusalIsOneLineWithAHint) {
  const auto refused =
      read(401, R"({"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret)"
                R"( provided. Trace ID: 1-2 Correlation ID: 3-4 Timestamp: 2026"})");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Code::unauthorized);
  EXPECT_EQ(refused.error().status, 401);
  EXPECT_EQ(refused.error().message, "the token endpoint answered 401: AADSTS7000215: Invalid client secret provided.");
  EXPECT_THAT(refused.error().hint, HasSubstr("the secret's value"));
  EXPECT_THAT(read(400, R"({"error_description":"AADSTS700213: No matching\r\nsecond line"})").error().message,
              Not(HasSubstr("second line")));
  EXPECT_THAT(read(400, R"({"error_description":"AADSTS700213: x"})").error().hint, HasSubstr("federated"));
}

TEST(TokenAnswer, PassingTroubleIsNotARefusal) {
  EXPECT_EQ(read(503, "").error().code, Code::unavailable);
  EXPECT_EQ(read(429, "").error().code, Code::throttled);
  EXPECT_EQ(read(400, std::string(100000, 'x')).error().code, Code::unauthorized);
}

TEST(TokenAnswer, WordsThatHoldASecretAreNotShown) {
  EXPECT_THAT(read(401, R"({"error_description":"AADSTS1: s3cret is wrong"})").error().to_string(),
              Not(HasSubstr("s3cret")));
  EXPECT_EQ(one_safe_line("bad token eyJhbGciOiJSUzI1NiJ9.e30.x here"), "bad token");
  EXPECT_EQ(one_safe_line(std::string(5000, 'y')).size(), 300u);
}

}  // namespace
}  // namespace halley::identity
