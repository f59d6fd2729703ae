// A restore into a target that is divided: what it holds, whatever the number of parts, and that it can be stopped.
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>

#include "recovery/hand_made_backup.h"
#include "recovery/hollow_target.h"
#include "recovery/restore.h"
#include "testing/virtual_runtime.h"

namespace halley::recovery {
namespace {

constexpr int kSegments = 2;
constexpr int kDocuments = 14000;  // of each
constexpr std::size_t kSlices = 32;

class DividedTarget : public HollowTarget {
 public:
  std::vector<cosmos::HashRange> slices() override {
    if (at_slices) at_slices();
    std::vector<cosmos::HashRange> slices(kSlices);
    for (std::size_t i = 1; i < kSlices; ++i) {
      slices[i].min = slices[i - 1].max = std::string(1, static_cast<char>(i * 64 / kSlices));
    }
    held_before_ = allocated();
    return slices;
  }
  Status put_document(std::string_view, std::string_view, std::string_view, std::stop_token) override {
    if (documents++ % 100 == 0) most_held = std::max(most_held, allocated() - held_before_);
    return {};
  }

  std::function<void()> at_slices;
  std::size_t documents = 0;
  std::size_t most_held = 0;

 private:
  static std::size_t allocated() {
    const struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
  }
  std::size_t held_before_ = 0;
};

class RestoreSlicesTest : public ::testing::Test {
 protected:
  RestoreSlicesTest() {
    backup_.database("shop", at(0));
    backup_.container("shop", "orders", at(0));
    backup_.definitions_known(at(0), at(100));
    auto& orders = backup_.lane("shop", "orders");
    for (int segment = 0; segment < kSegments; ++segment) {
      for (int i = 0; i < kDocuments; ++i) {
        const std::string id = std::to_string(segment * kDocuments + i);
        HandMadeBackup::put(orders, "[" + id + "]", id,
                            R"({"id":")" + id + R"(","pk":)" + id + R"(,"text":")" + std::string(20, 'x') + "\"}",
                            at(10));
      }
      backup_.exact(orders, at(0), at(100));
    }
  }

  Result<RestoreReport> run(DividedTarget& target, std::stop_token stop = {}) {
    halley::testing::VirtualRuntime runtime{at(1000)};
    RestoreProgress progress;
    const auto plan = make_plan(backup_.repository(), Moment::of(at(50)), {});
    EXPECT_TRUE(plan) << plan.error().to_string();
    return restore(runtime, backup_.repository(), *plan, target, progress, std::move(stop));
  }

  HandMadeBackup backup_;
};

TEST_F(RestoreSlicesTest, MemoryIsBoundedHoweverManyPartsTheTargetHas) {
  DividedTarget target;
  const auto report = run(target);
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(target.documents, static_cast<std::size_t>(kSegments * kDocuments));
  EXPECT_LT(target.most_held, repo::RepositoryOptions().held_bytes + (4U << 20));
}

TEST_F(RestoreSlicesTest, StopsBeforeTheSlicesAreOpen) {
  DividedTarget target;
  std::stop_source stop;
  target.at_slices = [&] { stop.request_stop(); };
  const auto report = run(target, stop.get_token());
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::cancelled) << report.error().to_string();
  EXPECT_EQ(target.documents, 0U);
}

}  // namespace
}  // namespace halley::recovery
