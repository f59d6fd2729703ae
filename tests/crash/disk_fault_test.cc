// Every call by which a backup changes the disk of a file store fails in turn: the disk is full, once or for the rest
// of the pass; the disk has an error; the call fails though it was done.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <iostream>

#include "shop.h"
#include "store/file_store.h"
#include "testing/recorded_disk.h"
#include "testing/temporary_folder.h"

namespace halley::crash {
namespace {

using store::ObjectStore;
using testing::DiskFault;
using testing::RecordedDisk;

struct FaultyMachine {
  explicit FaultyMachine(const Objects& objects = {}) {
    put_objects(objects, **open());
    disk.set_fault({});
  }
  Result<std::unique_ptr<ObjectStore>> open() { return store::open_file_store(folder.path("shop"), true, disk); }
  testing::TemporaryFolder folder{quick_place()};
  RecordedDisk disk{folder.path()};
};

class DiskFaultTest : public ::testing::TestWithParam<std::tuple<bool, bool>> {
 protected:
  DiskFaultTest() {
    shop_.trade();
    if (!std::get<1>(GetParam())) return;
    FaultyMachine machine;
    EXPECT_TRUE(pass(machine));
    promised_ = shop_.promised();
    start_ = objects_of(**machine.open());
    shop_.trade();
  }

  Status pass(FaultyMachine& machine) {
    ASSIGN(auto store, machine.open());
    return shop_.pass(std::move(store));
  }

  // A pass meets the fault at every call in turn (in the sample every 13th); `judge` sees what became of it. The
  // next pass has none and completes.
  void expect_survival(DiskFault fault, const std::function<void(const Status&)>& judge) {
    const std::size_t step = tries_all() ? 1 : 13;
    std::size_t tried = 0, noticed = 0;
    for (fault.at = 1;; fault.at += step) {
      FaultyMachine machine(start_);
      machine.disk.set_fault(fault);
      const Status failed = pass(machine);
      const bool reached = machine.disk.failed();
      SCOPED_TRACE(fmt::format("error {} at call {}, the last change: {}", fault.error, fault.at,
                               machine.disk.describe(machine.disk.changes())));
      machine.disk.set_fault({});
      if (!reached) break;
      ++tried;
      if (!failed) ++noticed;
      judge(failed);
      auto store = machine.open();
      if (failed) {
        shop_.expect_truth(std::move(*store), promised_);  // a pass that says it is whole is
      } else if ((*store)->size("halley.json")) {
        shop_.expect_undamaged(std::move(*store));
      }
      const Status passed = pass(machine);
      ASSERT_TRUE(passed) << passed.error().to_string();
      shop_.expect_truth(*machine.open(), promised_);
      ASSERT_FALSE(HasFailure());
    }
    EXPECT_GT(noticed, tried / 5);
    EXPECT_GT(tried * step, 50U) << "a backup makes more calls than that";
    std::cout << fmt::format("{} calls failed, {} passes with them, {} moments compared\n", tried, noticed,
                             shop_.compared());
  }

  Shop shop_{std::get<0>(GetParam())};
  Promise promised_;
  Objects start_;
};

TEST_P(DiskFaultTest, AFullDiskAtAnyCallIsToldAndTheNextPassCompletes) {
  expect_survival({0, ENOSPC, false, false}, [](const Status& failed) {
    if (failed) return;
    // A folder that could not be synced holds an object that may be there.
    const Code code = failed.error().code;
    EXPECT_TRUE(code == Code::no_space || code == Code::ambiguous) << failed.error().to_string();
    EXPECT_NE(failed.error().hint.find("Free some space"), std::string::npos) << failed.error().to_string();
  });
}

TEST_P(DiskFaultTest, ADiskThatStaysFullIsToldAndTheNextPassCompletes) {
  expect_survival({0, ENOSPC, false, true}, [](const Status& failed) {
    if (failed) return;  // only a rollup is missing, which is made again
    EXPECT_TRUE(failed.error().hint.find("Free some space") != std::string::npos) << failed.error().to_string();
  });
}

TEST_P(DiskFaultTest, ACallThatFailsThoughItWasDoneLosesNothing) {
  expect_survival({0, EIO, true, false}, [](const Status&) {});
}

TEST_P(DiskFaultTest, ANameThatExistsAlreadyBecauseTheAnswerWasLostIsOurs) {
  // As network file systems answer the repeat of a request that was done.
  expect_survival({0, EEXIST, true, false}, [](const Status&) {});
}

TEST_P(DiskFaultTest, AnErrorOfTheDiskAtAnyCallLosesNothing) {
  expect_survival({0, EIO, false, false}, [](const Status&) {});
}

INSTANTIATE_TEST_SUITE_P(Backups, DiskFaultTest, ::testing::Combine(::testing::Bool(), ::testing::Bool()),
                         [](const auto& test) {
                           return std::string(std::get<0>(test.param) ? "AllVersions" : "Latest") +
                                  (std::get<1>(test.param) ? "Incremental" : "First");
                         });

}  // namespace
}  // namespace halley::crash
