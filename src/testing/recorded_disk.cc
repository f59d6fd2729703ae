#include "testing/recorded_disk.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <optional>
#include <random>
#include <sstream>
#include <utility>

#include "base/check.h"

namespace halley::testing {
namespace {

namespace fs = std::filesystem;

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/') + 1); }
std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::string read_all(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

}  // namespace

void lay_out(const DiskContent& content, const std::string& folder) {
  for (const std::string& path : content.folders) fs::create_directory(folder + "/" + path);
  for (const auto& [path, bytes] : content.files) std::ofstream(folder + "/" + path, std::ios::binary) << bytes;
}

// The changes done again, with what is durable kept apart from what is not.
class RecordedDisk::Replay {
 public:
  void apply(const Change& change) {
    switch (change.kind) {
      case Kind::folder:
      case Kind::file:
      case Kind::named:
        pending_.push_back({folder_of(change.path), name_of(change.path), change.node});
        if (change.kind == Kind::folder) folder_nodes_.insert(change.node);
        break;
      case Kind::removed:
        pending_.push_back({folder_of(change.path), name_of(change.path), std::nullopt});
        break;
      case Kind::written:
        files_[change.node].bytes += change.bytes;
        break;
      case Kind::synced:
        files_[change.node].synced = files_[change.node].bytes.size();
        break;
      case Kind::folder_synced:
        sync_folder(change.path);
        break;
    }
  }

  std::size_t pending() const { return pending_.size(); }
  bool has_unsynced_bytes() const {
    for (const auto& [node, file] : files_) {
      if (file.synced < file.bytes.size()) return true;
    }
    return false;
  }

  // What is left when those names are as after, and unsynced bytes are as `tear` says.
  enum class Tear : std::uint8_t { lost, part, zeros, kept };
  DiskContent survival(const std::vector<bool>& chosen, Tear tear) const {
    Folders folders = durable_;
    for (std::size_t i = 0; i < pending_.size(); ++i) {
      if (chosen[i]) set(pending_[i], folders);
    }
    DiskContent content;
    collect("", folders, tear, content);
    return content;
  }

 private:
  struct Name {
    std::string folder;  // "" or a path and a slash
    std::string name;
    std::optional<std::size_t> node;  // nothing: the name is gone
  };
  struct File {
    std::string bytes;
    std::size_t synced = 0;
  };
  using Folders = std::map<std::string, std::map<std::string, std::size_t>>;

  static void set(const Name& name, Folders& folders) {
    if (name.node) {
      folders[name.folder][name.name] = *name.node;
    } else {
      folders[name.folder].erase(name.name);
    }
  }

  void sync_folder(const std::string& folder) {
    std::vector<Name> left;
    for (Name& name : pending_) {
      if (name.folder == folder) {
        set(name, durable_);
      } else {
        left.push_back(std::move(name));
      }
    }
    pending_ = std::move(left);
  }

  std::string torn(std::size_t node, Tear tear) const {
    const auto found = files_.find(node);
    if (found == files_.end()) return {};
    const auto& [bytes, synced] = found->second;
    switch (tear) {
      case Tear::lost:
        return bytes.substr(0, synced);
      case Tear::part:
        return bytes.substr(0, synced + (bytes.size() - synced) / 2);
      case Tear::zeros:
        return bytes.substr(0, synced) + std::string(bytes.size() - synced, '\0');
      case Tear::kept:
        break;
    }
    return bytes;
  }

  void collect(const std::string& folder, const Folders& folders, Tear tear, DiskContent& content) const {
    const auto found = folders.find(folder);
    if (found == folders.end()) return;
    for (const auto& [name, node] : found->second) {
      if (folder_nodes_.count(node) == 0) {
        content.files.emplace(folder + name, torn(node, tear));
      } else {
        content.folders.insert(folder + name);
        collect(folder + name + "/", folders, tear, content);
      }
    }
  }

