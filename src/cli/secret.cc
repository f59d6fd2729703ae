#include "cli/secret.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>

#include "runtime/child_process.h"
#include "runtime/waiting_input.h"

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

Result<std::string> finished(std::string secret, const std::string& what, const std::string& from) {
  if (secret.ends_with('\n')) secret.pop_back();
  if (secret.ends_with('\r')) secret.pop_back();
  if (secret.empty()) return fail(Code::invalid_argument, what + ": " + from + " gives nothing");
  return secret;
}

Result<std::string> from_env(const std::string& name, const std::string& what, const Variables& variables) {
  if (!is_variable_name(name)) {
    // A secret that was given in place of a name must not be printed back.
    return fail(Code::invalid_argument,
                what + ": the name of an environment variable is expected, not the secret itself");
  }
  auto value = variables(name);
  if (!value) return fail(Code::invalid_argument, what + ": the environment variable " + name + " is not set");
  return finished(*std::move(value), what, name);
}

// Whether a password as `init --generate-password` makes it stands in the text.
bool holds_generated_password(std::string_view text) {
  constexpr std::string_view kPrefix = "halley-";
  constexpr std::size_t kDigits = 64;
  for (std::size_t at = text.find(kPrefix); at != std::string_view::npos; at = text.find(kPrefix, at + 1)) {
    const std::string_view digits = text.substr(at + kPrefix.size(), kDigits);
    const auto is_hex = [](unsigned char c) { return std::isxdigit(c) != 0; };
    if (digits.size() == kDigits && std::all_of(digits.begin(), digits.end(), is_hex)) return true;
  }
  return false;
}

// Whether what was given as the path of a file may be a secret: an account's key, a generated password, or a text that
// is the name of no file and has nothing of a path.
bool may_be_secret(const std::string& path, bool is_there) {
  const bool looks_like_key = path.size() >= 40 && path.ends_with('=');
  if (looks_like_key || holds_generated_password(path)) return true;
  return !is_there && path.find('/') == std::string::npos;
}

Result<std::string> from_file(const SecretSource& source, const std::string& what, const std::stop_token& stop) {
  const std::string path = (std::filesystem::path(source.folder) / source.file).string();
  const Descriptor file(open_input(path));
  const int reason = file.get() < 0 ? errno : 0;
  struct stat unused {};
  const bool is_there = reason == 0 || lstat(path.c_str(), &unused) == 0;
  const std::string shown = may_be_secret(source.file, is_there) ? "that " + source.file_by + " gives" : path;
  if (reason != 0) {
    const std::string text = what + ": cannot read the file " + shown + ": " + std::strerror(reason);
    return fail(Code::invalid_argument, text, "the path of a file is expected there, not the secret itself");
  }
  auto text = read_all_input(file.get(), kMaxSecretBytes, stop);
  if (!text && text.error().code == Code::cancelled) return text;
  if (!text) {
    return fail(Code::invalid_argument, what + ": cannot read the file " + shown + ": " + text.error().message);
  }
  return finished(*std::move(text), what, "the file " + shown);
}

Result<std::string> from_command(const std::string& command, const std::string& what, const std::stop_token& stop) {
  if (holds_generated_password(command) && command.find(' ') == std::string::npos) {  // the shell would print it
    return fail(Code::invalid_argument, what + ": a command that prints it is expected, not the secret itself");
  }
  ChildCommand child;
  child.words = {"/bin/sh", "-c", command};
  child.max_output = kMaxSecretBytes;
  auto ran = run_child(real_runtime(), child, stop);
  // Ctrl-C in a terminal is for both; the child may end before this process has heard of it.
  const bool interrupted = ran && (ran->exit_code == -SIGINT || ran->exit_code == 128 + SIGINT);
  if (interrupted) real_runtime().sleep(Milliseconds(500), stop);
  if (stop.stop_requested()) return fail(Code::cancelled, "interrupted");  // in a terminal the command was, too
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

// 0 or errno.
int write_all(int file, std::string_view bytes, store::FileSystem& files) {
  while (!bytes.empty()) {
    const ssize_t written = files.write(file, bytes);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return written < 0 ? errno : EIO;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

// Makes the name of a file durable. 0 or errno.
int sync_folder_of(const std::string& path, store::FileSystem& files) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  if (files.sync_directory(folder.empty() ? "." : folder) == 0) return 0;
  return errno == EINVAL || errno == EOPNOTSUPP ? 0 : errno;  // a file system that syncs no folders, and says so
}

}  // namespace

bool is_variable_name(const std::string& name) {
  const auto allowed = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; };
  return std::isdigit(static_cast<unsigned char>(name[0])) == 0 && std::all_of(name.begin(), name.end(), allowed) &&
         name.size() < 64;
}

Result<std::string> read_secret(const SecretSource& source, const std::string& what, const Variables& variables,
                                const std::stop_token& stop) {
  if (!source.env.empty()) return from_env(source.env, what, variables);
  if (!source.file.empty()) return from_file(source, what, stop);
  if (!source.command.empty()) return from_command(source.command, what, stop);
  return fail(Code::invalid_argument, what + ": nothing says where it is");
}

Status write_secret(const std::string& path, const std::string& secret, store::FileSystem& files) {
  const auto failed = [&](int reason) {
    const Code code = reason == EEXIST ? Code::already_exists : reason == ENOSPC ? Code::no_space : Code::io;
    return fail(code, "cannot write the new file " + path + ": " + std::strerror(reason),
                reason == EEXIST ? "no file is written over: name another, or give this one as --password-file" : "");
  };
  const int file = files.create(path);
  if (file < 0) return failed(errno);
  int reason = write_all(file, secret + "\n", files);
  if (reason == 0 && files.sync(file) != 0) reason = errno;
  if (files.close(file) != 0 && reason == 0) reason = errno;
  if (reason == 0) reason = sync_folder_of(path, files);
  if (reason == 0) return {};
  files.remove(path);
  return failed(reason);
}

Status write_secret_for(const std::string& path, const std::string& secret, const std::function<Status()>& make) {
  TRY(write_secret(path, secret));
  auto made = make();
  if (made) return {};
  Error error = std::move(made).error();
  if (error.code != Code::ambiguous && error.code != Code::timeout) {
    unlink(path.c_str());
    return fail(std::move(error));
  }
  error.hint = path +
               " is kept: if the repository is there all the same, it holds its password ('halley status "
               "--password-file " +
               path + "' tells); if not, remove the file and run the same command again";
  return fail(std::move(error));
}

Result<std::string> prompt_secret(const std::string& prompt, std::stop_token stop) {
  const Descriptor terminal(open("/dev/tty", O_RDWR | O_CLOEXEC));
  if (terminal.get() < 0) return fail(Code::invalid_argument, "there is no terminal to ask on");
  const NoEcho quiet(terminal.get());  // drops what was typed ahead, so it comes before the question
  say(terminal.get(), prompt);
  std::string line;
  while (!line.ends_with('\n')) {
    std::array<char, 4096> buffer;
    const auto count = read_input(terminal.get(), buffer, stop);
    if (!count && count.error().code == Code::cancelled) {
      say(terminal.get(), "\n");
      return fail(count.error());
    }
    if (!count || *count == 0) break;
    line.append(buffer.data(), *count);
  }
  say(terminal.get(), "\n");
  return finished(std::move(line), "the password", "the terminal");
}

}  // namespace halley::cli
