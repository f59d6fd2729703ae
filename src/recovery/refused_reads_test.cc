// Whatever reads a repository: when the store stops answering, at whichever read, or the caller asks it to stop, it
// says so and leaves nothing half done that looks whole.
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>

#include "recovery/diff.h"
#include "recovery/export.h"
#include "recovery/find.h"
#include "recovery/get.h"
#include "recovery/hand_made_backup.h"
#include "recovery/history.h"
#include "recovery/listing.h"
#include "recovery/restore.h"
#include "recovery/timeline.h"
#include "recovery/verify.h"
#include "testing/faulty_store.h"
#include "testing/temporary_folder.h"

namespace halley::recovery {
namespace {

// A store that gives a number of answers and then no more.
class FallingSilent final : public store::ObjectStore {
 public:
  explicit FallingSilent(store::ObjectStore& inner) : inner_(inner) {}

  void allow(std::uint64_t answers) { left_ = answers; }
  std::uint64_t asked() const { return asked_; }

  Status put(std::string_view, std::string_view) override { return refused(); }
  Status remove(std::string_view) override { return refused(); }
  Result<std::string> get(std::string_view name, std::uint64_t offset, std::uint64_t size) override {
    TRY(answer());
    return inner_.get(name, offset, size);
  }
  Result<std::uint64_t> size(std::string_view name) override {
    TRY(answer());
    return inner_.size(name);
  }
  Result<std::vector<std::string>> list(std::string_view prefix, std::string_view after, std::size_t limit) override {
    TRY(answer());
    return inner_.list(prefix, after, limit);
  }
  std::string description() const override { return inner_.description(); }

 private:
  static Status refused() { return fail(Code::unavailable, "the store has fallen silent"); }
  Status answer() {
    ++asked_;
    if (left_ == 0) return refused();
    --left_;
    return {};
  }

  store::ObjectStore& inner_;
  std::uint64_t left_ = UINT64_MAX;
  std::uint64_t asked_ = 0;
};

class RefusedReads : public ::testing::Test {
 protected:
  // Two containers whose documents fill several blocks and segments of their own, and changes between two moments.
  void SetUp() override {
    backup_.database("db", at(0));
    backup_.container("db", "a", at(0));
    backup_.container("db", "b", at(0), R"(,"defaultTtl":100000)");
    backup_.definitions_known(at(0), at(1000));
    for (const char* name : {"a", "b"}) {
      auto& lane = backup_.lane("db", name);
      for (const std::int64_t round : {0, 1}) {
        for (int i = 0; i < 40; ++i) {
          const std::string number = std::to_string(i);
          const std::string body = R"({"id":")" + number + R"(","pk":"k","round":)" + std::to_string(round) + "}";
          HandMadeBackup::put(lane, "[\"k" + number + "\"]", number, body, at(10 + 100 * round + i));
        }
        HandMadeBackup::remove(lane, R"(["k7"])", "7", at(90 + 100 * round));
        backup_.exact(lane, at(0), at(100 + 100 * round));
      }
    }
    silent_ = std::make_shared<FallingSilent>(backup_.repository().store());
  }

  static repo::RepositoryOptions small_pieces() {
    repo::RepositoryOptions options;
    options.inline_bytes = 0;
    options.block_bytes = 500;
    return options;
  }

  Result<std::unique_ptr<repo::Repository>> open() {
    // The repository owns its store; this one outlives it.
    return repo::Repository::open(real_runtime(), testing::share_store(silent_), "password");
  }

  // What is done with a repository; under the path there is nothing before.
  using Operation = std::function<Status(repo::Repository&, const std::string& path, const std::stop_token&)>;

  // Runs it with one answer fewer than it needs, and one fewer, down to none.
  void expect_every_refusal_is_told(const Operation& operation) {
    const halley::testing::TemporaryFolder folder;
    silent_->allow(UINT64_MAX);
    const std::uint64_t before = silent_->asked();
    {
      const auto repository = open();
      ASSERT_TRUE(repository);
      const Status done = operation(**repository, folder.path("whole"), {});
      ASSERT_TRUE(done) << done.error().to_string();
    }
    const std::uint64_t needed = silent_->asked() - before;
    ASSERT_GT(needed, 3u);
    for (std::uint64_t answers = 0; answers < needed; ++answers) {
      silent_->allow(answers);
      const auto repository = open();
      const std::string path = folder.path(std::to_string(answers));
      const Status done = repository ? operation(**repository, path, {}) : Status(fail(repository.error()));
      ASSERT_FALSE(done) << "with " << answers << " of " << needed << " answers";
      EXPECT_EQ(done.error().code, Code::unavailable) << done.error().to_string();
      EXPECT_FALSE(std::filesystem::is_regular_file(path)) << "a file that looks whole";
    }
  }

