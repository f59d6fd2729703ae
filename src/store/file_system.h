// The calls by which a file store changes a disk, apart so that tests can cut the power between any two of them.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

namespace halley::store {

// As unistd.h has them: -1 and errno on failure. May be used from several threads at once.
class FileSystem {
 public:
  virtual ~FileSystem() = default;
  virtual int make_directory(const std::string& path) = 0;  // for its owner alone
  virtual int create(const std::string& path) = 0;          // a new file for its owner alone, open for writing
  virtual ssize_t write(int file, std::string_view bytes) = 0;
  virtual int sync(int file) = 0;
  virtual int close(int file) = 0;
  virtual int link(const std::string& from, const std::string& to) = 0;
  virtual int rename(const std::string& from, const std::string& to) = 0;  // EEXIST where it would replace something
  virtual int remove(const std::string& path) = 0;
  virtual int sync_directory(const std::string& path) = 0;
};

// The machine's.
FileSystem& real_file_system();

}  // namespace halley::store
