#include "native/arm_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace halley::native {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr Second kNow{1795000000};

Error refusal(int status, std::string body, bool changes = false, http::Headers headers = {}) {
  http::Response response;
  response.status = status;
  response.body = std::move(body);
  response.headers = std::move(headers);
  return arm_error(response, changes, kNow);
}

std::string said(const char* body) { return read_arm_message(json::parse(body).value()).text; }

TEST(ArmError, AnExpiredTokenSaysToSignInAgain) {
  const Error error =
      refusal(401, R"({"error":{"code":"ExpiredAuthenticationToken","message":"The access token expiry )"
                   R"(UTC time '11/26/2026 1:00:00 AM' is earlier than current UTC time."}})");
  EXPECT_EQ(error.code, Code::unauthorized);
  EXPECT_EQ(error.status, 401);
  EXPECT_THAT(error.message, HasSubstr("401 ExpiredAuthenticationToken: The access token expiry"));
  EXPECT_THAT(error.hint, HasSubstr("az login"));
}

TEST(ArmError, AMissingRoleIsNamed) {
  const auto forbidden = [](const std::string& action) {
    return refusal(403, R"({"error":{"code":"AuthorizationFailed","message":"The client 'a@b' with object id '1' does )"
                        R"(not have authorization to perform action ')" +
                            action +
                            R"(' over scope '/subscriptions/2' )"
                            R"(or the scope is invalid."}})");
  };
  const Error error = forbidden("Microsoft.DocumentDB/locations/restorableDatabaseAccounts/restore/action");
  EXPECT_EQ(error.code, Code::forbidden);
  EXPECT_THAT(error.hint, HasSubstr("CosmosRestoreOperator"));
  EXPECT_THAT(error.hint, HasSubstr("restorableDatabaseAccounts/restore/action"));
  EXPECT_THAT(forbidden("Microsoft.DocumentDB/databaseAccounts/read").hint, HasSubstr("Cosmos DB Account Reader Role"));
  EXPECT_THAT(forbidden("Microsoft.DocumentDB/databaseAccounts/write").hint,
              HasSubstr("DocumentDB Account Contributor"));
  EXPECT_THAT(forbidden("Microsoft.Resources/subscriptions/resourceGroups/read").hint, HasSubstr("role Reader,"));
  EXPECT_THAT(refusal(403, "").hint, HasSubstr("role"));
}

TEST(ArmError, WhatIsUnknownIsToldApart) {
  const auto hint = [](const char* code) {
    return refusal(404, R"({"error":{"code":")" + std::string(code) + R"(","message":"x"}})").hint;
  };
  EXPECT_THAT(hint("SubscriptionNotFound"), HasSubstr("--subscription"));
  EXPECT_THAT(hint("ResourceGroupNotFound"), HasSubstr("--resource-group"));
  EXPECT_THAT(hint("ResourceNotFound"), HasSubstr("--account"));
  EXPECT_EQ(refusal(400, R"({"error":{"code":"InvalidSubscriptionId","message":"x"}})").code, Code::not_found);
}

TEST(ArmError, AMomentThatNoBackupReachesIsOutsideCoverage) {
  const Error error =
      refusal(400, R"({"code":"BadRequest","message":"Invalid restore timestamp.  Please provide a time )"
                   R"((in UTC) after the account has been created\r\nActivityId: 1, x"})");
  EXPECT_EQ(error.code, Code::outside_coverage);
  EXPECT_EQ(error.message,
            "Resource Manager answered 400 BadRequest: Invalid restore timestamp. Please provide a time (in UTC) after "
            "the account has been created");
}

TEST(ArmError, AnotherOperationInTheWayIsAPrecondition) {
  for (const int status : {409, 412}) {
    const Error error = refusal(
        status, R"({"code":"PreconditionFailed","message":"There is already an operation in progress which requires )"
                R"(exclusive lock on this account shop. Please retry the operation after sometime."})");
    EXPECT_EQ(error.code, Code::precondition);
    EXPECT_THAT(error.hint, HasSubstr("native status"));
  }
}

