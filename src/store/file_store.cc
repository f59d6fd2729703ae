#include "store/file_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "base/bytes.h"
#include "runtime/runtime.h"

namespace halley::store {
namespace {

namespace fs = std::filesystem;

// Files being written live here; '+' is in no object name, so nothing of it is ever listed.
constexpr std::string_view kIncoming = "+incoming";
// A file left here that long is of a writer that died: no put lasts a day.
constexpr std::int64_t kStaleSeconds = 24 * 3600;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return number_; }
  bool valid() const { return number_ >= 0; }
  // close() with its result: some file systems report a full disk only here.
  int close() { return ::close(std::exchange(number_, -1)); }

 private:
  int number_;
};

Error error_of(int number, const std::string& action) {
  const std::string message = action + ": " + std::strerror(number);
  if (number == ENOSPC || number == EDQUOT || number == EFBIG) {
    return {Code::no_space, message,
            "Free some space there, or move the repository to a larger disk; nothing is lost."};
  }
  if (number == EACCES || number == EPERM || number == EROFS) {
    return {Code::forbidden, message, "Give this user the right to read and write that folder."};
  }
  return {Code::io, message};
}

Status sync_directory(const std::string& path) {
  const Descriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid() || ::fsync(directory.get()) != 0) return fail(error_of(errno, "syncing " + path));
  return {};
}

// Makes `path` and what is missing above it, each entry durable.
Status make_directories(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0) {
    if (errno == EEXIST) return {};
    if (errno != ENOENT) return fail(error_of(errno, "making " + path));
    const std::string parent = fs::path(path).parent_path();
    if (parent.empty() || parent == path) return fail(error_of(ENOENT, "making " + path));
    TRY(make_directories(parent));
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return fail(error_of(errno, "making " + path));
  }
  return sync_directory(fs::path(path).parent_path());
}

Status write_file(const std::string& path, std::string_view bytes) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file.valid()) return fail(error_of(errno, "making " + path));
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail(error_of(errno, "writing " + path));
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(file.get()) != 0 || file.close() != 0) return fail(error_of(errno, "syncing " + path));
  return {};
}

// Gives the file at `from` the name `to`, which must be free: link(2), or where the file system knows no links,
// a rename that replaces nothing. 0 or errno.
int name_file(const std::string& from, const std::string& to) {
  if (::link(from.c_str(), to.c_str()) == 0) return 0;
  if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS && errno != EMLINK) return errno;
  return ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0 ? 0 : errno;
}

class FileStore : public ObjectStore {
 public:
  explicit FileStore(std::string root) : root_(std::move(root)) {}

  Status put(std::string_view name, std::string_view bytes) override {
    TRY(check_name(name));
    const std::string path = path_of(name);
    if (::access(path.c_str(), F_OK) == 0) return exists(name);
    const std::string incoming = root_ + "/" + std::string(kIncoming);
    const std::string temporary = incoming + "/" + to_hex(real_runtime().random_bytes(16));
    const std::string directory = fs::path(path).parent_path();
    TRY(make_directories(incoming));
    TRY(make_directories(directory));
    if (auto written = write_file(temporary, bytes); !written) {
      ::unlink(temporary.c_str());
      return written;
    }
    const int named = name_file(temporary, path);
    ::unlink(temporary.c_str());
    if (named == EEXIST) return exists(name);
    if (named != 0) return fail(error_of(named, "naming " + path));
    if (auto synced = sync_directory(directory); !synced) {
      return fail(Code::ambiguous, "`" + std::string(name) + "` may not outlive a crash: " + synced.error().message);
    }
    return {};
  }