  Folders durable_;
  std::vector<Name> pending_;
  std::map<std::size_t, File> files_;
  std::set<std::size_t> folder_nodes_;
};

RecordedDisk::RecordedDisk(std::string folder) : folder_(std::move(folder)) {
  for (const auto& entry : fs::recursive_directory_iterator(folder_)) {
    const std::string path = relative(entry.path());
    nodes_by_path_[path] = ++nodes_;
    if (entry.is_directory()) {
      record({Kind::folder, path, nodes_, {}});
    } else {
      record({Kind::file, path, nodes_, {}});
      record({Kind::written, path, nodes_, read_all(entry.path())});
      record({Kind::synced, path, nodes_, {}});
    }
    record({Kind::folder_synced, folder_of(path), 0, {}});
  }
  before_ = changes_.size();
}

RecordedDisk::Fate RecordedDisk::next_call() {
  const std::uint64_t call = ++calls_;
  const bool fails = fault_.at != 0 && (call == fault_.at || (fault_.persists && call > fault_.at));
  return {fails, !fails || fault_.applied};
}

int RecordedDisk::perform(const std::function<int()>& act, const std::vector<Change>& done) {
  const Fate fate = next_call();
  int answer = 0;
  if (fate.done) {
    answer = act();
    if (answer == 0) changes_.insert(changes_.end(), done.begin(), done.end());
  }
  if (!fate.fails) return answer;
  errno = fault_.error;
  return -1;
}

int RecordedDisk::make_directory(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const std::size_t node = ++nodes_;
  return perform([&] { return store::real_file_system().make_directory(path); },
                 {{Kind::folder, relative(path), node, {}}});
}

int RecordedDisk::create(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const Fate fate = next_call();
  int file = -1;
  if (fate.done) {
    file = store::real_file_system().create(path);
    if (file < 0) return file;
    nodes_by_path_[relative(path)] = nodes_by_descriptor_[file] = ++nodes_;
    record({Kind::file, relative(path), nodes_, {}});
  }
  if (!fate.fails) return file;
  if (file >= 0) store::real_file_system().close(file);
  errno = fault_.error;
  return -1;
}

ssize_t RecordedDisk::write(int file, std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  const Fate fate = next_call();
  const std::string_view written = fate.done ? bytes : bytes.substr(0, bytes.size() / 2);
  const ssize_t count = store::real_file_system().write(file, written);
  CHECK(count == static_cast<ssize_t>(written.size()));
  record({Kind::written, {}, nodes_by_descriptor_.at(file), std::string(written)});
  if (!fate.fails) return count;
  errno = fault_.error;
  return -1;
}

int RecordedDisk::sync(int file) {
  const std::lock_guard lock(mutex_);
  return perform([] { return 0; }, {{Kind::synced, {}, nodes_by_descriptor_.at(file), {}}});
}

int RecordedDisk::close(int file) {
  const std::lock_guard lock(mutex_);
  const Fate fate = next_call();
  const int closed = store::real_file_system().close(file);
  if (!fate.fails) return closed;
  errno = fault_.error;
  return -1;
}

int RecordedDisk::link(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  const std::size_t node = nodes_by_path_.at(relative(from));
  return perform(
      [&] {
        const int linked = store::real_file_system().link(from, to);
        if (linked == 0) nodes_by_path_[relative(to)] = node;
        return linked;
      },
      {{Kind::named, relative(to), node, {}}});
}

int RecordedDisk::rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  const std::size_t node = nodes_by_path_.at(relative(from));
  return perform(
      [&] {
        const int renamed = store::real_file_system().rename(from, to);
        if (renamed == 0) nodes_by_path_[relative(to)] = node;
        return renamed;
      },
      {{Kind::removed, relative(from), 0, {}}, {Kind::named, relative(to), node, {}}});
}

int RecordedDisk::remove(const std::string& path) {
  const std::lock_guard lock(mutex_);
  return perform([&] { return store::real_file_system().remove(path); }, {{Kind::removed, relative(path), 0, {}}});
}

int RecordedDisk::sync_directory(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (folder_.starts_with(path + "/") || path == "/") return 0;  // above the disk
  const std::string folder = path == folder_ ? "" : relative(path) + "/";
  return perform([] { return 0; }, {{Kind::folder_synced, folder, 0, {}}});
}

void RecordedDisk::set_fault(DiskFault fault) {
  const std::lock_guard lock(mutex_);
  fault_ = fault;
  calls_ = 0;
}

std::size_t RecordedDisk::changes() const {
  const std::lock_guard lock(mutex_);
  return changes_.size() - before_;
}

std::string RecordedDisk::describe(std::size_t changes) const {
  static constexpr const char* kWords[] = {"made folder", "made file", "wrote",        "synced",
                                           "named",       "removed",   "synced folder"};
  const std::lock_guard lock(mutex_);
  if (changes == 0) return "nothing done";
  const Change& change = changes_[before_ + changes - 1];
  return std::string(kWords[static_cast<std::size_t>(change.kind)]) + " " + change.path;
}

void RecordedDisk::for_each_survival(std::size_t changes, std::size_t random,
                                     const std::function<void(const DiskContent&)>& look) const {
  using Tear = Replay::Tear;
  Replay replay;
  {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < before_ + changes; ++i) replay.apply(changes_[i]);
  }
  const bool torn = replay.has_unsynced_bytes();
  const auto with = [&](const std::vector<bool>& chosen) {
    for (const Tear tear : {Tear::lost, Tear::part, Tear::zeros, Tear::kept}) {
      if (torn || tear == Tear::lost) look(replay.survival(chosen, tear));
    }
  };
  const std::size_t names = replay.pending();
  for (const bool all : {false, true}) {
    std::vector<bool> chosen(names, all);
    with(chosen);
    for (std::size_t i = 0; names > 1 && i < names; ++i) {
      chosen[i] = !all;
      with(chosen);
      chosen[i] = all;
    }
  }
  std::mt19937_64 generator(changes);
  for (std::size_t i = 0; i < random; ++i) {
    std::vector<bool> chosen(names);
    for (std::size_t k = 0; k < names; ++k) chosen[k] = generator() % 2 == 0;
    with(chosen);
  }
}

std::string RecordedDisk::relative(const std::string& path) const {
  CHECK(path.starts_with(folder_ + "/"));
  return path.substr(folder_.size() + 1);
}

}  // namespace halley::testing
