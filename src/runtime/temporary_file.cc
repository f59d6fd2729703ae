#include "runtime/temporary_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace halley {

TemporaryFile::TemporaryFile(int descriptor, std::string purpose, std::string folder)
    : descriptor_(descriptor), purpose_(std::move(purpose)), folder_(std::move(folder)) {}

TemporaryFile::~TemporaryFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

TemporaryFile::TemporaryFile(TemporaryFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      purpose_(std::move(other.purpose_)),
      folder_(std::move(other.folder_)) {}

Result<TemporaryFile> TemporaryFile::create(std::string purpose) {
  const char* const asked = getenv("TMPDIR");
  TemporaryFile file(-1, std::move(purpose), asked == nullptr || *asked == '\0' ? "/var/tmp" : asked);
  std::string path = file.folder_ + "/halley-XXXXXX";
  file.descriptor_ = mkostemp(path.data(), O_CLOEXEC);
  if (file.descriptor_ < 0) return fail(file.error_of(errno));
  ::unlink(path.c_str());
  return file;
}

Error TemporaryFile::error_of(int number) const {
  const bool full = number == ENOSPC || number == EDQUOT;
  return {full ? Code::no_space : Code::io,
          "can't " + purpose_ + " a temporary file in " + folder_ + ": " + std::strerror(number),
          "make room there, or set TMPDIR to a folder that has some"};
}

Error TemporaryFile::damaged() const {
  return {Code::io,
          "can't " + purpose_ + " a temporary file in " + folder_ + ": it does not hold what was written to it",
          "is that disk failing? Set TMPDIR to a folder on another one"};
}

Status TemporaryFile::write(std::uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t done = ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return fail(error_of(errno));
    bytes.remove_prefix(static_cast<std::size_t>(done));
    offset += static_cast<std::uint64_t>(done);
  }
  return {};
}

Status TemporaryFile::read(std::uint64_t offset, std::uint64_t size, std::string& out) const {
  out.resize(size);
  for (std::size_t at = 0; at < size;) {
    const ssize_t done = ::pread(descriptor_, out.data() + at, size - at, static_cast<off_t>(offset + at));
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return fail(error_of(errno));
    if (done == 0) return fail(damaged());
    at += static_cast<std::size_t>(done);
  }
  return {};
}

Status TemporaryFile::cut(std::uint64_t size) {
  return ::ftruncate(descriptor_, static_cast<off_t>(size)) == 0 ? Status() : fail(error_of(errno));
}

void TemporaryFile::discard(std::uint64_t begin, std::uint64_t end) {
  if (begin >= end) return;
  // Where it is refused the room is given back with the file.
  static_cast<void>(::fallocate(descriptor_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(begin),
                                static_cast<off_t>(end - begin)));
}

}  // namespace halley