TEST(ArmError, ThrottlingNamesTheAllowanceAndTheWait) {
  http::Headers headers;
  headers.add("Retry-After", "42");
  headers.add("x-ms-ratelimit-remaining-subscription-writes", "0");
  const Error error =
      refusal(429, R"({"error":{"code":"SubscriptionRequestsThrottled","message":"x"}})", true, headers);
  EXPECT_EQ(error.code, Code::throttled);
  EXPECT_EQ(error.retry_after, Milliseconds(42000));
  EXPECT_THAT(error.hint, HasSubstr("subscription-writes"));
}

TEST(ArmError, WhatLeavesOpenWhetherItWasDoneIsAmbiguousOfAChange) {
  EXPECT_EQ(refusal(500, "", true).code, Code::ambiguous);
  EXPECT_EQ(refusal(504, "", true).code, Code::ambiguous);
  EXPECT_EQ(refusal(500, "").code, Code::unavailable);
  EXPECT_EQ(refusal(503, "", true).code, Code::unavailable);
}

TEST(ArmError, AVersionThatTheCloudDoesNotKnowIsUnsupported) {
  EXPECT_EQ(refusal(400, R"({"error":{"code":"NoRegisteredProviderFound","message":"x"}})").code, Code::unsupported);
  EXPECT_EQ(refusal(400, R"({"error":{"code":"InvalidApiVersionParameter","message":"x"}})").code, Code::unsupported);
}

TEST(ArmMessage, DetailsAndInnerErrorsAreJoined) {
  EXPECT_EQ(said(R"({"error":{"code":"A","message":"Outer.","details":[{"code":"B","message":"first"},)"
                 R"({"code":"C","message":"second"}],"innererror":{"code":"D","message":"inner"}}})"),
            "Outer. inner; first; second");
  EXPECT_EQ(said(R"({"error":{"code":"A","message":"Outer","innererror":{"code":"Inner"}}})"), "Outer; Inner");
}

TEST(ArmMessage, WhatIsWrappedIsUnwrapped) {
  const ArmMessage found = read_arm_message(
      json::parse(R"({"code":"Failed","message":"Message: {\"code\":\"BadRequest\",\"message\":\"Message: )"
                  R"({\\\"Errors\\\":[\\\"one\\\",\\\"two\\\"]}\\r\\nActivityId: 1\"}\r\nActivityId: 2"})")
          .value());
  EXPECT_EQ(found.code, "BadRequest");
  EXPECT_EQ(found.text, "one; two");
}

TEST(ArmMessage, IsOneBoundedLine) {
  std::string deep = "x";
  for (int i = 0; i < 30; ++i) deep = R"({"error":{"message":"a","innererror":)" + (i == 0 ? "{}" : deep) + "}}";
  EXPECT_LT(said(deep.c_str()).size(), 500u);
  const std::string longer = said((R"({"message":"line\none\ttwo )" + std::string(1000, 'y') + R"("})").c_str());
  EXPECT_THAT(longer, HasSubstr("line one two yy"));
  EXPECT_LE(longer.size(), 403u);
  for (const char* nothing : {"[]", "7", "{}", R"({"error":7})", R"({"message":7})"}) EXPECT_EQ(said(nothing), "");
  EXPECT_EQ(refusal(400, std::string(300 * 1024, '{')).message, "Resource Manager answered 400");
  EXPECT_EQ(refusal(502, "<html>bad gateway</html>").message, "Resource Manager answered 502");
}

TEST(OperationError, SaysHowItEndedAndWhy) {
  const Error error = operation_error(
      "Failed", json::parse(R"({"code":"InternalServerError","message":"The restore failed."})").value());
  EXPECT_EQ(error.message, "the operation ended as Failed InternalServerError: The restore failed.");
  EXPECT_EQ(operation_error("Canceled", json::Value()).code, Code::precondition);
  EXPECT_NE(operation_error("Failed", json::Value()).status, 0) << "it is not the user's mistake";
}

}  // namespace
}  // namespace halley::native
