// A disk whose power can be cut, under a file store: changes are made to real files at once, and recorded, so that a
// test can ask what could be left of them had the power been cut behind any one; and any call can be made to fail.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "store/file_system.h"

namespace halley::testing {

// What goes wrong with the n-th call.
struct DiskFault {
  std::uint64_t at = 0;   // counted from 1; 0 = none
  int error = 0;          // what it answers
  bool applied = false;   // it is done all the same; otherwise it is not done, or of a write the first half
  bool persists = false;  // so do all later calls. With EIO, not applied: the process is dead
};

// What is found on a disk: paths under its folder.
struct DiskContent {
  std::set<std::string> folders;
  std::map<std::string, std::string> files;
  friend bool operator==(const DiskContent&, const DiskContent&) = default;
};
// Makes it real, in a folder that is there and empty.
void lay_out(const DiskContent& content, const std::string& folder);

class RecordedDisk final : public store::FileSystem {
 public:
  // `folder` is there; what it holds is durable. Only paths under it may be changed.
  explicit RecordedDisk(std::string folder);

  int make_directory(const std::string& path) override;
  int create(const std::string& path) override;
  ssize_t write(int file, std::string_view bytes) override;
  int sync(int file) override;
  int close(int file) override;
  int link(const std::string& from, const std::string& to) override;
  int rename(const std::string& from, const std::string& to) override;
  int remove(const std::string& path) override;
  int sync_directory(const std::string& path) override;

  // From now on; the calls are counted from here.
  void set_fault(DiskFault fault);
  std::uint64_t calls() const { return calls_; }
  // Whether the call of the fault was reached.
  bool failed() const { return fault_.at != 0 && calls_ >= fault_.at; }

  // How many changes were recorded, syncs included.
  std::size_t changes() const;
  // For a message: what the last one of so many was.
  std::string describe(std::size_t changes) const;
  // Calls `look` with what a power cut behind the first `changes` changes can leave. What was synced is there. Of a
  // file's other bytes none may be there, a part, zeros, or all; every name made or removed in a folder since that
  // folder was synced may be as before or as after, by itself: none of these, all, each alone, all but each, and
  // `random` more choices. A name whose folder is lost is lost.
  void for_each_survival(std::size_t changes, std::size_t random,
                         const std::function<void(const DiskContent&)>& look) const;

 private:
  enum class Kind : std::uint8_t { folder, file, written, synced, named, removed, folder_synced };
  struct Change {
    Kind kind = Kind::folder;
    std::string path;  // under the folder
    std::size_t node = 0;
    std::string bytes;
  };
  class Replay;

  // Counts a call. Whether it is to fail, and whether it is done.
  struct Fate {
    bool fails = false;
    bool done = true;
  };
  Fate next_call();
  // The end of a call that is done by `act`: records `change` when it succeeded; gives the answer.
  int perform(const std::function<int()>& act, const std::vector<Change>& done);
  void record(Change change) { changes_.push_back(std::move(change)); }
  std::string relative(const std::string& path) const;

  const std::string folder_;
  mutable std::mutex mutex_;
  DiskFault fault_;
  std::atomic<std::uint64_t> calls_{0};
  std::vector<Change> changes_;
  std::size_t before_ = 0;  // of these make what was there at first
  std::size_t nodes_ = 0;
  std::map<std::string, std::size_t, std::less<>> nodes_by_path_;
  std::map<int, std::size_t> nodes_by_descriptor_;
};

}  // namespace halley::testing
