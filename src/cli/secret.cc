#include "cli/secret.h"

#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>

#include "runtime/child_process.h"

namespace halley::cli {
namespace {

constexpr std::size_t kMaxSecretBytes = 64 * 1024;

// A file descriptor, closed when it goes.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  const int fd_;
};

// Everything up to the end; nothing on a read error, or when it is too long for a secret.
std::optional<std::string> read_to_end(int fd) {
  std::string text;
  std::array<char, 4096> buffer;
  while (true) {
    const ssize_t count = read(fd, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::nullopt;
    if (count == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
    if (text.size() > kMaxSecretBytes) return std::nullopt;
  }
}

Result<std::string> finished(std::string secret, const std::string& what, const std::string& from) {
  if (secret.ends_with('\n')) secret.pop_back();
  if (secret.ends_with('\r')) secret.pop_back();
  if (secret.empty()) return fail(Code::invalid_argument, what + ": " + from + " gives nothing");
  return secret;
}

// A secret that was given in place of a name must not be printed back.
bool is_variable_name(const std::string& name) {
  const auto allowed = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; };
  return std::isdigit(static_cast<unsigned char>(name[0])) == 0 && std::all_of(name.begin(), name.end(), allowed) &&
         name.size() < 64;
}

Result<std::string> from_env(const std::string& name, const std::string& what, const Variables& variables) {
  if (!is_variable_name(name)) {
    return fail(Code::invalid_argument,
                what + ": the name of an environment variable is expected, not the secret itself");
  }
  auto value = variables(name);
  if (!value) return fail(Code::invalid_argument, what + ": the environment variable " + name + " is not set");
  return finished(*std::move(value), what, name);
}

Result<std::string> from_file(const std::string& path, const std::string& what) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) {
    const std::string reason = std::strerror(errno);
    const bool looks_like_key = path.size() >= 40 && path.ends_with('=');
    if (looks_like_key) {
      return fail(Code::invalid_argument, what + ": the path of a file is expected, not the secret itself");
    }
    return fail(Code::invalid_argument, what + ": cannot read the file " + path + ": " + reason);
  }
  auto text = read_to_end(file.get());
  if (!text) return fail(Code::invalid_argument, what + ": cannot read the file " + path + ", or it is no secret");
  return finished(*std::move(text), what, path);
}

Result<std::string> from_command(const std::string& command, const std::string& what) {
  ChildCommand child;
  child.words = {"/bin/sh", "-c", command};
  child.max_output = kMaxSecretBytes;
  auto ran = run_child(real_runtime(), child, {});
  if (!ran || ran->exit_code != 0) {
    return fail(Code::invalid_argument, what + ": the command that prints it failed");
  }
  return finished(std::move(ran->output), what, "the command that prints it");
}

// Turns echo off while it lives.
class NoEcho {
 public:
  explicit NoEcho(int terminal) : terminal_(terminal) {
    if (tcgetattr(terminal, &before_) != 0) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    changed_ = tcsetattr(terminal, TCSAFLUSH, &silent) == 0;
  }
  ~NoEcho() {
    if (changed_) tcsetattr(terminal_, TCSAFLUSH, &before_);
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;

 private:
  const int terminal_;
  termios before_{};
  bool changed_ = false;
};

void say(int terminal, const std::string& text) {
  if (write(terminal, text.data(), text.size()) < 0) return;  // a terminal that went away is seen by the read
}

}  // namespace

Result<std::string> read_secret(const SecretSource& source, const std::string& what, const Variables& variables) {
  if (!source.env.empty()) return from_env(source.env, what, variables);
  if (!source.file.empty()) return from_file(source.file, what);
  if (!source.command.empty()) return from_command(source.command, what);
  return fail(Code::invalid_argument, what + ": nothing says where it is");
}

Status write_secret(const std::string& path, const std::string& secret) {
  const Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  const auto failed = [&] {
    const Code code = errno == EEXIST ? Code::already_exists : errno == ENOSPC ? Code::no_space : Code::io;
    return fail(code, "cannot write the new file " + path + ": " + std::strerror(errno));
  };
  if (file.get() < 0) return failed();
  const std::string line = secret + "\n";
  if (write(file.get(), line.data(), line.size()) == static_cast<ssize_t>(line.size()) && fsync(file.get()) == 0) {
    return {};
  }
  const auto failure = failed();
  unlink(path.c_str());
  return failure;
}

Result<std::string> prompt_secret(const std::string& prompt, std::stop_token stop) {
  const Descriptor terminal(open("/dev/tty", O_RDWR | O_CLOEXEC));
  if (terminal.get() < 0) return fail(Code::invalid_argument, "there is no terminal to ask on");
  const NoEcho quiet(terminal.get());  // drops what was typed ahead, so it comes before the question
  say(terminal.get(), prompt);
  std::string line;
  while (!line.ends_with('\n')) {
    if (stop.stop_requested()) {
      say(terminal.get(), "\n");
      return fail(Code::cancelled, "interrupted");
    }
    pollfd waiting{terminal.get(), POLLIN, 0};
    if (poll(&waiting, 1, 100) <= 0) continue;
    std::array<char, 4096> buffer;
    const ssize_t count = read(terminal.get(), buffer.data(), buffer.size());
    if (count <= 0) break;
    line.append(buffer.data(), static_cast<std::size_t>(count));
  }
  say(terminal.get(), "\n");
  return finished(std::move(line), "the password", "the terminal");
}

}  // namespace halley::cli
