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

// Whether `path` still names what is open.
bool has_name(int descriptor, const std::string& path) {
  struct stat opened {};
  struct stat named {};
  return ::fstat(descriptor, &opened) == 0 && ::stat(path.c_str(), &named) == 0 && opened.st_dev == named.st_dev &&
         opened.st_ino == named.st_ino;
}

// Makes an open temporary file that of this writer alone, and empty. The lock comes first: what another is writing must
// not be cut off beneath it. It goes with the descriptor, so that what a killed process left is taken over.
Status take_over(int descriptor, const std::string& path) {
  const std::string partial = partial_of(path);
  // Where a file system has no locks, it goes without.
  const bool locked = ::flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
  // The writer before may have given it its name, or removed it, between open and lock.
  if (!locked || !has_name(descriptor, partial)) {
    return fail(Code::already_exists, path + " is being written already, to " + partial,
                "wait until that is done, or choose another name");
  }
  return ::ftruncate(descriptor, 0) == 0 ? Status() : file_error("can't write", partial, errno);
}

}  // namespace

Result<OutputFile> OutputFile::create(std::string path) {
  const std::string partial = partial_of(path);
  const int descriptor = ::open(partial.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor < 0) return file_error("can't write", partial, errno);
  if (Status taken = take_over(descriptor, path); !taken) {
    ::close(descriptor);
    return fail(std::move(taken).error());
  }
  OutputFile file;
  file.descriptor_ = descriptor;
  file.name_ = path;
  file.path_ = std::move(path);
  file.buffer_.reserve(kBufferBytes);
  return file;
}

Result<OutputFile> OutputFile::create_new(const std::string& path) {
  ASSIGN(OutputFile file, create(path));
  // Asked now that no other writer can finish it.
  struct stat there {};
  if (::lstat(path.c_str(), &there) == 0) {
    return fail(Code::already_exists, path + " exists already", "choose another name, or remove it first");
  }
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
      size_(other.size_) {}

OutputFile& OutputFile::operator=(OutputFile&& other) noexcept {
  if (this == &other) return *this;
  abandon();
  descriptor_ = std::exchange(other.descriptor_, -1);
  path_ = std::exchange(other.path_, {});
  name_ = std::move(other.name_);
  buffer_ = std::move(other.buffer_);
  size_ = other.size_;
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
  if (std::rename(partial_of(path_).c_str(), path_.c_str()) != 0) {
    const int error = errno;
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
