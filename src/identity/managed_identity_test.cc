#include "identity/managed_identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/scripted_transport.h"
#include "testing/temporary_folder.h"
#include "testing/virtual_runtime.h"

namespace halley::identity {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kMachineScope = "https://management.example/.default";
constexpr const char* kMachineAnswer = R"({"access_token":"the-token","expires_in":"86000","expires_on":"1795086000"})";

class ManagedIdentity : public ::testing::Test {
 protected:
  Result<AccessToken> fetch(ManagedIdentityOptions options) {
    return managed_identity_credential(runtime_, transport_, std::move(options))->fetch(kMachineScope, {});
  }
  const http::Request& request(std::size_t i) const { return transport_.requests().at(i); }

  testing::VirtualRuntime runtime_{Second{1795000000}};
  testing::ScriptedTransport transport_;
};

TEST_F(ManagedIdentity, AVirtualMachinesMetadataServiceIsAsked) {
  transport_.answer(200, {}, kMachineAnswer);
  ManagedIdentityOptions options;
  options.client_id = "user-assigned";
  const auto token = fetch(options);
  ASSERT_TRUE(token.has_value()) << token.error().to_string();
  EXPECT_EQ(token->text, "the-token");
  EXPECT_EQ(request(0).method, "GET");
  EXPECT_EQ(request(0).url,
            "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01"
            "&resource=https%3A%2F%2Fmanagement.example&client_id=user-assigned");
  EXPECT_EQ(request(0).headers.get("Metadata"), "true");
}

TEST_F(ManagedIdentity, WhereNothingAnswersThereIsNone) {
  for (const Code code : {Code::unavailable, Code::timeout, Code::ambiguous}) {
    transport_.failure(code);
    const auto refused = fetch({});
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, Code::not_found);
  }
  // A machine without an identity, and another cloud's metadata service.
  transport_.answer(400, {}, R"({"error":"invalid_request","error_description":"Identity not found"})");
  const auto refused = fetch({});
  EXPECT_EQ(refused.error().code, Code::not_found);
  EXPECT_THAT(refused.error().to_string(), HasSubstr("Identity not found"));
  for (int i = 0; i < 3; ++i) transport_.answer(404);
  EXPECT_EQ(fetch({}).error().code, Code::not_found);
  EXPECT_TRUE(transport_.finished());
}

// Another way to log in may be another identity: it is not for a service that is there, and answers so for a while.
TEST_F(ManagedIdentity, AMetadataServiceThatIsBeingUpdatedIsAskedAgain) {
  for (const int status : {404, 408, 410}) {
    transport_.answer(status).answer(status).answer(200, {}, kMachineAnswer);
    const auto token = fetch({});
    EXPECT_TRUE(token.has_value()) << status << ": " << token.error().to_string();
    EXPECT_TRUE(transport_.finished()) << status;
  }
  for (const int status : {408, 410}) {
    for (int i = 0; i < 5; ++i) transport_.answer(status);
    EXPECT_NE(fetch({}).error().code, Code::not_found) << status;
  }
}

TEST_F(ManagedIdentity, AMetadataServiceThatIsBusyIsAskedAgain) {
  transport_.answer(429).answer(500).answer(200, {}, kMachineAnswer);
  EXPECT_TRUE(fetch({}).has_value());
  EXPECT_TRUE(transport_.finished());
  for (int i = 0; i < 5; ++i) transport_.answer(500);
  EXPECT_EQ(fetch({}).error().code, Code::unavailable);
}

TEST_F(ManagedIdentity, AnAppServiceSendsItsHeader) {
  transport_.answer(200, {}, kMachineAnswer);
  ManagedIdentityOptions options;
  options.endpoint = "http://127.0.0.1:41000/msi/token";
  options.header = "h3ader";
  ASSERT_TRUE(fetch(options).has_value());
  EXPECT_EQ(request(0).url,
            "http://127.0.0.1:41000/msi/token?api-version=2019-08-01&resource=https%3A%2F%2Fmanagement.example");
  EXPECT_EQ(request(0).headers.get("X-IDENTITY-HEADER"), "h3ader");
  EXPECT_EQ(request(0).headers.find("Metadata"), nullptr);
  transport_.answer(401, {}, R"({"message":"h3ader is wrong"})");
  const auto refused = fetch(options);
  EXPECT_EQ(refused.error().code, Code::unauthorized);
  EXPECT_THAT(refused.error().to_string(), Not(HasSubstr("h3ader")));
}

TEST_F(ManagedIdentity, ArcIsGivenTheKeyItAsksFor) {
  const testing::TemporaryFolder folder;
  const std::string key = folder.write("one.key", "the-key");
  transport_.answer(401, testing::headers({{"WWW-Authenticate", "Basic realm=" + key}}))
      .answer(200, {}, kMachineAnswer);
  ManagedIdentityOptions options;
  options.endpoint = "http://127.0.0.1:40342/metadata/identity/oauth2/token";
  options.arc_keys = folder.path();
  ASSERT_TRUE(fetch(options).has_value());
  EXPECT_THAT(request(0).url, HasSubstr("?api-version=2020-06-01&resource="));
  EXPECT_EQ(request(0).headers.find("Authorization"), nullptr);
  EXPECT_EQ(request(1).headers.get("Authorization"), "Basic the-key");
}

TEST_F(ManagedIdentity, NoOtherFileIsSentToArc) {
  const testing::TemporaryFolder folder;
  const testing::TemporaryFolder elsewhere;
  ManagedIdentityOptions options;
  options.endpoint = "http://127.0.0.1:40342/token";
  options.arc_keys = folder.path();
  for (const std::string& realm :
       {elsewhere.write("one.key", "x"), folder.write("one.txt", "x"), folder.write("below/one.key", "x"),
        folder.path() + "/../" + elsewhere.path().substr(1) + "/one.key", folder.path("absent.key"),
        folder.path(std::string(300, 'a') + ".key"), std::string()}) {
    const std::size_t before = transport_.requests().size();
    transport_.answer(401, testing::headers({{"WWW-Authenticate", "Basic realm=" + realm}}));
    const auto refused = fetch(options);
    ASSERT_FALSE(refused.has_value()) << realm;
    EXPECT_EQ(refused.error().code, Code::corrupt);
    EXPECT_EQ(transport_.requests().size(), before + 1);
  }
}

}  // namespace
}  // namespace halley::identity
