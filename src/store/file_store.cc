#include "store/file_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <system_error>
#include <unordered_map>
#include <unordered_set>

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

// Makes the names in the folder durable. 0 or errno.
int sync_directory(FileSystem& files, const std::string& path) {
  if (files.sync_directory(path) == 0) return 0;
  // Some network file systems can't sync a folder and say so: there a name is as durable as the server makes it.
  return errno == EINVAL || errno == EOPNOTSUPP ? 0 : errno;
}

Status synced_directory(FileSystem& files, const std::string& path) {
  const int failed = sync_directory(files, path);
  return failed == 0 ? Status() : fail(error_of(failed, "syncing " + path));
}

// Makes `path` and what is missing above it, and every name on the way durable: a folder that is there may be of a
// process that died before it could sync.
Status make_directories(FileSystem& files, const std::string& path) {
  const std::string parent = fs::path(path).parent_path();
  if (parent == path) return {};
  TRY(make_directories(files, parent));
  std::error_code ignored;
  const bool there = fs::is_directory(path, ignored);
  if (!there && files.make_directory(path) != 0 && errno != EEXIST) return fail(error_of(errno, "making " + path));
  auto synced = synced_directory(files, parent);
  // Where this user may not read the folder above, no process of this user made the one in it.
  if (there && !synced && synced.error().code == Code::forbidden) return {};
  return synced;
}

// Writes all of it and syncs; closes the file either way. 0 or errno: some file systems report a full disk only when a
// file is closed.
int write_all(FileSystem& files, int file, std::string_view bytes) {
  int failed = 0;
  while (failed == 0 && !bytes.empty()) {
    const ssize_t written = files.write(file, bytes);
    if (written >= 0) bytes.remove_prefix(static_cast<std::size_t>(written));
    if (written < 0 && errno != EINTR) failed = errno;
  }
  if (failed == 0 && files.sync(file) != 0) failed = errno;
  if (files.close(file) != 0 && failed == 0) failed = errno;
  return failed;
}

// How naming a file went.
struct Naming {
  int failed = 0;        // errno
  bool renamed = false;  // a rename was tried: that the old name is gone may come from it
};

// Gives the file at `from` the name `to`, which must be free: link(2), or where the file system knows no links,
// a rename that replaces nothing.
Naming name_file(FileSystem& files, const std::string& from, const std::string& to) {
  if (files.link(from, to) == 0) return {};
  if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS && errno != EMLINK) return {errno, false};
  return {files.rename(from, to) == 0 ? 0 : errno, true};
}

// Whose file a name is.
enum class Holder : std::uint8_t { nobody, own, another, unknown };

class FileStore : public ObjectStore {
 public:
  FileStore(std::string root, FileSystem& files) : root_(std::move(root)), files_(files) {}

  Status put(std::string_view name, std::string_view bytes) override {
    TRY(check_name(name));
    const std::string path = path_of(name);
    const std::string directory = fs::path(path).parent_path();
    TRY(make_durable(directory));
    struct stat there {};
    if (::lstat(path.c_str(), &there) == 0) return exists(name, directory);
    const std::string incoming = root_ + "/" + std::string(kIncoming);
    if (files_.make_directory(incoming) != 0 && errno != EEXIST) return fail(error_of(errno, "making " + incoming));
    const std::string temporary = incoming + "/" + to_hex(real_runtime().random_bytes(16));
    if (auto written = write_file(temporary, bytes); !written) {
      files_.remove(temporary);
      return written;
    }
    const Naming naming = name_file(files_, temporary, path);
    const Holder holder = naming.failed == 0 ? Holder::own : holder_of(name, temporary, naming.renamed, bytes);
    files_.remove(temporary);
    switch (holder) {
      case Holder::own:
        return sync_name(name, directory);
      case Holder::another:
        return exists(name, directory);
      case Holder::nobody:
        return fail(error_of(naming.failed, "naming " + path));
      case Holder::unknown:
        break;
    }
    return fail(Code::ambiguous, error_of(naming.failed, "naming " + path).message);
  }

