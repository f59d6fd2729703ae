#include "cli/configuration.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "testing/temporary_folder.h"

namespace halley::cli {
namespace {

Error refused(std::string_view text) {
  const auto configuration = parse_configuration(text, "halley.toml");
  EXPECT_FALSE(configuration.has_value()) << text;
  return configuration ? Error() : configuration.error();
}

TEST(Configuration, ReadsEveryKey) {
  const auto read = parse_configuration(R"(
[account]
endpoint = "https://shop.documents.azure.com:443/"
key_env = "COSMOS_KEY"
ca = "/etc/ca.pem"
include = ["shop/*"]
exclude = ["shop/cache", "shop/log"]
[repository]
url = "/backup/shop"
password_file = "/etc/halley/password"
[capture]
mode = "latest"
[native]
subscription = "8f3c"
resource_group = "shop-rg"
account = "shop"
tier = "Continuous30Days"
cloud = "AzureCloud"
ca = "/etc/proxy.pem"
longest_lag = "1h"
redundancy = "Geo"
zone_redundant = true
all_versions = true
[prices]
currency = "EUR"
native_restore_gb = 0.5
native_restore_minutes = 10
native_restore_gb_hour = 20
request_units_hour = 0.01
repository_gb = 0
)",
                                        "halley.toml");
  ASSERT_TRUE(read.has_value()) << read.error().to_string();
  EXPECT_EQ(read->endpoint, "https://shop.documents.azure.com:443/");
  EXPECT_EQ(read->key.env, "COSMOS_KEY");
  EXPECT_EQ(read->ca, "/etc/ca.pem");
  EXPECT_EQ(read->include, (std::vector<std::string>{"shop/*"}));
  EXPECT_EQ(read->exclude, (std::vector<std::string>{"shop/cache", "shop/log"}));
  EXPECT_EQ(read->repository_url, "/backup/shop");
  EXPECT_EQ(read->password.file, "/etc/halley/password");
  EXPECT_EQ(read->mode, "latest");
  EXPECT_EQ(read->subscription, "8f3c");
  EXPECT_EQ(read->resource_group, "shop-rg");
  EXPECT_EQ(read->account, "shop");
  EXPECT_EQ(read->tier, "Continuous30Days");
  EXPECT_EQ(read->cloud, "AzureCloud");
  EXPECT_EQ(read->azure_ca, "/etc/proxy.pem");
  EXPECT_EQ(read->longest_lag, "1h");
  EXPECT_EQ(read->redundancy, "Geo");
  EXPECT_TRUE(read->zone_redundant);
  EXPECT_TRUE(read->all_versions);
  EXPECT_EQ(read->prices.currency, "EUR");
  EXPECT_EQ(read->prices.native_restore_gb, 0.5);
  EXPECT_EQ(read->prices.native_restore_minutes, 10);
  EXPECT_EQ(read->prices.native_restore_gb_hour, 20);
  EXPECT_EQ(read->prices.request_units_hour, 0.01);
  EXPECT_EQ(read->prices.repository_gb, 0);
}

TEST(Configuration, PricesAreNumbersAndSwitchesAreTrueOrFalse) {
  for (const char* wrong : {"-1", "nan", "inf", "\"1\"", "true"}) {
    const std::string text = std::string("[prices]\nrequest_units_hour = ") + wrong + "\n";
    EXPECT_NE(refused(text).message.find("halley.toml:2: prices.request_units_hour must be a number"),
              std::string::npos)
        << wrong;
  }
  EXPECT_NE(refused("[native]\nall_versions = \"yes\"\n").message.find("must be true or false"), std::string::npos);
  EXPECT_EQ(refused("[prices]\nrequest_unit_hour = 1\n").hint, "did you mean 'request_units_hour'?");
}

TEST(Configuration, AnUnknownKeyIsAnErrorWithItsLineAndTheNearestName) {
  const Error error = refused("[account]\nendpiont = \"x\"\n");
  EXPECT_EQ(error.code, Code::invalid_argument);
  EXPECT_EQ(error.message, "halley.toml:2: unknown key 'account.endpiont'");
  EXPECT_EQ(error.hint, "did you mean 'endpoint'?");
  EXPECT_EQ(refused("[acount]\n").hint, "did you mean 'account'?");
}

TEST(Configuration, SaysEverythingThatIsWrongAtOnce) {
  const Error error = refused("[account]\nendpoint = 5\nexclude = \"a\"\n[capture]\nmod = \"auto\"\n");
  for (const char* part : {"account.endpoint", "account.exclude", "capture.mod"}) {
    EXPECT_NE(error.message.find(part), std::string::npos) << error.message;
  }
}

TEST(Configuration, AValueThatCannotBeIsRefusedWithKeyAndLine) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"[capture]\nmode = \"foo\"", "capture.mode"},
      {"[native]\ntier = \"Foo\"", "native.tier"},
      {"[native]\nlongest_lag = \"x\"", "native.longest_lag"},
      {"[native]\nlongest_lag = \"-1h\"", "native.longest_lag"},
      {"[native]\nredundancy = \"Far\"", "native.redundancy"},
      {"[native]\ncloud = \"Cumulus\"", "native.cloud"},
      {"[account]\nendpoint = \"AccountEndpoint=https://a;AccountKey=s3cret\"", "account.endpoint"},
      {"[account]\nkey_env = \"s3cret=\"", "account.key_env"},
      {"[repository]\npassword_env = \"s3cret word\"", "repository.password_env"},
      {"[account]\ninclude = [\"\"]", "account.include"},
      {"[account]\nexclude = [\"a/b/c\"]", "account.exclude"},
      {"[account]\ninclude = [\"shop/\"]", "account.include"},
      {"[account]\nkey_file = \"~/key\"", "account.key_file"},
      {"[repository]\nurl = \"~/backup\"", "repository.url"},
  };
  for (const auto& [text, key] : wrong) {
    const Error error = refused(text + "\n");
    EXPECT_EQ(error.code, Code::invalid_argument);
    EXPECT_TRUE(error.message.starts_with("halley.toml:2: " + key + ": ")) << error.message;
    EXPECT_EQ((error.message + error.hint).find("s3cret"), std::string::npos) << error.message;
  }
  EXPECT_EQ(refused("[native]\ntier = \"Foo\"\n").hint,
            "there are Continuous7Days, Continuous30Days and Continuous35Days");
  EXPECT_NE(
      refused("[native]\ntier = \"Foo\"\n[capture]\nmode = \"foo\"\n").message.find("halley.toml:4: capture.mode"),
      std::string::npos)
      << "all at once";
}

