#include "runtime/child_process.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "testing/temporary_folder.h"

namespace halley {
namespace {

ChildCommand bounded(std::vector<std::string> words) {
  ChildCommand command;
  command.words = std::move(words);
  command.patience = Milliseconds(60000);
  command.collect_errors = true;
  return command;
}

TEST(ChildProcess, WordsReachTheProgramAsTheyAre) {
  const auto ran = run_child(real_runtime(), bounded({"printf", "%s|", "a b", "$HOME", "'", ""}), {});
  ASSERT_TRUE(ran.has_value()) << ran.error().to_string();
  EXPECT_EQ(ran->exit_code, 0);
  EXPECT_EQ(ran->output, "a b|$HOME|'||");
}

TEST(ChildProcess, BothStreamsAndTheExitCodeComeBack) {
  const auto ran = run_child(real_runtime(), bounded({"sh", "-c", "echo out; echo err >&2; exit 7"}), {});
  ASSERT_TRUE(ran.has_value());
  EXPECT_EQ(ran->exit_code, 7);
  EXPECT_EQ(ran->output, "out\n");
  EXPECT_EQ(ran->errors, "err\n");
  EXPECT_EQ(run_child(real_runtime(), bounded({"sh", "-c", "kill -9 $$"}), {})->exit_code, -9);
}

TEST(ChildProcess, AProgramThatIsNotThereIsNotFound) {
  const auto ran = run_child(real_runtime(), bounded({"no-such-program-anywhere", "s3cret"}), {});
  ASSERT_FALSE(ran.has_value());
  EXPECT_EQ(ran.error().code, Code::not_found);
  EXPECT_EQ(ran.error().to_string().find("s3cret"), std::string::npos);
}

TEST(ChildProcess, MoreOutputThanAllowedEndsIt) {
  const auto ran = run_child(real_runtime(), bounded({"cat", "/dev/zero"}), {});
  ASSERT_FALSE(ran.has_value());
  EXPECT_EQ(ran.error().code, Code::corrupt);
}

TEST(ChildProcess, OneThatHangsIsKilledWithWhatItStarted) {
  ChildCommand command = bounded({"sh", "-c", "sleep 1000 & sleep 1000"});
  command.patience = Milliseconds(100);
  const auto ran = run_child(real_runtime(), command, {});
  ASSERT_FALSE(ran.has_value());
  EXPECT_EQ(ran.error().code, Code::timeout);
}

TEST(ChildProcess, OneThatClosesItsOutputAndGoesOnIsWaitedForAndThenKilled) {
  const auto quick = run_child(real_runtime(), bounded({"sh", "-c", "exec >&- 2>&-; exit 3"}), {});
  ASSERT_TRUE(quick.has_value()) << quick.error().to_string();
  EXPECT_EQ(quick->exit_code, 3);
  const auto endless = run_child(real_runtime(), bounded({"sh", "-c", "exec >&- 2>&-; sleep 1000"}), {});
  ASSERT_FALSE(endless.has_value());
  EXPECT_EQ(endless.error().code, Code::timeout);
}

TEST(ChildProcess, OneThatHasTheTerminalStopsWhenAskedWhateverItDoes) {
  const testing::TemporaryFolder folder;
  const std::string running = folder.path("running");  // made once the script has set itself up
  for (const char* script : {": > $0; exec sleep 1000", "exec >&-; : > $0; exec sleep 1000",
                             "trap '' TERM; : > $0; while :; do sleep 0.1; done"}) {
    std::filesystem::remove(running);
    std::stop_source source;
    const std::jthread asking([&](const std::stop_token& ended) {
      while (!std::filesystem::exists(running) && real_runtime().sleep(Milliseconds(5), ended)) continue;
      source.request_stop();
    });
    ChildCommand command;
    command.words = {"sh", "-c", script, running};
    const auto ran = run_child(real_runtime(), command, source.get_token());
    ASSERT_FALSE(ran.has_value()) << script;
    EXPECT_EQ(ran.error().code, Code::cancelled) << script;
  }
}

TEST(ChildProcess, StopsWhenAsked) {
  std::stop_source source;
  source.request_stop();
  const auto ran = run_child(real_runtime(), bounded({"sleep", "1000"}), source.get_token());
  ASSERT_FALSE(ran.has_value());
  EXPECT_EQ(ran.error().code, Code::cancelled);
}

}  // namespace
}  // namespace halley
