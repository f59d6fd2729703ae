// A file written in large pieces: under a temporary name, renamed when it is whole; or a descriptor such as standard
// output.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace halley::recovery {

class OutputFile {
 public:
  // Writes to `path` + ".partial" until commit() puts it in place of `path`. Fails with already_exists while another
  // writes it, in this process or another one, and where what has the temporary name is no file; what a killed process
  // left is begun anew.
  static Result<OutputFile> create(std::string path);
  // The same for a file that must not be there yet: already_exists where it is, and nothing is changed then. Where it
  // is made by another before commit(), that fails with already_exists, and the temporary file, which is whole, stays.
  static Result<OutputFile> create_new(std::string path);
  // Writes to an open descriptor, which stays open.
  static OutputFile to_descriptor(int descriptor, std::string name);
  // Without commit() the temporary file is removed.
  ~OutputFile();
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&& other) noexcept;

  // no_space when the disk is full, cancelled when the reader of a pipe went away, io otherwise.
  Status append(std::string_view bytes);
  // Whether rewrite() works: a file that is not a descriptor's.
  bool rewritable() const { return !path_.empty(); }
  // Replaces bytes that were appended before.
  Status rewrite(std::uint64_t offset, std::string_view bytes);
  std::uint64_t size() const { return size_; }
  // Writes out what is buffered; a file takes its name, durably.
  Status commit();

 private:
  OutputFile() = default;
  static Result<OutputFile> open(std::string path, bool is_new);
  Status flush();
  Status write_all(std::string_view bytes);
  void abandon();

  int descriptor_ = -1;
  std::string path_;  // empty for descriptors
  std::string name_;  // for messages
  std::string buffer_;
  std::uint64_t size_ = 0;
  bool is_new_ = false;  // it may replace nothing
};

// The entry of `path` in its directory is durable when it returns.
Status sync_parent(const std::string& path);

// The whole of a small file, in place when it returns.
Status write_file(const std::string& path, std::string_view bytes);

}  // namespace halley::recovery
