// What only the real process shows: signals, terminals, broken outputs.
#include "process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>

#include "json/value.h"
#include "testing/temporary_folder.h"

namespace halley::testing {
namespace {

// The first line that is JSON.
json::Value first_object(const std::string& said) {
  const std::size_t begin = said.starts_with('{') ? 0 : said.find("\n{") + 1;
  return json::parse(said.substr(begin, said.find('\n', begin) - begin)).value_or(json::Value());
}

// An emulator as a process of its own, with what others need to reach it.
class Served {
 public:
  explicit Served(std::vector<std::string> options) : process_(words(std::move(options)), {}) {
    const json::Value ready = first_object(process_.read_until("}\n"));
    endpoint = ready.string_at("endpoint");
    key = ready.string_at("key");
    certificate = ready.string_at("certificate");
    const json::Value* pid = ready.find("pid");
    EXPECT_TRUE(pid != nullptr && pid->as_integer() == process_.pid()) << process_.out();
  }
  int stop() {
    process_.signal(SIGTERM);
    return process_.wait();
  }
  std::string endpoint;
  std::string key;
  std::string certificate;

 private:
  static std::vector<std::string> words(std::vector<std::string> options) {
    options.insert(options.begin(), {"emulator", "--listen", "127.0.0.1:0", "--json"});
    return options;
  }
  Process process_;
};

class RealProcess : public ::testing::Test {
 protected:
  Process::Variables variables(const Served& served) const {
    return {{"COSMOS_ENDPOINT", served.endpoint},
            {"COSMOS_KEY", served.key},
            {"HALLEY_REPOSITORY", folder_.path("repository")},
            {"HALLEY_PASSWORD", "open sesame"}};
  }
  // A tree with one document.
  std::string tree() const {
    folder_.write("tree/shop/database.json", R"({"id":"shop"})");
    folder_.write("tree/shop/orders/container.json",
                  R"({"id":"orders","partitionKey":{"paths":["/pk"],"kind":"Hash"}})");
    folder_.write("tree/shop/orders/documents.ndjson", "{\"id\":\"1\",\"pk\":\"a\"}\n");
    return folder_.path("tree");
  }
  const TemporaryFolder folder_;
};

TEST_F(RealProcess, TheEmulatorServesUntilSigterm) {
  Served served({});
  EXPECT_TRUE(served.endpoint.starts_with("http://127.0.0.1:")) << served.endpoint;
  EXPECT_TRUE(served.endpoint.ends_with("/"));
  EXPECT_EQ(served.key.size(), 88U);
  EXPECT_EQ(served.stop(), 0);
}

// Whatever it waits for that does not come.
TEST_F(RealProcess, WaitingForInputItCanBeInterrupted) {
  const std::string fifo = folder_.path("fifo");
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  const std::string repository = folder_.path("repository");
  const std::vector<std::vector<std::string>> commands = {
      {"import", "--container", "shop/orders", "--input", fifo},
      {"status", "--config", fifo},
      {"init", "--repo", repository, "--password-file", fifo},
      {"init", "--repo", repository, "--password-command", "exec cat '" + fifo + "'"},
      {"init", "--repo", repository, "--password-command", "exec 3<'" + fifo + "'; exec >&-; exec sleep 100"},
  };
  for (const auto& words : commands) {
    Process waiting(words, {});
    int writer = -1;
    for (int tries = 0; writer < 0 && tries < 600 && !waiting.ended_after(100); ++tries) {
      writer = open(fifo.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);  // as soon as it is open to be read
    }
    EXPECT_GE(writer, 0) << waiting.out();
    waiting.signal(SIGTERM);
    EXPECT_EQ(waiting.wait(), 130) << words.front() << " " << words.back() << ": " << waiting.out();
    EXPECT_NE(waiting.out().find("interrupted"), std::string::npos) << waiting.out();
    close(writer);
  }
}

// As `timeout` does it: to the process, and to its group.
TEST_F(RealProcess, SignalsThatComeTogetherAreOneWish) {
  Process emulator({"emulator", "--load", tree(), "--dump", folder_.path("dump"), "--json"}, {});
  emulator.read_until("}\n");
  for (const int number : {SIGSTOP, SIGTERM, SIGINT, SIGCONT})
    emulator.signal(number);  // both are there when it goes on
  EXPECT_EQ(emulator.wait(), 0) << emulator.out();
  EXPECT_NE(folder_.read("dump/shop/orders/documents.ndjson"), "") << emulator.out();
}

TEST_F(RealProcess, WhoeverAsksLongerIsObeyedAtOnce) {
  std::string documents;
  for (int i = 0; i < 2000; ++i) {
    documents += R"({"id":")" + std::to_string(i) + R"(","pk":"a","text":")" + std::string(100, 'x') + "\"}\n";
  }
  const std::string loaded = tree();
  folder_.write("tree/shop/orders/documents.ndjson", documents);
  Served served({"--load", loaded});
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  Process exported({"export", "--live", "--container", "shop/orders", "--output", "-"}, variables(served),
                   "/proc/self/fd/" + std::to_string(ends[1]));
  pollfd written{ends[0], POLLIN, 0};
  ASSERT_EQ(poll(&written, 1, 60'000), 1);  // from here on it waits for somebody who reads on
  const auto begin = std::chrono::steady_clock::now();
  while (!exported.ended_after(50)) {
    ASSERT_LT(std::chrono::steady_clock::now() - begin, std::chrono::minutes(1));
    exported.signal(SIGTERM);
  }
  EXPECT_EQ(exported.wait(), 130) << exported.out();
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(500));
  close(ends[0]);
  close(ends[1]);
  EXPECT_EQ(served.stop(), 0);
}

TEST_F(RealProcess, TheEmulatorsCertificateIsTrustedWhenNamed) {
  Served served({"--tls", "--cert-out", folder_.path("emulator.pem")});
  EXPECT_TRUE(served.endpoint.starts_with("https://")) << served.endpoint;
  EXPECT_EQ(served.certificate, folder_.path("emulator.pem"));
  const auto given = variables(served);
  EXPECT_EQ(Process({"init"}, given).wait(), 0);
  Process untrusting({"backup", "--no-wait"}, given);
  EXPECT_EQ(untrusting.wait(), 1);
  EXPECT_NE(untrusting.out().find("--ca"), std::string::npos) << untrusting.out();
  Process trusting({"backup", "--no-wait", "--ca", served.certificate}, given);
  EXPECT_EQ(trusting.wait(), 0) << trusting.out();
  Process careless({"backup", "--no-wait", "--insecure-tls"}, given);
  EXPECT_EQ(careless.wait(), 0) << careless.out();
  EXPECT_EQ(served.stop(), 0);
}

TEST_F(RealProcess, TheEmulatorLoadsATree) {
  Served served({"--load", tree()});
  Process exported({"export", "--live", "--container", "shop/orders", "--format", "ndjson", "--output", "-"},
                   variables(served));
  EXPECT_EQ(exported.wait(), 0);
  EXPECT_NE(exported.out().find(R"({"id":"1","pk":"a"})"), std::string::npos) << exported.out();
  EXPECT_EQ(served.stop(), 0);
}

TEST_F(RealProcess, AnInterruptedBackupEndsWith130AndLosesNothing) {
  Served served({"--load", tree()});
  const auto given = variables(served);
  EXPECT_EQ(Process({"init"}, given).wait(), 0);
  Process backup({"backup", "--json"}, given);  // waits some seconds for the present to be restorable
  backup.read_until("\"progress\"");
  backup.signal(SIGINT);
  EXPECT_EQ(backup.wait(), 130) << backup.out();
  EXPECT_NE(backup.out().find(R"({"error":{"code":"cancelled")"), std::string::npos) << backup.out();
  EXPECT_EQ(Process({"backup", "--no-wait"}, given).wait(), 0);
  EXPECT_EQ(Process({"verify", "--read-data"}, given).wait(), 0);
  EXPECT_EQ(served.stop(), 0);
}

TEST_F(RealProcess, AFullStandardOutputIsAFailure) {
  Process version({"--version"}, {}, "/dev/full");
  EXPECT_EQ(version.wait(), 1);
  EXPECT_NE(version.out().find("standard output"), std::string::npos) << version.out();
}

TEST_F(RealProcess, WhatListsStopsQuietlyWhenNobodyReadsOnAndSaysWhenTheDiskIsFull) {
  Served served({"--load", tree()});
  const auto given = variables(served);
  EXPECT_EQ(Process({"init"}, given).wait(), 0);
  EXPECT_EQ(Process({"backup", "--no-wait"}, given).wait(), 0);
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  close(ends[0]);
  const std::string unread = "/proc/self/fd/" + std::to_string(ends[1]);
  const std::vector<std::vector<std::string>> commands = {
      {"ls"},
      {"ls", "shop/orders"},
      {"ls", "shop/orders", "--json"},
      {"find"},
      {"history", "shop/orders", "--id", "1"},
      {"diff", "--live"},
      {"timeline", "--json"},
      {"export", "--container", "shop/orders", "--output", "-"},
      {"export", "--container", "shop/orders", "--output", "-", "--json"},
      {"--help"},
  };
  for (const auto& words : commands) {
    Process listing(words, given, unread);
    EXPECT_EQ(listing.wait(), 141) << words.front();
    EXPECT_EQ(listing.out(), "") << words.front();
    Process full(words, given, "/dev/full");
    EXPECT_EQ(full.wait(), 1) << words.front();
    EXPECT_NE(full.out().find("standard output"), std::string::npos) << full.out();
    EXPECT_NE(full.out().find("No space left"), std::string::npos) << full.out();
  }
  close(ends[1]);
  EXPECT_EQ(served.stop(), 0);
}

TEST_F(RealProcess, AnErrorIsNotAmongTheDocuments) {
  Served served({});
  const std::string documents = folder_.write("documents", "");
  Process exported({"export", "--live", "--container", "shop/no", "--output", "-", "--json"}, variables(served),
                   documents);
  EXPECT_EQ(exported.wait(), 1);
  EXPECT_NE(exported.out().find("shop/no"), std::string::npos) << exported.out();
  EXPECT_EQ(folder_.read("documents"), "");
  EXPECT_EQ(served.stop(), 0);
}

TEST_F(RealProcess, WithoutPasswordAndTerminalItSaysHowToGiveOne) {
  Process init({"init", "--repo", folder_.path("repository")}, {});
  EXPECT_EQ(init.wait(), 2);
  EXPECT_NE(init.out().find("HALLEY_PASSWORD"), std::string::npos) << init.out();
}

TEST_F(RealProcess, APasswordIsAskedForTwiceAndNotShown) {
  Process init = Process::on_terminal({"init", "--repo", folder_.path("repository")}, {});
  init.read_until("password of the repository: ");
  init.write("open sesame\n");
  init.read_until("the same again: ");
  init.write("open sesame\n");
  EXPECT_EQ(init.wait(), 0) << init.out();
  EXPECT_EQ(init.out().find("sesame"), std::string::npos) << init.out();
  const Process::Variables given = {{"HALLEY_REPOSITORY", folder_.path("repository")},
                                    {"HALLEY_PASSWORD", "open sesame"}};
  EXPECT_EQ(Process({"status"}, given).wait(), 0);

  Process differing = Process::on_terminal({"init", "--repo", folder_.path("other")}, {});
  differing.read_until("password of the repository: ");
  differing.write("one\n");
  differing.read_until("the same again: ");
  differing.write("two\n");
  EXPECT_EQ(differing.wait(), 2) << differing.out();
}

TEST_F(RealProcess, APromptCanBeInterrupted) {
  Process status = Process::on_terminal({"init", "--repo", folder_.path("repository")}, {});
  status.read_until("password of the repository: ");
  status.signal(SIGINT);
  EXPECT_EQ(status.wait(), 130) << status.out();
}

}  // namespace
}  // namespace halley::testing