  void expect_it_stops(const Operation& operation) {
    const halley::testing::TemporaryFolder folder;
    silent_->allow(UINT64_MAX);
    const auto repository = open();
    ASSERT_TRUE(repository);
    std::stop_source stop;
    stop.request_stop();
    const Status done = operation(**repository, folder.path("stopped"), stop.get_token());
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, Code::cancelled) << done.error().to_string();
    EXPECT_FALSE(std::filesystem::is_regular_file(folder.path("stopped")));
  }

  HandMadeBackup backup_{small_pieces()};
  std::shared_ptr<FallingSilent> silent_;
};

template <typename Value>
Status outcome(const Result<Value>& result) {
  return result ? Status() : Status(fail(result.error()));
}

const Moment kMoment = Moment::of(at(95));

Status export_to(repo::Repository& repository, const std::string& path, const std::stop_token& stop) {
  ASSIGN(const PlannedContainer container, plan_container(repository, kMoment, "db", "a"));
  ASSIGN(OutputFile file, OutputFile::create(path));
  ExportProgress progress;
  return outcome(export_moment(real_runtime(), repository, container, {}, file, progress, stop));
}

Status restore_to(repo::Repository& repository, const std::string& path, const std::stop_token& stop) {
  ASSIGN(const RestorePlan plan, make_plan(repository, kMoment, {}));
  const auto target = make_directory_target(path);
  RestoreProgress progress;
  return outcome(restore(real_runtime(), repository, plan, *target, progress, stop));
}

Status find_in(repo::Repository& repository, const std::string&, const std::stop_token& stop) {
  const auto each = [](const FoundKey&) { return true; };
  return outcome(find_documents(repository, kMoment, {}, each, stop));
}

Status changes_in(repo::Repository& repository, const std::string&, const std::stop_token& stop) {
  const auto each = [](const FoundKey&) { return true; };
  return outcome(find_changes(repository, at(50), at(150), {}, each, stop));
}

Status history_in(repo::Repository& repository, const std::string&, const std::stop_token& stop) {
  HistoryQuery query;
  query.database = "db";
  query.container = "a";
  query.id = "7";
  const auto each = [](const HistoryEntry&) { return true; };
  return outcome(document_history(repository, query, each, stop));
}

Status list_in(repo::Repository& repository, const std::string&, const std::stop_token& stop) {
  TRY(outcome(list_containers(repository, kMoment, "")));
  ASSIGN(const PlannedContainer container, plan_container(repository, kMoment, "db", "b"));
  const auto each = [](const ListedDocument&) { return true; };
  return outcome(list_documents(repository, container, {}, each, stop));
}

Status diff_in(repo::Repository& repository, const std::string&, const std::stop_token& stop) {
  DiffProgress progress;
  return outcome(diff_moments(repository, kMoment, Moment::of(at(195)), {}, progress, stop));
}

TEST_F(RefusedReads, AreToldByExports) { expect_every_refusal_is_told(export_to); }
TEST_F(RefusedReads, AreToldByRestores) { expect_every_refusal_is_told(restore_to); }
TEST_F(RefusedReads, AreToldByFind) { expect_every_refusal_is_told(find_in); }
TEST_F(RefusedReads, AreToldByFindOfChanges) { expect_every_refusal_is_told(changes_in); }
TEST_F(RefusedReads, AreToldByHistory) { expect_every_refusal_is_told(history_in); }
TEST_F(RefusedReads, AreToldByListings) { expect_every_refusal_is_told(list_in); }
TEST_F(RefusedReads, AreToldByDiff) { expect_every_refusal_is_told(diff_in); }
TEST_F(RefusedReads, AreToldByGet) {
  expect_every_refusal_is_told([](repo::Repository& repository, const std::string&, const std::stop_token&) {
    return outcome(get_document(repository, kMoment, "db", "b", "5", R"("k5")"));
  });
}
TEST_F(RefusedReads, AreToldByTimeline) {
  expect_every_refusal_is_told([](repo::Repository& repository, const std::string&, const std::stop_token&) {
    return outcome(read_timeline(repository));
  });
}
TEST_F(RefusedReads, AreToldByVerify) {
  expect_every_refusal_is_told([](repo::Repository& repository, const std::string&, const std::stop_token&) -> Status {
    repo::CheckOptions options;
    options.read_data = 1;
    ASSIGN(const VerifyReport report, verify(repository, options));
    // What was read is whole; that the rest could not be is in the report.
    return report.restorable ? Status() : Status(fail(Code::unavailable, report.not_restorable));
  });
}

TEST_F(RefusedReads, StopWhenAsked) {
  for (const auto operation : {export_to, restore_to, find_in, changes_in, history_in, list_in, diff_in}) {
    expect_it_stops(operation);
  }
}

}  // namespace
}  // namespace halley::recovery
