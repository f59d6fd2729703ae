// A file without a name, for what is too much for memory: it goes with this object.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace halley {

class TemporaryFile {
 public:
  // In $TMPDIR, else /var/tmp: /tmp is memory on many systems. `purpose` is for messages, as in "keep the differences
  // in".
  static Result<TemporaryFile> create(std::string purpose);
  ~TemporaryFile();
  TemporaryFile(TemporaryFile&& other) noexcept;
  TemporaryFile& operator=(TemporaryFile&&) = delete;

  // All errors name the folder: no_space when its disk is full, io otherwise.
  Status write(std::uint64_t offset, std::string_view bytes);
  // Replaces `out` by `size` bytes, which must have been written.
  Status read(std::uint64_t offset, std::uint64_t size, std::string& out) const;
  // Forgets what stands behind.
  Status cut(std::uint64_t size);
  // Gives back the disk's room of [begin, end), which is not read again; only whole blocks of the file system, and
  // nothing where that is not offered.
  void discard(std::uint64_t begin, std::uint64_t end);

  // That what was read is not what was written: io.
  Error damaged() const;

 private:
  TemporaryFile(int descriptor, std::string purpose, std::string folder);
  Error error_of(int number) const;

  int descriptor_;
  std::string purpose_, folder_;
};

}  // namespace halley
