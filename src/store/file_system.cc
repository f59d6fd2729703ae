#include "store/file_system.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace halley::store {
namespace {

class RealFileSystem final : public FileSystem {
 public:
  int make_directory(const std::string& path) override { return ::mkdir(path.c_str(), 0700); }
  int create(const std::string& path) override {
    return ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  }
  ssize_t write(int file, std::string_view bytes) override { return ::write(file, bytes.data(), bytes.size()); }
  int sync(int file) override { return ::fsync(file); }
  int close(int file) override { return ::close(file); }
  int link(const std::string& from, const std::string& to) override { return ::link(from.c_str(), to.c_str()); }
  int rename(const std::string& from, const std::string& to) override {
    return ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE);
  }
  int remove(const std::string& path) override { return ::unlink(path.c_str()); }
  int sync_directory(const std::string& path) override {
    const int directory = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) return -1;
    const int synced = ::fsync(directory);
    const int number = errno;
    ::close(directory);
    errno = number;
    return synced;
  }
};

}  // namespace

FileSystem& real_file_system() {
  static RealFileSystem system;
  return system;
}

}  // namespace halley::store
