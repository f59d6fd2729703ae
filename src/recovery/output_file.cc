#include "recovery/output_file.h"

#include <fcntl.h>
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

}  // namespace

Result<OutputFile> OutputFile::create(std::string path) {
  OutputFile file;
  const std::string partial = path + ".partial";
  file.descriptor_ = ::open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file.descriptor_ < 0) return file_error("can't write", partial, errno);
  file.name_ = path;
  file.path_ = std::move(path);
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
  ::close(descriptor_);
  ::unlink((path_ + ".partial").c_str());
  descriptor_ = -1;
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
  const std::string partial = path_ + ".partial";
  if (::fdatasync(descriptor_) != 0) return file_error("can't write", name_, errno);
  const bool closed = ::close(std::exchange(descriptor_, -1)) == 0;
  if (closed && std::rename(partial.c_str(), path_.c_str()) == 0) return sync_parent(path_);
  const int error = errno;
  ::unlink(partial.c_str());
  return file_error(closed ? "can't rename to" : "can't write", path_, error);
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
