#include "identity/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "testing/scripted_transport.h"
#include "testing/temporary_folder.h"
#include "testing/virtual_runtime.h"

namespace halley::identity {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kAnswer = R"({"access_token":"the-token","expires_in":3599})";

class EnvironmentTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<TokenSource>> tokens() {
    return tokens_of_environment(
        runtime_, transport_,
        [this](const std::string& name) -> std::optional<std::string> {
          const auto found = variables_.find(name);
          return found == variables_.end() ? std::nullopt : std::optional(found->second);
        },
        find_cloud("AzureCloud").value());
  }
  // The URL that the first question for a token goes to, and the way it was.
  std::pair<std::string, std::string> first_question() {
    transport_.answer(200, {}, kAnswer);
    const auto source = tokens().value();
    EXPECT_EQ(source->token("https://management.azure.com/.default", {}).value_or("none"), "the-token");
    return {transport_.requests().at(0).url, source->way()};
  }

  std::map<std::string, std::string> variables_;
  testing::VirtualRuntime runtime_{Second{1795000000}};
  testing::ScriptedTransport transport_;
};

TEST_F(EnvironmentTest, ASecretComesFirst) {
  variables_ = {{"AZURE_TENANT_ID", "t"},
                {"AZURE_CLIENT_ID", "c"},
                {"AZURE_CLIENT_SECRET", "s"},
                {"IDENTITY_ENDPOINT", "http://127.0.0.1:1/msi"},
                {"IDENTITY_HEADER", "h"}};
  const auto [url, way] = first_question();
  EXPECT_EQ(url, "https://login.microsoftonline.com/t/oauth2/v2.0/token");
  EXPECT_EQ(way, "client secret");
}

TEST_F(EnvironmentTest, TheAuthorityMayBeAnother) {
  variables_ = {{"AZURE_TENANT_ID", "t"},
                {"AZURE_CLIENT_ID", "c"},
                {"AZURE_CLIENT_SECRET", "s"},
                {"AZURE_AUTHORITY_HOST", "https://login.microsoftonline.us/"}};
  EXPECT_EQ(first_question().first, "https://login.microsoftonline.us/t/oauth2/v2.0/token");
  variables_["AZURE_AUTHORITY_HOST"] = "http://login.example.com";
  EXPECT_EQ(tokens().error().code, Code::invalid_argument);
}

TEST_F(EnvironmentTest, AWorkloadsFileIsUsed) {
  const testing::TemporaryFolder folder;
  variables_ = {
      {"AZURE_TENANT_ID", "t"}, {"AZURE_CLIENT_ID", "c"}, {"AZURE_FEDERATED_TOKEN_FILE", folder.write("token", "x")}};
  EXPECT_EQ(first_question().second, "workload identity");
}

TEST_F(EnvironmentTest, WithoutAnApplicationTheMachinesIdentityIsAsked) {
  variables_ = {{"AZURE_CLIENT_ID", "c"}};
  const auto [url, way] = first_question();
  EXPECT_THAT(url, StartsWith("http://169.254.169.254/metadata/identity/oauth2/token?"));
  EXPECT_THAT(url, HasSubstr("&client_id=c"));
  EXPECT_EQ(way, "managed identity");
}

TEST_F(EnvironmentTest, AnAppServicesEndpointAndAnothersHostAreUsed) {
  variables_ = {{"IDENTITY_ENDPOINT", "http://127.0.0.1:1/msi"}, {"IDENTITY_HEADER", "h"}};
  EXPECT_THAT(first_question().first, StartsWith("http://127.0.0.1:1/msi?"));
}

TEST_F(EnvironmentTest, APartOfWhatAnApplicationNeedsIsAnError) {
  for (const char* proof : {"AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_FEDERATED_TOKEN_FILE"}) {
    variables_ = {{proof, "x"}, {"AZURE_TENANT_ID", "t"}};
    const auto source = tokens();
    ASSERT_FALSE(source.has_value()) << proof;
    EXPECT_EQ(source.error().code, Code::invalid_argument);
    EXPECT_EQ(source.error().message, std::string(proof) + " is set, and AZURE_CLIENT_ID is not");
  }
}

}  // namespace
}  // namespace halley::identity
