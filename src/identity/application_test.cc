#include "identity/application.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/generated_key.h"
#include "testing/scripted_transport.h"
#include "testing/temporary_folder.h"
#include "testing/virtual_runtime.h"

namespace halley::identity {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const Application kApplication{"https://login.example", "the-tenant", "the-client"};
constexpr const char* kScope = "https://management.example/.default";
constexpr const char* kAnswer = R"({"token_type":"Bearer","expires_in":3599,"access_token":"the-token"})";

class ApplicationTest : public ::testing::Test {
 protected:
  std::unique_ptr<Credential> with_secret() {
    return secret_credential(runtime_, transport_, kApplication, "s3cret/+&=");
  }
  testing::VirtualRuntime runtime_{Second{1795000000}};
  testing::ScriptedTransport transport_;
};

TEST_F(ApplicationTest, ASecretIsExchangedForAToken) {
  transport_.answer(200, {}, kAnswer);
  const auto token = with_secret()->fetch(kScope, {});
  ASSERT_TRUE(token.has_value()) << token.error().to_string();
  EXPECT_EQ(token->text, "the-token");
  EXPECT_EQ(token->expires, (Second{1795000000 + 3599}));
  const http::Request& request = transport_.requests().at(0);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, "https://login.example/the-tenant/oauth2/v2.0/token");
  EXPECT_EQ(request.headers.get("Content-Type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(request.body,
            "grant_type=client_credentials&client_id=the-client&scope=https%3A%2F%2Fmanagement.example%2F.default"
            "&client_secret=s3cret%2F%2B%26%3D");
}

TEST_F(ApplicationTest, PassingTroubleIsRepeatedAndARefusalIsNot) {
  transport_.answer(503).failure(Code::ambiguous).answer(200, {}, kAnswer);
  EXPECT_TRUE(with_secret()->fetch(kScope, {}).has_value());
  EXPECT_EQ(transport_.requests().size(), 3u);
  transport_.answer(401, {}, R"({"error_description":"AADSTS7000222: expired s3cret/+&= it is"})");
  const auto refused = with_secret()->fetch(kScope, {});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Code::unauthorized);
  EXPECT_EQ(transport_.requests().size(), 4u);
  EXPECT_THAT(refused.error().to_string(), Not(HasSubstr("s3cret")));
}

TEST_F(ApplicationTest, TroubleThatDoesNotPassEndsAfterThreeAttempts) {
  for (int i = 0; i < 3; ++i) transport_.answer(500);
  const auto refused = with_secret()->fetch(kScope, {});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Code::unavailable);
  EXPECT_TRUE(transport_.finished());
}

TEST_F(ApplicationTest, ACertificateSignsAnAssertionAnewEachTime) {
  const testing::TemporaryFolder folder;
  const auto key = testing::GeneratedKey::rsa();
  const std::string path = folder.write("app.pem", key.private_key("pass") + key.certificate());
  const auto credential = certificate_credential(runtime_, transport_, kApplication, path, "pass");
  transport_.answer(200, {}, kAnswer).answer(200, {}, kAnswer);
  ASSERT_TRUE(credential->fetch(kScope, {}).has_value());
  ASSERT_TRUE(credential->fetch(kScope, {}).has_value());
  const std::string& body = transport_.requests().at(0).body;
  EXPECT_THAT(body, HasSubstr("&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
                              "&client_assertion=eyJ"));
  EXPECT_NE(body, transport_.requests().at(1).body);
}

TEST_F(ApplicationTest, ACertificateThatCannotBeReadIsNamed) {
  const auto credential = certificate_credential(runtime_, transport_, kApplication, "/nowhere/app.pem", "");
  const auto refused = credential->fetch(kScope, {});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Code::invalid_argument);
  EXPECT_THAT(refused.error().message, HasSubstr("/nowhere/app.pem"));
  EXPECT_TRUE(transport_.requests().empty());
}

TEST_F(ApplicationTest, AWorkloadsTokenIsReadAnewEachTime) {
  const testing::TemporaryFolder folder;
  const std::string path = folder.write("token", "first\n");
  const auto credential = workload_credential(runtime_, transport_, kApplication, path);
  transport_.answer(200, {}, kAnswer).answer(200, {}, kAnswer);
  ASSERT_TRUE(credential->fetch(kScope, {}).has_value());
  folder.write("token", "second");
  ASSERT_TRUE(credential->fetch(kScope, {}).has_value());
  EXPECT_TRUE(transport_.requests().at(0).body.ends_with("&client_assertion=first"));
  EXPECT_TRUE(transport_.requests().at(1).body.ends_with("&client_assertion=second"));
  folder.write("token", "");
  EXPECT_EQ(credential->fetch(kScope, {}).error().code, Code::invalid_argument);
}

TEST_F(ApplicationTest, ATenantOrClientThatIsNoneIsNotSent) {
  for (const Application& bad :
       {Application{"https://login.example", "../evil", "c"}, Application{"https://login.example", "t", "c&scope=x"},
        Application{"https://login.example", "", "c"}}) {
    const auto refused = secret_credential(runtime_, transport_, bad, "s3cret")->fetch(kScope, {});
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, Code::invalid_argument);
  }
  EXPECT_TRUE(transport_.requests().empty());
}

}  // namespace
}  // namespace halley::identity
