#include "runtime/waiting_input.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <thread>

#include "testing/temporary_folder.h"

namespace halley {
namespace {

class WaitingInput : public ::testing::Test {
 protected:
  ~WaitingInput() override {
    if (input_ >= 0) close(input_);
  }
  void open(const std::string& path) {
    input_ = open_input(path);
    ASSERT_GE(input_, 0);
  }
  std::string read_all() {
    std::string all;
    std::array<char, 4> buffer{};
    while (true) {
      const auto count = read_input(input_, buffer, stop_.get_token());
      if (!count) return all + "(" + count.error().message + ")";
      if (*count == 0) return all;
      all.append(buffer.data(), *count);
    }
  }
  const testing::TemporaryFolder folder_;
  std::stop_source stop_;
  int input_ = -1;
};

TEST_F(WaitingInput, GivesAFileWhole) {
  open(folder_.write("file", "a text"));
  EXPECT_EQ(read_all(), "a text");
}

TEST_F(WaitingInput, WaitsForWhoeverWritesAndForTheEnd) {
  const std::string path = folder_.path("fifo");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  open(path);
  const std::jthread writer([&] {
    std::ofstream out(path);
    out << "first" << std::flush << "then";
  });
  EXPECT_EQ(read_all(), "firstthen");
}

TEST_F(WaitingInput, StopsWhenAskedThoughNobodyWrites) {
  const std::string path = folder_.path("fifo");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  open(path);
  const std::jthread asks([&] { stop_.request_stop(); });
  EXPECT_EQ(read_all(), "(interrupted)");
}

TEST_F(WaitingInput, SaysWhyItCannotRead) {
  open(folder_.path());
  EXPECT_EQ(read_all(), "(Is a directory)");
}

}  // namespace
}  // namespace halley
