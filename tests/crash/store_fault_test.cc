// Every mutation that a backup makes of its store goes wrong in turn, in memory and in files: refused, no space, torn,
// done though the answer was lost; with the process going on, or dying there.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <iostream>

#include "shop.h"
#include "store/file_store.h"
#include "store/memory_store.h"
#include "testing/faulty_store.h"
#include "testing/recorded_disk.h"
#include "testing/temporary_folder.h"

namespace halley::crash {
namespace {

using store::ObjectStore;
using testing::Fault;
using testing::FaultPlan;

struct Case {
  Fault fault;
  bool dies;
};

class StoreFaultTest : public ::testing::TestWithParam<std::tuple<std::string, bool>> {
 protected:
  static bool in_files() { return std::get<0>(GetParam()) == "file"; }

  // A place for a repository, which outlives the process.
  struct Place {
    Place(bool files, const Objects& objects) {
      if (files) disk.emplace(folder.path());  // which spares the real syncs
      memory = files ? nullptr : std::shared_ptr<ObjectStore>(store::make_memory_store());
      put_objects(objects, *open());
    }
    std::unique_ptr<ObjectStore> open() {
      return memory ? testing::share_store(memory) : store::open_file_store(folder.path("shop"), true, *disk).value();
    }
    testing::TemporaryFolder folder{quick_place()};
    std::optional<testing::RecordedDisk> disk;
    std::shared_ptr<ObjectStore> memory;
  };

  // A pass over what `start` holds meets the fault at mutation `at`; then one of a new process meets none. False once
  // `at` lies beyond the last mutation.
  bool survives(const Objects& start, const Case& wrong, std::uint64_t at, const Promise& promised) {
    Place place(in_files(), start);
    auto plan = std::make_shared<FaultPlan>();
    plan->at = at;
    plan->fault = wrong.fault;
    plan->crash = wrong.dies;
    const Status failed = shop_.pass(testing::make_faulty_store(place.open(), plan));
    const bool happened = plan->mutations >= at;
    EXPECT_TRUE(failed || happened) << failed.error().to_string();
    if (!failed && wrong.fault == Fault::no_space && !wrong.dies) {
      EXPECT_EQ(failed.error().code, Code::no_space);
    }
    if (wrong.fault == Fault::ambiguous && !wrong.dies) {
      EXPECT_TRUE(failed) << "a lost answer is settled";
    }
    if (failed) {
      shop_.expect_truth(place.open(), promised);  // a pass that says it is whole is
    } else if (place.open()->size("halley.json")) {
      shop_.expect_undamaged(place.open());
    }
    const Status passed = shop_.pass(place.open());
    EXPECT_TRUE(passed) << passed.error().to_string();
    shop_.expect_truth(place.open(), promised);
    return happened;
  }

  void expect_survival(const Objects& start, const Promise& promised) {
    // In files the sample tries every third mutation; all are tried in memory.
    const std::uint64_t step = in_files() && !tries_all() ? 3 : 1;
    constexpr Case kCases[] = {{Fault::refused, false}, {Fault::no_space, false}, {Fault::ambiguous, false},
                               {Fault::refused, true},  {Fault::torn, true},      {Fault::ambiguous, true}};
    for (const Case& wrong : kCases) {
      std::uint64_t at = 1;
      while (true) {
        SCOPED_TRACE(fmt::format("mutation {} fault {} dies {}", at, static_cast<int>(wrong.fault), wrong.dies));
        const bool happened = survives(start, wrong, at, promised);
        ASSERT_FALSE(HasFailure());
        if (!happened) break;
        at += step;
      }
      EXPECT_GT(at, 8U) << "a backup makes more mutations than that";
      tried_ += (at - 1) / step;
    }
    std::cout << fmt::format("{} faults, {} moments compared\n", tried_, shop_.compared());
  }

  Shop shop_{std::get<1>(GetParam())};
  std::uint64_t tried_ = 0;
};

TEST_P(StoreFaultTest, NothingIsLostInTheFirstBackup) {
  shop_.trade();
  expect_survival({}, {});
}

TEST_P(StoreFaultTest, NothingIsLostInALaterBackup) {
  shop_.trade();
  Place place(in_files(), {});
  ASSERT_TRUE(shop_.pass(place.open()));
  const Promise promised = shop_.promised();
  shop_.trade();
  expect_survival(objects_of(*place.open()), promised);
}

INSTANTIATE_TEST_SUITE_P(Backups, StoreFaultTest,
                         ::testing::Combine(::testing::Values("memory", "file"), ::testing::Bool()),
                         [](const auto& test) {
                           return std::string(std::get<0>(test.param) == "file" ? "File" : "Memory") +
                                  (std::get<1>(test.param) ? "AllVersions" : "Latest");
                         });

}  // namespace
}  // namespace halley::crash