TEST(Configuration, AnEmptyTextIsAsIfTheKeyWereNotThere) {
  const auto read = parse_configuration(
      "[account]\nendpoint = \"\"\nkey_env = \"\"\nca = \"\"\n[repository]\nurl = \"\"\n[capture]\nmode = \"\"\n"
      "[native]\ntier = \"\"\ncloud = \"\"\nlongest_lag = \"\"\nredundancy = \"\"\n",
      "folder/halley.toml");
  ASSERT_TRUE(read.has_value()) << read.error().to_string();
  EXPECT_EQ(read->ca + read->repository_url, "");
  EXPECT_TRUE(read->key.empty());
}

TEST(Configuration, RelativePathsBeginInTheFolderOfTheFile) {
  const std::string text =
      "[account]\nkey_file = \"key\"\nca = \"../ca.pem\"\n[repository]\nurl = \"repository\"\n"
      "password_file = \"/etc/password\"\n[native]\nca = \"azure.pem\"\n";
  const auto read = parse_configuration(text, "/etc/halley/halley.toml");
  ASSERT_TRUE(read.has_value()) << read.error().to_string();
  EXPECT_EQ(read->ca, "/etc/halley/../ca.pem");
  EXPECT_EQ(read->azure_ca, "/etc/halley/azure.pem");
  EXPECT_EQ(read->repository_url, "/etc/halley/repository");
  EXPECT_EQ(read->key.folder, "/etc/halley");
  EXPECT_EQ(parse_configuration(text, "halley.toml")->repository_url, "repository");
  const auto elsewhere = parse_configuration("[repository]\nurl = \"file:///backup\"\n", "/etc/halley/halley.toml");
  EXPECT_EQ(elsewhere->repository_url, "file:///backup");
}

TEST(Configuration, SecretsInClearAreRefusedAndNotRepeated) {
  for (const char* text : {"[account]\nkey = \"s3cret\"\n", "[repository]\npassword = \"s3cret\"\n"}) {
    const Error error = refused(text);
    EXPECT_EQ(error.to_string().find("s3cret"), std::string::npos);
    EXPECT_NE(error.hint.find("_env"), std::string::npos);
  }
}

TEST(Configuration, OneSourceForASecret) {
  EXPECT_EQ(refused("[account]\nkey_env = \"A\"\nkey_file = \"b\"\n").code, Code::invalid_argument);
}

TEST(Configuration, BrokenTomlIsAnErrorWithItsLine) {
  EXPECT_NE(refused("[account]\nendpoint = \n").message.find("halley.toml:2"), std::string::npos);
}

