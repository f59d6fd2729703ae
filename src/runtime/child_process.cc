#include "runtime/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "runtime/deadline.h"

namespace halley {
namespace {

constexpr int kPollMilliseconds = 50;
constexpr Milliseconds kGrace{2000};

// A pipe whose reading end is ours; both ends close when they go.
class Pipe {
 public:
  Pipe() : made_(pipe2(ends_.data(), O_CLOEXEC) == 0) {}
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  bool made() const { return made_; }
  int reading() const { return ends_[0]; }
  int writing() const { return ends_[1]; }
  void close_writing() { close_end(1); }
  void close_reading() { close_end(0); }
  bool open() const { return ends_[0] >= 0; }

 private:
  void close_end(std::size_t which) {
    if (ends_[which] >= 0) close(ends_[which]);
    ends_[which] = -1;
  }
  std::array<int, 2> ends_{-1, -1};
  bool made_;
};

// Starts the child. It gets back the signals that this process has blocked, so that it can be interrupted, and those
// that this process ignores, so that `… | head -n 1` ends.
int spawn(const ChildCommand& command, const Pipe& output, const Pipe& errors, pid_t& child) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, output.writing(), STDOUT_FILENO);
  if (command.collect_errors) posix_spawn_file_actions_adddup2(&actions, errors.writing(), STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  sigset_t ignored;
  sigemptyset(&ignored);
  sigaddset(&ignored, SIGPIPE);
  sigaddset(&ignored, SIGXFSZ);
  posix_spawnattr_setsigdefault(&attributes, &ignored);
  int flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
  if (command.patience) {
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    flags |= POSIX_SPAWN_SETPGROUP;  // A group of its own, so that what it starts is killed with it.
  }
  posix_spawnattr_setflags(&attributes, static_cast<short>(flags));
  std::vector<std::string> words = command.words;
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const int refused = posix_spawnp(&child, argv[0], &actions, &attributes, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return refused;
}

// Reads what is there; false when it is more than allowed. Closes the pipe at its end.
bool take(Pipe& pipe, std::string& into, std::size_t limit) {
  std::array<char, 4096> buffer;
  const ssize_t count = read(pipe.reading(), buffer.data(), buffer.size());
  if (count < 0) return errno == EINTR || errno == EAGAIN;
  if (count == 0) {
    pipe.close_reading();
    return true;
  }
  into.append(buffer.data(), static_cast<std::size_t>(count));
  return into.size() <= limit;
}

Status read_both(Runtime& runtime, const ChildCommand& command, Pipe& output, Pipe& errors, ChildOutput& result,
                 const std::stop_token& stop) {
  const auto deadline = Deadline::after(runtime, command.patience.value_or(Milliseconds(0)));
  while (output.open() || errors.open()) {
    std::array<pollfd, 2> waiting{{{output.reading(), POLLIN, 0}, {errors.reading(), POLLIN, 0}}};
    const int ready = poll(waiting.data(), waiting.size(), kPollMilliseconds);
    if (stop.stop_requested()) return fail(Code::cancelled, "interrupted");
    if (command.patience && deadline.passed(runtime)) {
      return fail(Code::timeout, command.words[0] + " did not end in time");
    }
    if (ready <= 0) continue;
    const bool within = (waiting[0].revents == 0 || take(output, result.output, command.max_output)) &&
                        (waiting[1].revents == 0 || take(errors, result.errors, command.max_output));
    if (!within) return fail(Code::corrupt, command.words[0] + " printed more than can be meant");
  }
  return {};
}

// Waits for the end; true once it came. A child that closed its streams may go on.
bool ended(pid_t child, int options, int& status) {
  while (true) {
    const pid_t done = waitpid(child, &status, options);
    if (done == child) return true;
    if (done == 0 || errno != EINTR) return false;
  }
}

bool ended_in_time(Runtime& runtime, pid_t child, int& status, std::optional<Milliseconds> patience,
                   const std::stop_token& stop) {
  const auto deadline = Deadline::after(runtime, patience.value_or(Milliseconds(0)));
  while (!ended(child, WNOHANG, status)) {
    if (patience && deadline.passed(runtime)) return false;
    if (!runtime.sleep(Milliseconds(5), stop)) return false;
  }
  return true;
}

// Ends what goes on. A child that has the terminal may have changed it, and is given time to put it right.
void end(Runtime& runtime, const ChildCommand& command, pid_t child, int& status) {
  if (!command.patience) {
    kill(child, SIGTERM);
    if (ended_in_time(runtime, child, status, kGrace, {})) return;
  }
  kill(command.patience ? -child : child, SIGKILL);
  ended(child, 0, status);
}

}  // namespace

Result<ChildOutput> run_child(Runtime& runtime, const ChildCommand& command, std::stop_token stop) {
  const std::string& program = command.words.at(0);
  Pipe output;
  Pipe errors;
  if (!output.made() || !errors.made()) return fail(Code::io, std::string("cannot make a pipe: ") + strerror(errno));
  pid_t child = 0;
  if (const int refused = spawn(command, output, errors, child); refused != 0) {
    const bool absent = refused == ENOENT || refused == ENOTDIR || refused == EACCES;
    return fail(absent ? Code::not_found : Code::io, "cannot start " + program + ": " + strerror(refused));
  }
  output.close_writing();
  errors.close_writing();
  ChildOutput result;
  const Status read = read_both(runtime, command, output, errors, result, stop);
  int status = 0;
  bool done = false;
  if (read) done = ended_in_time(runtime, child, status, command.patience ? std::optional(kGrace) : std::nullopt, stop);
  if (!done) end(runtime, command, child, status);
  if (!read) return fail(read.error());
  if (!done && stop.stop_requested()) return fail(Code::cancelled, "interrupted");
  if (!done) return fail(Code::timeout, program + " closed its output and did not end");
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  return result;
}

}  // namespace halley
