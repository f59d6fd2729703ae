#include "process.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <utility>

#include "base/check.h"

namespace halley::testing {
namespace {

// Texts as execve() wants them; the pointers live as long as this does.
struct Pointers {
  explicit Pointers(std::vector<std::string> given) : texts(std::move(given)) {
    for (std::string& text : texts) pointers.push_back(text.data());
    pointers.push_back(nullptr);
  }
  std::vector<std::string> texts;
  std::vector<char*> pointers;
};

Pointers argument_list(const std::vector<std::string>& words) {
  std::vector<std::string> all = {HALLEY_BINARY};
  all.insert(all.end(), words.begin(), words.end());
  return Pointers(std::move(all));
}

Pointers environment_list(const Process::Variables& variables) {
  const char* path = getenv("PATH");
  std::vector<std::string> all = {std::string("PATH=") + (path == nullptr ? "/usr/bin:/bin" : path)};
  for (const auto& [name, value] : variables) all.push_back(name + "=" + value);
  return Pointers(std::move(all));
}

}  // namespace

Process::Process(const std::vector<std::string>& words, const Variables& variables, const std::string& out_path) {
  std::array<int, 2> ends{};
  CHECK(pipe2(ends.data(), O_CLOEXEC) == 0);
  Pointers arguments = argument_list(words);
  Pointers environment = environment_list(variables);
  pid_ = fork();
  CHECK(pid_ >= 0);
  if (pid_ == 0) {
    setsid();  // without a terminal to ask on
    dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
    dup2(out_path.empty() ? ends[1] : open(out_path.c_str(), O_WRONLY), STDOUT_FILENO);
    dup2(ends[1], STDERR_FILENO);
    execve(HALLEY_BINARY, arguments.pointers.data(), environment.pointers.data());
    _exit(127);
  }
  close(ends[1]);
  output_ = ends[0];
}

Process Process::on_terminal(const std::vector<std::string>& words, const Variables& variables) {
  Process process;
  Pointers arguments = argument_list(words);
  Pointers environment = environment_list(variables);
  process.pid_ = forkpty(&process.output_, nullptr, nullptr, nullptr);
  CHECK(process.pid_ >= 0);
  if (process.pid_ == 0) {
    execve(HALLEY_BINARY, arguments.pointers.data(), environment.pointers.data());
    _exit(127);
  }
  return process;
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), output_(std::exchange(other.output_, -1)), out_(std::move(other.out_)) {}

Process::~Process() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  if (output_ >= 0) close(output_);
}

void Process::signal(int number) const { CHECK(kill(pid_, number) == 0); }

void Process::write(const std::string& text) const {
  CHECK(::write(output_, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

const std::string& Process::read_until(const std::string& text) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (text.empty() || out_.find(text) == std::string::npos) {
    pollfd ready{output_, POLLIN, 0};
    if (std::chrono::steady_clock::now() > deadline) break;
    if (poll(&ready, 1, 100) <= 0) continue;
    std::array<char, 4096> buffer;
    const ssize_t count = read(output_, buffer.data(), buffer.size());
    if (count <= 0) break;  // a terminal whose process ended gives EIO
    out_.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return out_;
}

bool Process::ended_after(int milliseconds) const {
  pollfd closed{output_, 0, 0};
  return poll(&closed, 1, milliseconds) > 0;
}

int Process::wait() {
  read_until("");
  int status = 0;
  CHECK(waitpid(pid_, &status, 0) == pid_);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace halley::testing
