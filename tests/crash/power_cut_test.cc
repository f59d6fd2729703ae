// The power is cut behind every change that a backup makes to the disk of a file store: what was acknowledged is there,
// what is there is whole, and the next backup makes everything right.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <iostream>
#include <mutex>

#include "shop.h"
#include "store/file_store.h"
#include "testing/recorded_disk.h"
#include "testing/temporary_folder.h"

namespace halley::crash {
namespace {

using store::ObjectStore;
using testing::DiskContent;
using testing::RecordedDisk;

constexpr std::string_view kFolder = "backups/shop";  // of the repository, on the disk

// What was put, and behind which change the store said so.
struct Acknowledged {
  std::string name;
  std::string bytes;
  std::size_t changes = 0;
};

// Notes what a store acknowledges.
class WitnessedStore final : public ObjectStore {
 public:
  WitnessedStore(std::unique_ptr<ObjectStore> inner, const RecordedDisk& disk, std::vector<Acknowledged>& log)
      : inner_(std::move(inner)), disk_(disk), log_(log) {}

  Status put(std::string_view name, std::string_view bytes) override {
    TRY(inner_->put(name, bytes));
    const std::lock_guard lock(mutex_);
    log_.push_back({std::string(name), std::string(bytes), disk_.changes()});
    return {};
  }
  Result<std::string> get(std::string_view name, std::uint64_t offset, std::uint64_t size) override {
    return inner_->get(name, offset, size);
  }
  Result<std::uint64_t> size(std::string_view name) override { return inner_->size(name); }
  Result<std::vector<std::string>> list(std::string_view prefix, std::string_view after, std::size_t limit) override {
    return inner_->list(prefix, after, limit);
  }
  Status remove(std::string_view name) override { return inner_->remove(name); }
  std::string description() const override { return inner_->description(); }

 private:
  const std::unique_ptr<ObjectStore> inner_;
  const RecordedDisk& disk_;
  std::vector<Acknowledged>& log_;
  std::mutex mutex_;
};

// A disk with a repository on it, or the place for one.
struct Machine {
  explicit Machine(const DiskContent& content = {}) {
    lay_out(content, folder.path());
    disk.emplace(folder.path());
  }
  Result<std::unique_ptr<ObjectStore>> open() { return store::open_file_store(folder.path(kFolder), true, *disk); }
  Status pass(Shop& shop) {
    ASSIGN(auto store, open());
    return shop.pass(std::make_unique<WitnessedStore>(std::move(store), *disk, acknowledged));
  }

  testing::TemporaryFolder folder{quick_place()};
  std::optional<RecordedDisk> disk;
  std::vector<Acknowledged> acknowledged;
};

// What of a disk is in the repository: files that are unfinished or removed are not.
Objects objects_in(const DiskContent& content) {
  Objects objects;
  for (const auto& [path, bytes] : content.files) {
    if (path.find('+') == std::string::npos) objects.emplace(path.substr(kFolder.size() + 1), bytes);
  }
  return objects;
}

// The content of a disk after everything was synced.
DiskContent at_rest(const Machine& machine) {
  DiskContent rest;
  RecordedDisk(machine.folder.path()).for_each_survival(0, 0, [&](const DiskContent& content) { rest = content; });
  return rest;
}

class PowerCutTest : public ::testing::TestWithParam<std::tuple<bool, bool>> {
 protected:
  PowerCutTest() {
    shop_.trade();
    if (!std::get<1>(GetParam())) return;
    Machine machine;
    EXPECT_TRUE(machine.pass(shop_));
    promised_ = shop_.promised();
    start_ = at_rest(machine);
    shop_.trade();
  }
  ~PowerCutTest() override {
    if (!IsSkipped()) {
      std::cout << fmt::format("{} cuts, {} possible disks, {} of them different, {} moments compared\n", cuts_, disks_,
                               seen_.size(), shop_.compared());
    }
  }

  // Everything that can be left when the power is cut behind so many changes.
  void cut(const Machine& machine, std::size_t changes, std::size_t random) {
    ++cuts_;
    machine.disk->for_each_survival(changes, random, [&](const DiskContent& content) {
      ++disks_;
      const Objects objects = objects_in(content);
      for (const Acknowledged& put : machine.acknowledged) {
        if (put.changes > changes) continue;
        const auto found = objects.find(put.name);
        ASSERT_NE(found, objects.end()) << "lost though acknowledged: " << put.name;
        ASSERT_EQ(found->second, put.bytes) << "damaged though acknowledged: " << put.name;
      }
      if (seen_.insert(objects).second) expect_recovery(content, objects.count("halley.json") != 0);
    });
  }

  void expect_recovery(const DiskContent& content, bool made) {
    Machine machine(content);
    if (made) shop_.expect_undamaged(*machine.open());
    const Status passed = machine.pass(shop_);
    ASSERT_TRUE(passed) << passed.error().to_string();
    shop_.expect_truth(*machine.open(), promised_);
  }

  Shop shop_{std::get<0>(GetParam())};
  Promise promised_;
  DiskContent start_;
  std::set<Objects> seen_;
  std::size_t cuts_ = 0;
  std::size_t disks_ = 0;
};

TEST_P(PowerCutTest, NothingAcknowledgedIsLostBehindAnyChange) {
  Machine machine(start_);
  ASSERT_TRUE(machine.pass(shop_));
  ASSERT_GT(machine.acknowledged.size(), 5U);
  for (const std::string_view kind : {"segments/", "lanes/", "rollups/"}) {
    std::string all;
    bool any = false;
    for (const Acknowledged& put : machine.acknowledged) {
      any = any || put.name.starts_with(kind);
      all += fmt::format("{} {}\n", put.name, put.bytes.size());
    }
    EXPECT_TRUE(any) << "nothing is put into " << kind << " but\n" << all;
  }
  const std::size_t changes = machine.disk->changes();
  ASSERT_GT(changes, 40U);
  for (std::size_t change = 0; change <= changes; ++change) {
    SCOPED_TRACE(fmt::format("cut behind change {} of {}: {}", change, changes, machine.disk->describe(change)));
    cut(machine, change, tries_all() ? 100 : 4);
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_GT(seen_.size(), machine.acknowledged.size());
}

// Killed at any call, then a pass of another process, then the power is cut: what the second one acknowledged may rest
// on what the first one did and did not sync.
TEST_P(PowerCutTest, NothingIsLostOnWhatAKilledProcessLeft) {
  const std::size_t step = tries_all() ? 1 : 11;
  for (std::size_t at = 1;; at += step) {
    SCOPED_TRACE(fmt::format("killed at call {}", at));
    Machine machine(start_);
    machine.disk->set_fault({at, EIO, false, true});
    const Status killed = machine.pass(shop_);
    const bool reached = machine.disk->failed();
    machine.disk->set_fault({});
    if (!reached) break;
    const std::string last = machine.disk->describe(machine.disk->changes());
    SCOPED_TRACE("the last thing it did: " + last);
    const Status passed = machine.pass(shop_);
    ASSERT_TRUE(passed) << passed.error().to_string();
    cut(machine, machine.disk->changes(), tries_all() ? 20 : 2);
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_GT(cuts_, 10U);
}

INSTANTIATE_TEST_SUITE_P(Backups, PowerCutTest, ::testing::Combine(::testing::Bool(), ::testing::Bool()),
                         [](const auto& test) {
                           return std::string(std::get<0>(test.param) ? "AllVersions" : "Latest") +
                                  (std::get<1>(test.param) ? "Incremental" : "First");
                         });

}  // namespace
}  // namespace halley::crash
