#include "recovery/output_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

#include "store/file_system.h"

namespace halley::recovery {
namespace {

constexpr std::size_t kBufferBytes = 1 << 20;

tl::unexpected<Error> file_error(const char* doing, const std::string& name, int error) {
  if (error == EPIPE) return fail(Code::cancelled, "whoever read " + name + " went away");
  const bool full = error == ENOSPC || error == EDQUOT;
  return fail(full ? Code::no_space : Code::io, std::string(doing) + " " + name + ": " + std::strerror(error),
              full ? "make room there, then run the same command again" : "");
}

std::string partial_of(const std::string& path) { return path + ".partial"; }

tl::unexpected<Error> exists_already(const std::string& path) {
  return fail(Code::already_exists, path + " exists already", "choose another name, or remove it first");
}

// Whether `path` still names what is open.
bool has_name(int descriptor, const std::string& path) {
  struct stat opened {};
  struct stat named {};
  return ::fstat(descriptor, &opened) == 0 && ::lstat(path.c_str(), &named) == 0 && opened.st_dev == named.st_dev &&
         opened.st_ino == named.st_ino;
}

// A temporary file that is open; `made`: it was not there before.
struct Opened {
  int descriptor = -1;
  bool made = false;
};

// Opens what an earlier run left, or makes it. What is no file, a link among it, is another's.
Result<Opened> open_partial(const std::string& partial) {
  Opened opened;
  do {
    opened.descriptor = ::open(partial.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    opened.made = opened.descriptor >= 0;
    if (opened.made) return opened;
    if (errno != EEXIST) return file_error("can't write", partial, errno);
    opened.descriptor = ::open(partial.c_str(), O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  } while (opened.descriptor < 0 && errno == ENOENT);  // it went in between
  const int error = errno;
  struct stat status {};
  if (opened.descriptor >= 0 && ::fstat(opened.descriptor, &status) == 0 && S_ISREG(status.st_mode)) return opened;
  if (opened.descriptor < 0 && ::lstat(partial.c_str(), &status) == 0 && S_ISREG(status.st_mode)) {
    return file_error("can't write", partial, error);
  }
  if (opened.descriptor >= 0) ::close(opened.descriptor);
  return fail(Code::already_exists, partial + " is no file that an earlier run left",
              "choose another name, or remove it first");
}

// Makes an open temporary file that of this writer alone, and empty. The lock comes first: what another is writing must
// not be cut off beneath it. It goes with the descriptor, so that what a killed process left is taken over. With
// `is_new` nothing may have the name, which is asked now that no other writer can finish it, and before anything is
// changed.
Status take_over(const Opened& opened, const std::string& path, bool is_new) {
  const std::string partial = partial_of(path);
  // Where a file system has no locks, it goes without.
  const bool locked = ::flock(opened.descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
  // The writer before may have given it its name, or removed it, between open and lock.
  if (!locked || !has_name(opened.descriptor, partial)) {
    return fail(Code::already_exists, path + " is being written already, to " + partial,
                "wait until that is done, or choose another name");
  }
  struct stat there {};
  if (is_new && ::lstat(path.c_str(), &there) == 0) {
    if (opened.made) ::unlink(partial.c_str());
    return exists_already(path);
  }
  return ::ftruncate(opened.descriptor, 0) == 0 ? Status() : file_error("can't write", partial, errno);
}

// Gives the temporary file its name, which nothing may have where it `is_new`. 0 or errno.
int give_name(const std::string& path, bool is_new) {
  const std::string partial = partial_of(path);
  if (is_new) {
    if (::renameat2(AT_FDCWD, partial.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) == 0) return 0;
    if (errno != EINVAL && errno != ENOSYS) return errno;
    // The file system can't do both in one step.
    struct stat there {};
    if (::lstat(path.c_str(), &there) == 0) return EEXIST;
  }
  return std::rename(partial.c_str(), path.c_str()) == 0 ? 0 : errno;
}

}  // namespace

Result<OutputFile> OutputFile::create(std::string path) { return open(std::move(path), false); }

Result<OutputFile> OutputFile::create_new(std::string path) { return open(std::move(path), true); }

Result<OutputFile> OutputFile::open(std::string path, bool is_new) {
  ASSIGN(const Opened opened, open_partial(partial_of(path)));
  if (Status taken = take_over(opened, path, is_new); !taken) {
    ::close(opened.descriptor);
    return fail(std::move(taken).error());
  }
  OutputFile file;
  file.descriptor_ = opened.descriptor;
  file.name_ = path;
  file.path_ = std::move(path);
  file.is_new_ = is_new;
  file.buffer_.reserve(kBufferBytes);
  return file;
}

OutputFile OutputFile::to_descriptor(int descriptor, std::string name) {
  OutputFile file;
  file.descriptor_ = descriptor;
  file.name_ = std::move(name);
  file.buffer_.reserve(kBufferBytes);
  return file;
}

OutputFile::~OutputFile() { abandon(); }

OutputFile::OutputFile(OutputFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      path_(std::exchange(other.path_, {})),
      name_(std::move(other.name_)),
      buffer_(std::move(other.buffer_)),
      size_(other.size_),
      is_new_(other.is_new_) {}

OutputFile& OutputFile::operator=(OutputFile&& other) noexcept {
  if (this == &other) return *this;
  abandon();
  descriptor_ = std::exchange(other.descriptor_, -1);
  path_ = std::exchange(other.path_, {});
  name_ = std::move(other.name_);
  buffer_ = std::move(other.buffer_);
  size_ = other.size_;
  is_new_ = other.is_new_;
  return *this;
}

void OutputFile::abandon() {
  if (path_.empty() || descriptor_ < 0) return;
  // In this order, for the lock ends with the descriptor: the name may be another's then.
  ::unlink(partial_of(path_).c_str());
  ::close(std::exchange(descriptor_, -1));
}

Status OutputFile::write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return file_error("can't write", name_, errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Status OutputFile::flush() {
  TRY(write_all(buffer_));
  buffer_.clear();
  return {};
}

Status OutputFile::append(std::string_view bytes) {
  size_ += bytes.size();
  if (buffer_.size() + bytes.size() > kBufferBytes) TRY(flush());
  if (bytes.size() >= kBufferBytes) return write_all(bytes);
  buffer_.append(bytes);
  return {};
}

Status OutputFile::rewrite(std::uint64_t offset, std::string_view bytes) {
  TRY(flush());
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return file_error("can't write", name_, errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
  return {};
}

Status OutputFile::commit() {
  TRY(flush());
  if (path_.empty()) return {};
  if (::fdatasync(descriptor_) != 0) return file_error("can't write", name_, errno);
  // It has its name before its lock ends with the descriptor.
  if (const int error = give_name(path_, is_new_); error != 0) {
    if (error == EEXIST && is_new_) {
      ::close(std::exchange(descriptor_, -1));
      return fail(Code::already_exists, path_ + " was made by another meanwhile",
                  "it is left as it is: all that was to be written is in " + partial_of(path_));
    }
    abandon();
    return file_error("can't rename to", path_, error);
  }
  ::close(std::exchange(descriptor_, -1));  // says nothing that fdatasync() did not
  return sync_parent(path_);
}

Status sync_parent(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path().string();
  const std::string directory = parent.empty() ? "." : parent;
  // There are file systems whose directories cannot be synced.
  if (store::real_file_system().sync_directory(directory) == 0 || errno == EINVAL) return {};
  return file_error("can't write", directory, errno);
}

Status write_file(const std::string& path, std::string_view bytes) {
  ASSIGN(OutputFile file, OutputFile::create(path));
  TRY(file.append(bytes));
  return file.commit();
}

}  // namespace halley::recovery
