#include "cli/secret.h"

#include <gtest/gtest.h>

#include "testing/temporary_folder.h"

namespace halley::cli {
namespace {

constexpr const char* kKey = "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw==";

Variables one_variable() {
  return [](const std::string& name) -> std::optional<std::string> {
    if (name == "THE_KEY") return "s3cret";
    return std::nullopt;
  };
}

Result<std::string> read(const SecretSource& source) { return read_secret(source, "the key", one_variable()); }

std::string refused(const SecretSource& source) {
  const auto secret = read(source);
  EXPECT_FALSE(secret.has_value());
  if (secret) return {};
  EXPECT_EQ(secret.error().code, Code::invalid_argument);
  return secret.error().to_string() + secret.error().hint;
}

TEST(Secret, ComesFromVariableFileOrCommand) {
  const testing::TemporaryFolder folder;
  EXPECT_EQ(read({"THE_KEY", "", ""}), "s3cret");
  EXPECT_EQ(read({"", folder.write("unix", "s3cret\n"), ""}), "s3cret");
  EXPECT_EQ(read({"", folder.write("windows", "s3cret\r\n"), ""}), "s3cret");
  EXPECT_EQ(read({"", folder.write("bare", " two words "), ""}), " two words ");
  EXPECT_EQ(read({"", "", "printf 's3cr'; echo et"}), "s3cret");
}

TEST(Secret, WhatIsNotThereIsNamed) {
  EXPECT_NE(refused({"NOT_SET", "", ""}).find("NOT_SET"), std::string::npos);
  EXPECT_NE(refused({"", "/nowhere/key", ""}).find("/nowhere/key"), std::string::npos);
  const testing::TemporaryFolder folder;
  refused({"", folder.write("empty", "\n"), ""});
  refused({"", "/dev/zero", ""});
  refused({"", folder.path(), ""});
  refused({});
}

TEST(Secret, AFailingCommandGivesNothingAway) {
  EXPECT_EQ(refused({"", "", "echo s3cret; exit 1"}).find("s3cret"), std::string::npos);
  refused({"", "", "true"});
}

TEST(Secret, ASecretInPlaceOfANameIsNotRepeated) {
  EXPECT_EQ(refused({kKey, "", ""}).find("C2y6"), std::string::npos);
  EXPECT_EQ(refused({"", kKey, ""}).find("C2y6"), std::string::npos);
}

}  // namespace
}  // namespace halley::cli
