#include "identity/azure_cli.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>
#include <filesystem>

#include "testing/temporary_folder.h"

namespace halley::identity {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr Second kNow{1795000000};
constexpr const char* kCliScope = "https://management.example/.default";

class AzureCli : public ::testing::Test {
 protected:
  // A program in place of az.
  Result<AccessToken> fetch(const std::string& script, const std::string& tenant = {}) {
    AzureCliOptions options;
    options.program = folder_.write("az", "#!/bin/sh\n" + script);
    options.tenant = tenant;
    std::filesystem::permissions(options.program, std::filesystem::perms::owner_all);
    return azure_cli_credential(real_runtime(), options)->fetch(kCliScope, {});
  }
  const testing::TemporaryFolder folder_;
};

TEST_F(AzureCli, IsAskedWithoutAShell) {
  const std::string words = folder_.path("words");
  const auto token =
      fetch("printf '%s\\n' \"$@\" > " + words + "\necho '{\"accessToken\":\"the-token\",\"expires_on\":4102444800}'",
            "a b;c");
  ASSERT_TRUE(token.has_value()) << token.error().to_string();
  EXPECT_EQ(token->text, "the-token");
  EXPECT_EQ(token->expires, (Second{4102444800}));
  EXPECT_EQ(folder_.read("words"),
            "account\nget-access-token\n--output\njson\n--scope\n" + std::string(kCliScope) + "\n--tenant\na b;c\n");
}

TEST_F(AzureCli, WhereItIsNotInstalledThereIsNone) {
  AzureCliOptions options;
  options.program = folder_.path("no-az");
  const auto refused = azure_cli_credential(real_runtime(), options)->fetch(kCliScope, {});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Code::not_found);
}

TEST_F(AzureCli, WhatItSaysWhenNobodyIsSignedInIsTold) {
  const auto refused = fetch(
      "echo WARNING: You are using Python 3.6 >&2; echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit "
      "1");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Code::unauthorized);
  EXPECT_EQ(refused.error().message, "az account get-access-token failed: Please run 'az login' to setup account.");
  EXPECT_EQ(refused.error().hint, "run 'az login'");
}

TEST_F(AzureCli, OneThatHangsIsGivenUp) {
  AzureCliOptions options;
  options.program = folder_.write("az", "#!/bin/sh\nsleep 1000\n");
  std::filesystem::permissions(options.program, std::filesystem::perms::owner_all);
  options.patience = Milliseconds(200);
  const auto refused = azure_cli_credential(real_runtime(), options)->fetch(kCliScope, {});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Code::timeout);
}

TEST(AzureCliOutput, OlderVersionsGiveLocalTime) {
  std::tm parts{};
  const std::time_t later = kNow.value + 3600;
  localtime_r(&later, &parts);
  std::string text(32, '\0');
  text.resize(std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts));
  const auto token = read_azure_cli_token(R"({"accessToken":"t","expiresOn":")" + text + R"(.123456"})", kNow);
  ASSERT_TRUE(token.has_value());
  EXPECT_EQ(token->expires, kNow + 3600);
  EXPECT_EQ(token->refresh_from, kNow + 3300);
}

TEST(AzureCliOutput, ATokenWithoutAnEndIsTakenForAShortOne) {
  EXPECT_EQ(read_azure_cli_token(R"({"accessToken":"t","expiresOn":"soon"})", kNow)->expires, kNow + 300);
  EXPECT_EQ(read_azure_cli_token(R"({"accessToken":"t"})", kNow)->expires, kNow + 300);
}

TEST(AzureCliOutput, AnythingElseIsCorruptAndNotRepeated) {
  for (const char* output :
       {"", "t0ken", "{}", R"({"accessToken":""})", R"({"accessToken":"t0ken x"})", "[\"t0ken\"]"}) {
    const auto token = read_azure_cli_token(output, kNow);
    ASSERT_FALSE(token.has_value()) << output;
    EXPECT_EQ(token.error().code, Code::corrupt);
    EXPECT_THAT(token.error().to_string(), Not(HasSubstr("t0ken")));
  }
}

}  // namespace
}  // namespace halley::identity