  Result<std::string> get(std::string_view name, std::uint64_t offset, std::uint64_t size) override {
    TRY(check_name(name));
    const std::string path = path_of(name);
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));  // a pipe would wait for a writer
    if (!file.valid()) return fail(unreadable(errno, name));
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) return fail(unreadable(errno, name));
    if (!S_ISREG(status.st_mode)) return fail(no_file(status.st_mode, name));
    const auto end = static_cast<std::uint64_t>(status.st_size);
    std::string bytes(offset < end ? std::min(size, end - offset) : 0, '\0');
    std::size_t done = 0;
    while (done < bytes.size()) {
      const ssize_t got =
          ::pread(file.get(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return fail(unreadable(errno, name));
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    bytes.resize(done);
    return bytes;
  }

  Result<std::uint64_t> size(std::string_view name) override {
    TRY(check_name(name));
    struct stat status {};
    if (::stat(path_of(name).c_str(), &status) != 0) return fail(unreadable(errno, name));
    if (!S_ISREG(status.st_mode)) return fail(no_file(status.st_mode, name));
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
    if (files_.remove(path) != 0) {
      if (errno == ENOENT || errno == ENOTDIR) return {};
      return fail(error_of(errno, "removing " + path));
    }
    return synced_directory(files_, fs::path(path).parent_path());
  }

  std::string description() const override { return root_; }

  // Removes what writers that died left; what can't be removed (a read-only disk) is left alone.
  void clean() {
    std::error_code ignored;
    for (fs::directory_iterator at(root_ + "/" + std::string(kIncoming), ignored), end; at != end;
         at.increment(ignored)) {
      struct stat status {};
      if (::stat(at->path().c_str(), &status) != 0) continue;
      if (real_runtime().wall_second() - Second{status.st_mtime} > kStaleSeconds) files_.remove(at->path());
    }
  }

 private:
  Status write_file(const std::string& path, std::string_view bytes) {
    const int file = files_.create(path);
    if (file < 0) return fail(error_of(errno, "making " + path));
    if (const int failed = write_all(files_, file, bytes); failed != 0) {
      return fail(error_of(failed, "writing " + path));
    }
    return {};
  }

  // Whose the name is that could not be given to the file at `temporary`: it may be ours all the same, as with a
  // network file system that lost an answer and then says that the name exists.
  Holder holder_of(std::string_view name, const std::string& temporary, bool renamed, std::string_view bytes) {
    struct stat named {};
    if (::lstat(path_of(name).c_str(), &named) != 0) {
      return errno == ENOENT || errno == ENOTDIR ? Holder::nobody : Holder::unknown;
    }
    struct stat own {};
    if (::stat(temporary.c_str(), &own) == 0) {
      return own.st_dev == named.st_dev && own.st_ino == named.st_ino ? Holder::own : Holder::another;
    }
    if (errno != ENOENT) return Holder::unknown;
    // It was renamed; or this process slept for so long that the clean() of another took the file for a dead writer's.
    const auto found = get(name, 0, bytes.size() + 1);
    if (!found) return Holder::unknown;
    if (*found != bytes) return Holder::another;
    return renamed ? Holder::own : Holder::unknown;
  }

  std::string path_of(std::string_view name) const {
    return root_ + (root_.ends_with('/') ? "" : "/") + std::string(name);
  }

  // Makes a folder of the store, and those above it, unless this store has done so already: a folder that is there may
  // be of a process that died before its name was durable, or of another that has not come to that yet.
  Status make_durable(const std::string& directory) {
    {
      const std::lock_guard lock(mutex_);
      if (directory == root_ || durable_.count(directory) != 0) return {};
    }
    const std::string parent = fs::path(directory).parent_path();
    TRY(make_durable(parent));
    if (files_.make_directory(directory) != 0 && errno != EEXIST) return fail(error_of(errno, "making " + directory));
    TRY(sync_folder(parent));
    const std::lock_guard lock(mutex_);
    durable_.insert(directory);
    return {};
  }

  // Makes the names in a folder durable. The system tells once that it could not write them, and may then take them for
  // written: behind such an answer no other sync of the folder proves anything to this store.
  Status sync_folder(const std::string& directory) {
    {
      const std::lock_guard lock(mutex_);
      if (const auto at = lost_syncs_.find(directory); at != lost_syncs_.end()) return fail(at->second);
    }
    const int failed = sync_directory(files_, directory);
    if (failed == 0) return {};
    const Error error = error_of(failed, "syncing " + directory);
    if (failed == EIO || failed == ENOSPC || failed == EDQUOT) {
      const std::lock_guard lock(mutex_);
      lost_syncs_.emplace(directory, error);
    }
    return fail(error);
  }

  // The object can be seen. Until its folder is synced it may not outlive a power cut, so nobody is told that it is
  // there.
  Status sync_name(std::string_view name, const std::string& directory) {
    auto synced = sync_folder(directory);
    if (synced) return {};
    return fail(Code::ambiguous, "`" + std::string(name) + "` may not outlive a crash: " + synced.error().message,
                synced.error().hint);
  }

  Status exists(std::string_view name, const std::string& directory) {
    const std::string path = path_of(name);
    struct stat there {};
    if (::stat(path.c_str(), &there) == 0 ? !S_ISREG(there.st_mode) : ::lstat(path.c_str(), &there) == 0) {
      return fail(Code::corrupt, "`" + std::string(name) + "` is no file", "Move it out of the repository.");
    }
    TRY(sync_name(name, directory));
    return fail(Code::already_exists, "`" + std::string(name) + "` exists already");
  }

  // A folder is there for the names in it; anything else is in the way.
  static Error no_file(mode_t mode, std::string_view name) {
    if (S_ISDIR(mode)) return unreadable(ENOENT, name);
    return {Code::corrupt, "`" + std::string(name) + "` is no file", "Move it out of the repository."};
  }

  static Error unreadable(int number, std::string_view name) {
    switch (number) {
      case ENOENT:
      case ENOTDIR:
        return {Code::not_found, "there is no object `" + std::string(name) + "`"};
      case EIO:
      case EUCLEAN:
      case EBADMSG:
      case ELOOP:
      case ENXIO:  // a socket
        return {Code::corrupt, "`" + std::string(name) + "` can't be read: " + std::strerror(number)};
      default:
        return error_of(number, "reading `" + std::string(name) + "`");
    }
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
    if (error && error != std::errc::no_such_file_or_directory && error != std::errc::not_a_directory) {
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
  FileSystem& files_;
  std::mutex mutex_;
  std::unordered_set<std::string> durable_;            // folders whose names are
  std::unordered_map<std::string, Error> lost_syncs_;  // folders that could not be synced, and why
};

}  // namespace

Result<std::unique_ptr<ObjectStore>> open_file_store(const std::string& directory, bool create, FileSystem& files) {
  if (directory.empty()) return fail(Code::invalid_argument, "an empty path is no place for a repository");
  std::error_code error;
  fs::path root = fs::absolute(directory, error);  // first: of what is not there yet the next line makes no whole path
  if (!error) root = fs::weakly_canonical(root, error);  // ".." behind a link is where the system takes it to be
  if (error) return fail(error_of(error.value(), "finding " + directory));
  if (!root.has_filename()) root = root.parent_path();
  if (create) TRY(make_directories(files, root));
  struct stat status {};
  if (::stat(root.c_str(), &status) != 0) {
    if (errno == ENOENT) return fail(Code::not_found, "there is no folder " + root.string());
    return fail(error_of(errno, "opening " + root.string()));
  }
  if (!S_ISDIR(status.st_mode)) return fail(Code::invalid_argument, root.string() + " is no folder");
  auto store = std::make_unique<FileStore>(root.string(), files);
  store->clean();
  return store;
}

}  // namespace halley::store
