// The demonstration as a command: it tells apart what came back whole from what did not.
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include "cli/access.h"
#include "cli/program.h"
#include "cosmos/signing.h"
#include "testing/temporary_folder.h"

namespace halley::cli {
namespace {

namespace fs = std::filesystem;

// Text whose reader looks at each line before the program goes on.
class WatchedText : public std::stringbuf {
 public:
  explicit WatchedText(std::function<void(const std::string& text)> look) : look_(std::move(look)) {}

 protected:
  int sync() override {
    look_(str());
    return 0;
  }

 private:
  const std::function<void(const std::string& text)> look_;
};

// The machine's, but that sleeping takes a fiftieth of its time: the first backup waits for a margin to pass.
class HurriedRuntime final : public Runtime {
 public:
  std::chrono::system_clock::time_point wall_now() override { return real_runtime().wall_now() + skipped_.load(); }
  SteadyTime steady_now() override { return real_runtime().steady_now() + skipped_.load(); }
  bool sleep(Milliseconds duration, std::stop_token stop) override {
    const Milliseconds slept = duration / 50;
    const bool whole = real_runtime().sleep(slept, std::move(stop));
    for (Milliseconds before = skipped_; !skipped_.compare_exchange_weak(before, before + duration - slept);) {
    }
    return whole;
  }
  void fill_random(std::span<unsigned char> out) override { real_runtime().fill_random(out); }
  Result<Thread> start_thread(std::string name, std::function<void(std::stop_token)> body) override {
    return real_runtime().start_thread(std::move(name), std::move(body));
  }
  std::unique_ptr<Condition> make_condition() override { return real_runtime().make_condition(); }

 private:
  std::atomic<Milliseconds> skipped_{Milliseconds(0)};
};

class DemoTest : public ::testing::Test {
 protected:
  DemoTest() {
    container("atlas", "cities");
    container("library", "cards");
    container("library", "emoji");
  }

  void file(const std::string& path, const std::string& text) {
    const fs::path whole = folder_.path("tree") + "/" + path;
    fs::create_directories(whole.parent_path());
    std::ofstream(whole) << text;
  }

  void container(const std::string& database, const std::string& name) {
    file("account.json", R"({"id":"tiny"})");
    file(database + "/database.json", R"({"id":")" + database + "\"}");
    file(database + "/" + name + "/container.json",
         R"({"id":")" + name + R"(","partitionKey":{"paths":["/pk"],"kind":"Hash","version":2}})");
    std::string documents;
    for (int i = 1; i <= 20; ++i) {
      documents += R"({"id":")" + std::to_string(i) + R"(","pk":"a","name":"number )" + std::to_string(i) + "\"}\n";
    }
    file(database + "/" + name + "/documents.ndjson", documents);
  }

  // Runs it; `before_comparing` is called with the endpoint of the account that was restored into.
  ExitCode run(const std::function<void(const std::string& endpoint)>& before_comparing) {
    bool called = false;
    WatchedText out([&](const std::string& text) {
      if (called || text.find("Compared with what the account held") == std::string::npos) return;
      called = true;
      constexpr std::string_view kInto = "Into account halley-demo-restored at ";
      const std::size_t begin = text.find(kInto) + kInto.size();
      before_comparing(text.substr(begin, text.find(".\n", begin) - begin));
    });
    std::ostream stream(&out);
    std::ostringstream err;
    const Variables none = [](const std::string&) { return std::nullopt; };
    const ExitCode code =
        run_program({runtime_, none, stream, err, false, {}, "test"}, {"demo", "--load", folder_.path("tree")});
    said_ = out.str() + err.str();
    EXPECT_TRUE(called) << said_;
    return code;
  }

  const testing::TemporaryFolder folder_;
  HurriedRuntime runtime_;
  std::string said_;
};

TEST_F(DemoTest, SucceedsWhenEverythingCameBack) {
  EXPECT_EQ(run([](const std::string&) {}), ExitCode::success) << said_;
  EXPECT_NE(said_.find("Everything came back."), std::string::npos) << said_;
  EXPECT_NE(said_.find("differences  0"), std::string::npos) << said_;
}

TEST_F(DemoTest, FailsWhenADocumentIsLost) {
  const auto lose = [](const std::string& endpoint) {
    const auto account = connect(real_runtime(), endpoint, std::string(cosmos::kEmulatorKey), {});
    ASSERT_TRUE(account) << account.error().to_string();
    const Status lost = account->client->delete_document({"atlas", "cities"}, "4", R"(["a"])", {});
    ASSERT_TRUE(lost) << lost.error().to_string();
  };
  EXPECT_EQ(run(lose), ExitCode::damage) << said_;
  EXPECT_NE(said_.find("NOT everything came back."), std::string::npos) << said_;
  EXPECT_NE(said_.find("DIFFERENT: "), std::string::npos) << said_;
  EXPECT_NE(said_.find("differences  1"), std::string::npos) << said_;
}

}  // namespace
}  // namespace halley::cli
