#include "cli/secret.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <thread>

#include "testing/recorded_disk.h"
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
  const std::string generated = "halley-" + std::string(64, 'a');
  const testing::TemporaryFolder folder;
  for (const std::string& given : {generated, "./" + generated, folder.path(generated), folder.write(generated, "")}) {
    EXPECT_EQ(refused({"", given, "", "--password-file"}).find("aaaa"), std::string::npos) << given;
  }
  EXPECT_EQ(refused({"", "", generated}).find("aaaa"), std::string::npos);
  const std::string passphrase = refused({"", "My secret passphrase 1", "", "HALLEY_PASSWORD_FILE"});
  EXPECT_EQ(passphrase.find("passphrase"), std::string::npos) << passphrase;
  EXPECT_NE(passphrase.find("HALLEY_PASSWORD_FILE"), std::string::npos) << passphrase;
}

// Whenever the power is cut once it is said to be written, it is there: what it opens must not outlive it.
TEST(Secret, AWrittenOneOutlivesAPowerCut) {
  const testing::TemporaryFolder folder;
  testing::RecordedDisk disk(folder.path());
  ASSERT_TRUE(write_secret(folder.path("password"), "s3cret", disk));
  disk.for_each_survival(disk.changes(), 10, [](const testing::DiskContent& left) {
    EXPECT_EQ(left.files, (std::map<std::string, std::string>{{"password", "s3cret\n"}}));
  });
}

TEST(Secret, OneThatCannotBeWrittenLeavesNoFile) {
  for (std::uint64_t call = 1;; ++call) {
    const testing::TemporaryFolder folder;
    testing::RecordedDisk disk(folder.path());
    disk.set_fault({.at = call, .error = ENOSPC});
    const auto written = write_secret(folder.path("password"), "s3cret", disk);
    if (!disk.failed()) {
      EXPECT_EQ(call, 6U) << "made, written, synced, closed, its folder synced";
      break;
    }
    ASSERT_FALSE(written) << call;
    EXPECT_EQ(written.error().code, Code::no_space);
    EXPECT_EQ(written.error().to_string().find("s3cret"), std::string::npos);
    EXPECT_FALSE(std::filesystem::exists(folder.path("password"))) << call;
  }
}

TEST(Secret, StaysWhereWhatItOpensMayBeThere) {
  for (const Code code : {Code::already_exists, Code::no_space, Code::ambiguous, Code::timeout}) {
    const testing::TemporaryFolder folder;
    const std::string path = folder.path("password");
    const auto made = write_secret_for(path, "s3cret", [&]() -> Status {
      EXPECT_EQ(read({"", path, ""}), "s3cret");
      return fail(code, "the repository");
    });
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, code);
    const bool stays = code == Code::ambiguous || code == Code::timeout;
    EXPECT_EQ(std::filesystem::exists(path), stays);
    EXPECT_EQ(made.error().hint.find(path) != std::string::npos, stays);
  }
}

TEST(Secret, IsWaitedForUntilAskedToStop) {
  const halley::testing::TemporaryFolder folder;
  SecretSource fifo;
  fifo.file = folder.path("fifo");
  ASSERT_EQ(mkfifo(fifo.file.c_str(), 0600), 0);
  const std::jthread writer([&] { std::ofstream(fifo.file) << "open sesame\n"; });
  EXPECT_EQ(read(fifo).value_or(""), "open sesame");
  std::stop_source stop;
  stop.request_stop();
  SecretSource command;
  command.command = "exec sleep 1000";
  for (const SecretSource& source : {fifo, command}) {
    const auto stopped = read_secret(source, "the key", one_variable(), stop.get_token());
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().code, Code::cancelled);
  }
}

}  // namespace
}  // namespace halley::cli