  Result<std::string> get(std::string_view name, std::uint64_t offset, std::uint64_t size) override {
    TRY(check_name(name));
    const std::string path = path_of(name);
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.valid()) return fail(absent_or(errno, name));
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) return fail(error_of(errno, "reading " + path));
    if (!S_ISREG(status.st_mode)) return fail(absent_or(ENOENT, name));
    const auto end = static_cast<std::uint64_t>(status.st_size);
    std::string bytes(offset < end ? std::min(size, end - offset) : 0, '\0');
    std::size_t done = 0;
    while (done < bytes.size()) {
      const ssize_t got =
          ::pread(file.get(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return fail(error_of(errno, "reading " + path));
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    bytes.resize(done);
    return bytes;
  }

  Result<std::uint64_t> size(std::string_view name) override {
    TRY(check_name(name));
    struct stat status {};
    if (::stat(path_of(name).c_str(), &status) != 0) return fail(absent_or(errno, name));
    if (!S_ISREG(status.st_mode)) return fail(absent_or(ENOENT, name));
    return static_cast<std::uint64_t>(status.st_size);
  }

  Result<std::vector<std::string>> list(std::string_view prefix, std::string_view after, std::size_t limit) override {
    std::vector<std::string> names;
    // Only the folder that all names with the prefix are in has to be walked.
    const std::size_t slash = prefix.rfind('/');
    const std::string folder(slash == std::string_view::npos ? "" : prefix.substr(0, slash + 1));
    if (!folder.empty()) TRY(check_name(folder.substr(0, slash)));
    if (limit > 0) TRY(walk(folder, prefix, after, limit, names));
    return names;
  }

  Status remove(std::string_view name) override {
    TRY(check_name(name));
    const std::string path = path_of(name);
    if (::unlink(path.c_str()) != 0) {
      if (errno == ENOENT || errno == ENOTDIR) return {};
      return fail(error_of(errno, "removing " + path));
    }
    return sync_directory(fs::path(path).parent_path());
  }

  std::string description() const override { return root_; }

  // Removes what writers that died left; what can't be removed (a read-only disk) is left alone.
  void clean() {
    std::error_code ignored;
    for (fs::directory_iterator at(root_ + "/" + std::string(kIncoming), ignored), end; at != end;
         at.increment(ignored)) {
      struct stat status {};
      if (::stat(at->path().c_str(), &status) != 0) continue;
      if (real_runtime().wall_second() - Second{status.st_mtime} > kStaleSeconds) ::unlink(at->path().c_str());
    }
  }

 private:
  std::string path_of(std::string_view name) const { return root_ + "/" + std::string(name); }

  static Status exists(std::string_view name) {
    return fail(Code::already_exists, "`" + std::string(name) + "` exists already");
  }

  static Error absent_or(int number, std::string_view name) {
    if (number == ENOENT || number == ENOTDIR) {
      return {Code::not_found, "there is no object `" + std::string(name) + "`"};
    }
    return error_of(number, "reading `" + std::string(name) + "`");
  }

  // Appends the wanted names in `folder` ("" or a name and a slash), in order. Entries that no object name allows are
  // not ours.
  Status walk(const std::string& folder, std::string_view prefix, std::string_view after, std::size_t limit,
              std::vector<std::string>& names) {
    std::vector<std::string> entries;  // full names; folders end in a slash, which puts them where their names sort
    std::error_code error;
    for (fs::directory_iterator at(path_of(folder), error), end; !error && at != end; at.increment(error)) {
      std::string entry = folder + at->path().filename().string();
      if (!check_name(entry)) continue;
      std::error_code ignored;
      if (at->is_directory(ignored)) entry += '/';
      const bool may_match = entry.starts_with(prefix) || (entry.back() == '/' && prefix.starts_with(entry));
      const bool may_follow = entry > after || (entry.back() == '/' && after.starts_with(entry));
      if (may_match && may_follow) entries.push_back(std::move(entry));
    }
    if (error && error != std::errc::no_such_file_or_directory) {
      return fail(error_of(error.value(), "listing " + path_of(folder)));
    }
    const std::size_t wanted = std::min(entries.size(), limit - names.size());
    std::partial_sort(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(wanted), entries.end());
    for (std::size_t i = 0; i < entries.size() && names.size() < limit; ++i) {
      if (i == wanted) std::sort(entries.begin() + static_cast<std::ptrdiff_t>(i), entries.end());
      if (entries[i].back() == '/') {
        TRY(walk(entries[i], prefix, after, limit, names));
      } else {
        names.push_back(std::move(entries[i]));
      }
    }
    return {};
  }

  const std::string root_;
};

}  // namespace

Result<std::unique_ptr<ObjectStore>> open_file_store(const std::string& directory, bool create) {
  if (directory.empty()) return fail(Code::invalid_argument, "an empty path is no place for a repository");
  std::error_code error;
  fs::path root = fs::absolute(directory, error).lexically_normal();
  if (error) return fail(error_of(error.value(), "finding " + directory));
  if (!root.has_filename()) root = root.parent_path();
  if (create) TRY(make_directories(root));
  struct stat status {};
  if (::stat(root.c_str(), &status) != 0) {
    if (errno == ENOENT) return fail(Code::not_found, "there is no folder " + root.string());
    return fail(error_of(errno, "opening " + root.string()));
  }
  if (!S_ISDIR(status.st_mode)) return fail(Code::invalid_argument, root.string() + " is no folder");
  auto store = std::make_unique<FileStore>(root.string());
  store->clean();
  return store;
}

}  // namespace halley::store
