// A tiny world whose backups are made to fail: an account with two containers, what was true of them at each second,
// and passes of backup into whatever store they are given.
#pragma once

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "../sim/model.h"
#include "capture/backup.h"
#include "repo/repository.h"
#include "server/emulator.h"
#include "store/object_store.h"
#include "testing/direct_transport.h"
#include "testing/virtual_runtime.h"

namespace halley::crash {

// Whether everything is to be tried (HALLEY_CRASH_ALL=1), or the sample that every run of the tests tries.
bool tries_all();

// Where folders are made and removed quickest: in memory, where the machine offers that.
std::filesystem::path quick_place();

// The newest second of each container that could be restored when a whole pass had ended.
using Promise = std::map<std::string, Second>;

class Shop {
 public:
  explicit Shop(bool all_versions);

  // Documents are written, changed, deleted and written again over a few seconds; each time others.
  void trade();

  // One pass as the program makes it: opens the repository, or makes it where there is none, and backs up. The error
  // of whatever kept it from being whole.
  Status pass(std::unique_ptr<store::ObjectStore> store);

  // What is stored is undamaged, in every byte. A repository must be there.
  void expect_undamaged(std::unique_ptr<store::ObjectStore> store);
  // After a whole pass: the repository is undamaged, holds nothing twice, and gives back what was true at every moment
  // at which something changed, before and behind it, at the ends of coverage, and at the moments that were promised:
  // `promised`, by an earlier pass, and the newest pass's.
  void expect_truth(std::unique_ptr<store::ObjectStore> store, const Promise& promised);

  // By the newest whole pass.
  const Promise& promised() const { return promised_; }
  std::size_t compared() const { return compared_; }  // moments, so far

 private:
  static constexpr int kContainers = 2;

  // Sleeps longer than asked, as a busy machine does: fewer polls until a pass has covered its beginning.
  class DrowsyRuntime final : public testing::VirtualRuntime {
   public:
    using VirtualRuntime::VirtualRuntime;
    bool sleep(Milliseconds duration, std::stop_token stop) override {
      return VirtualRuntime::sleep(std::max(duration, Milliseconds(6000)), stop);
    }
  };

  Second now() { return account_.clock().now(); }
  std::string letters(int count);
  void upsert(int container, int number);
  void remove(int container, int number);
  Result<std::unique_ptr<repo::Repository>> open(std::unique_ptr<store::ObjectStore> store);
  Status note_promise(repo::Repository& repository);
  void expect_lane(repo::Repository& repository, const repo::LaneState& lane, const Promise& promised);
  void expect_moment(repo::Repository& repository, const repo::LaneState& lane, Second moment);

  DrowsyRuntime runtime_;
  server::Account account_;
  testing::DirectTransport transport_;
  std::vector<sim::Model> models_;
  std::vector<Second> changed_;
  std::mt19937 random_;
  int rounds_ = 0;
  int writes_ = 0;
  Promise promised_;
  std::size_t compared_ = 0;
};

// All objects of a store, bytes by name; and the same put into another.
using Objects = std::map<std::string, std::string>;
Objects objects_of(store::ObjectStore& store);
void put_objects(const Objects& objects, store::ObjectStore& store);

}  // namespace halley::crash