TEST(Configuration, CharactersBeyondAsciiStandInQuotesAndComments) {
  const auto read =
      parse_configuration("# caf\u00e9\n[account]\ninclude = ['caf\u00e9/*', \"\\\"\u00e9\"]\n", "halley.toml");
  ASSERT_TRUE(read.has_value()) << read.error().to_string();
  EXPECT_EQ(read->include, (std::vector<std::string>{"caf\u00e9/*", "\"\u00e9"}));
  const auto long_text =
      parse_configuration("\xEF\xBB\xBF[account]\ninclude = [\"\"\"a\"caf\u00e9\"/*\"\"\"]\n", "halley.toml");
  ASSERT_TRUE(long_text.has_value()) << long_text.error().to_string();
  EXPECT_EQ(long_text->include, (std::vector<std::string>{"a\"caf\u00e9\"/*"}));
  EXPECT_NE(refused("[account]\nmode = \"\"\"a\\\nb\"\"\"\ncaf\u00e9 = 1\n").message.find("halley.toml:4"),
            std::string::npos);
  EXPECT_NE(refused("[account]\ncaf\u00e9 = 1\n").message.find("halley.toml:2"), std::string::npos);
  EXPECT_NE(refused("\u0364cc]").message.find("halley.toml:1"), std::string::npos);
}

TEST(Configuration, WhatCanBeginNoNameIsRefusedWithItsLine) {
  for (const std::string text : {"[!]", "[=a]", "[[ %]]", "[\n]", " \t[\v]", "a\fb = 1", "a\x7F = 1", "\x01"}) {
    EXPECT_NE(refused("# [!]\n" + text + "\n").message.find("halley.toml:2"), std::string::npos) << text;
  }
  EXPECT_TRUE(parse_configuration("[ \"account\" ]\ninclude = [\n  'a',\n  \"[!]\\n\"\n]\n", "halley.toml"));
}

class LoadConfiguration : public ::testing::Test {
 protected:
  Result<Configuration> load(const Arguments& arguments) {
    std::ostringstream out;
    Output output(out, out, false, false);
    const Variables variables = [this](const std::string& name) -> std::optional<std::string> {
      if (name == "XDG_CONFIG_HOME") return folder_.path();
      return std::nullopt;
    };
    return load_configuration({real_runtime(), arguments, variables, output, {}});
  }
  testing::TemporaryFolder folder_;
};

TEST_F(LoadConfiguration, TheFileOfTheOptionComesFirst) {
  folder_.write("halley/halley.toml", "[capture]\nmode = \"latest\"\n");
  Arguments none;
  EXPECT_EQ(load(none)->mode, "latest");
  Arguments given;
  given.add("--config", folder_.write("other.toml", "[capture]\nmode = \"auto\"\n"));
  EXPECT_EQ(load(given)->mode, "auto");
}

TEST_F(LoadConfiguration, AFileThatIsNamedMustBeThere) {
  Arguments given;
  given.add("--config", folder_.path("nothing.toml"));
  const auto configuration = load(given);
  ASSERT_FALSE(configuration.has_value());
  EXPECT_EQ(configuration.error().code, Code::invalid_argument);
}

TEST_F(LoadConfiguration, WhatIsNoFileIsRefused) {
  for (const std::string& path : {folder_.path(), std::string("."), std::string("/dev/zero"), std::string()}) {
    Arguments given;
    given.add("--config", path);
    const auto configuration = load(given);
    ASSERT_FALSE(configuration.has_value()) << path;
    EXPECT_EQ(configuration.error().code, Code::invalid_argument);
    EXPECT_NE(configuration.error().message.find("cannot read the configuration '" + path + "'"), std::string::npos);
  }
}

TEST_F(LoadConfiguration, APlaceWithWhatCannotBeReadIsNotPassedOver) {
  std::filesystem::create_directories(folder_.path("halley/halley.toml"));
  EXPECT_FALSE(load({}).has_value()) << "a folder";
  std::filesystem::remove(folder_.path("halley/halley.toml"));
  std::filesystem::create_symlink("nowhere", folder_.path("halley/halley.toml"));
  EXPECT_FALSE(load({}).has_value()) << "a link that leads nowhere";
}

TEST_F(LoadConfiguration, SecretsAreReadFromTheFolderOfTheFile) {
  folder_.write("halley/password", "open sesame\n");
  folder_.write("halley/halley.toml", "[repository]\npassword_file = \"password\"\n[account]\nkey_file = \"s3cret\"\n");
  const auto configuration = load({});
  ASSERT_TRUE(configuration.has_value()) << configuration.error().to_string();
  EXPECT_EQ(read_secret(configuration->password, "the password", {}).value_or(""), "open sesame");
  const auto none = read_secret(configuration->key, "the key", {});
  ASSERT_FALSE(none.has_value());
  EXPECT_EQ(none.error().to_string().find("s3cret"), std::string::npos) << "it may be the secret itself";
}

}  // namespace
}  // namespace halley::cli
