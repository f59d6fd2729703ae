#include "identity/cloud.h"

#include <gtest/gtest.h>

namespace halley::identity {
namespace {

TEST(Cloud, IsFoundByNameWithoutCaseAndByUrl) {
  const Cloud government = find_cloud("azureusgovernment").value();
  EXPECT_EQ(government.name, "AzureUSGovernment");
  EXPECT_EQ(government.authority, "https://login.microsoftonline.us");
  EXPECT_EQ(government.management_scope(), "https://management.usgovcloudapi.net/.default");
  EXPECT_EQ(find_cloud("AzureChinaCloud")->cosmos_scope, "https://cosmos.azure.cn/.default");
  EXPECT_EQ(find_cloud("https://management.azure.com/")->name, "AzureCloud");
}

TEST(Cloud, AnotherOneIsNamedByTheUrlOfItsResourceManager) {
  const Cloud stack = find_cloud("https://management.local.azurestack.external/").value();
  EXPECT_EQ(stack.resource_manager, "https://management.local.azurestack.external");
  EXPECT_EQ(stack.management_scope(), "https://management.local.azurestack.external/.default");
  EXPECT_EQ(stack.authority, "https://login.microsoftonline.com");
}

TEST(Cloud, AnUnknownNameIsRefusedNamingTheKnownOnes) {
  const auto cloud = find_cloud("AzureGermanCloud");
  ASSERT_FALSE(cloud.has_value());
  EXPECT_EQ(cloud.error().code, Code::invalid_argument);
  EXPECT_NE(cloud.error().hint.find("AzureChinaCloud"), std::string::npos);
}

TEST(Cloud, TokensGoToHttpsOrToThisMachineOnly) {
  EXPECT_EQ(token_place("login.microsoftonline.us", "x").value(), "https://login.microsoftonline.us");
  EXPECT_EQ(token_place("http://127.0.0.1:8080/", "x").value(), "http://127.0.0.1:8080");
  EXPECT_EQ(token_place("http://[::1]:1/a", "x").value(), "http://[::1]:1/a");
  for (const char* bad : {"http://login.example.com", "http://127evil.example", "http://localhost.evil.example",
                          "ftp://127.0.0.1", "https://", "https://a b", "https://user@host", "https://h?x=1", ""}) {
    const auto place = token_place(bad, "AZURE_AUTHORITY_HOST");
    ASSERT_FALSE(place.has_value()) << bad;
    EXPECT_NE(place.error().message.find("AZURE_AUTHORITY_HOST"), std::string::npos);
  }
}

TEST(Cloud, TheOriginOfAUrl) {
  EXPECT_EQ(origin_of("https://management.azure.com/subscriptions?x=/"), "https://management.azure.com");
  EXPECT_EQ(origin_of("https://management.azure.com:443/subscriptions"), "https://management.azure.com");
  EXPECT_EQ(origin_of("https://management.azure.com:8443"), "https://management.azure.com:8443");
  EXPECT_EQ(origin_of("http://localhost:80/"), "http://localhost");
  EXPECT_EQ(origin_of("https://a@b/"), "");
  EXPECT_EQ(origin_of("management.azure.com"), "");
}

}  // namespace
}  // namespace halley::identity
