#include "repo/check.h"

#include <gmock/gmock.h>

#include "repo/object_names.h"
#include "repo/sealed_object.h"
#include "repo/test_world.h"

namespace halley::repo {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class CheckTest : public RepositoryTest {
 protected:
  // Two lanes with rollups, spans, segments that ride in commits and others that do not.
  void SetUp() override {
    RepositoryOptions options = quick_options();
    options.rollup_every = 4;
    options.inline_bytes = 700;
    options.block_bytes = 400;
    repository_ = create(options);
    auto lane = writer(*repository_);
    CommitDraft draft;
    draft.sync_points.resize(300);
    for (std::uint64_t i = 0; i < 10; ++i) {
      std::vector<OwnedVersion> versions = {write_of("a", "1", 10 * i)};
      for (std::uint64_t j = 1; i % 3 == 0 && j < 10; ++j)
        versions.push_back(write_of("k" + std::to_string(j), "x", 10 * i + j));
      commit(*lane, versions, draft);
    }
    LaneIdentity account;
    account.account_id = "account-1";
    auto definitions = std::move(*repository_->open_writer(LaneId(kAccountLane), account));
    commit(*definitions, {write_of("container", "orders", 1)});
    ASSERT_GE(names("segments/").size(), 3u);
    ASSERT_GE(names("rollups/").size(), 2u);
    ASSERT_GE(names("spans/").size(), 1u);
  }

  CheckReport report(double read_data = 1) {
    CheckOptions options;
    options.read_data = read_data;
    auto done = check(*repository_, options);
    EXPECT_TRUE(done) << done.error().to_string();
    return done ? std::move(*done) : CheckReport{};
  }
  static std::vector<std::string> damaged(const CheckReport& report) {
    std::vector<std::string> objects;
    for (const Damage& damage : report.damaged) objects.push_back(damage.object);
    return objects;
  }

  std::unique_ptr<Repository> repository_;
};

TEST_F(CheckTest, FindsNothingInAWholeRepository) {
  const CheckReport whole = report();
  EXPECT_THAT(damaged(whole), IsEmpty());
  EXPECT_EQ(whole.objects, names().size());
  EXPECT_EQ(whole.unreferenced, 0u);
  EXPECT_GT(whole.bytes_read, report(0).bytes_read);
}

TEST_F(CheckTest, NamesTheObjectOfEveryFlippedByte) {
  for (const std::string& name : names()) {
    const std::string bytes = *store_->get_all(name);
    for (std::size_t i = 0; i < bytes.size(); i += i < kHeaderSize || i + 40 > bytes.size() ? 3U : 29U) {
      std::string flipped = bytes;
      flipped[i] = static_cast<char>(flipped[i] ^ (1 << (i % 8)));
      replace(name, flipped);
      ASSERT_THAT(damaged(report()), ElementsAre(name)) << "byte " << i;
    }
    replace(name, bytes);
  }
}

TEST_F(CheckTest, NamesTheObjectOfEveryTruncation) {
  for (const std::string& name : names()) {
    const std::string bytes = *store_->get_all(name);
    for (const std::size_t size : {std::size_t{0}, std::size_t{10}, bytes.size() / 2, bytes.size() - 1}) {
      replace(name, bytes.substr(0, size));
      ASSERT_THAT(damaged(report(0)), ElementsAre(name)) << "size " << size;
    }
    replace(name, bytes);
  }
}

TEST_F(CheckTest, NamesMissingObjects) {
  for (const std::string& name : names()) {
    // Rollups only make opening quicker; the last commits of a lane, cut off, leave no trace in it.
    if (name.starts_with("rollups/") || name.ends_with("/000000000010") || name.starts_with("lanes/account/")) continue;
    const std::string bytes = *store_->get_all(name);
    ASSERT_TRUE(store_->remove(name));
    ASSERT_THAT(damaged(report(0)), ElementsAre(name));
    ASSERT_TRUE(store_->put(name, bytes));
  }
}

TEST_F(CheckTest, SaysWhatIsAffected) {
  const std::string segment = names("segments/").at(0);
  replace(segment, "not a segment");
  const std::string definitions = commit_name(kAccountLane, 1);
  replace(definitions, "not a commit");
  const CheckReport found = report(0);
  ASSERT_EQ(found.damaged.size(), 2u);
  EXPECT_EQ(found.damaged[0].object, definitions);
  EXPECT_THAT(found.damaged[0].affects, ElementsAre("account definitions"));
  EXPECT_EQ(found.damaged[1].object, segment);
  EXPECT_THAT(found.damaged[1].affects, ElementsAre("shop/orders"));
}

TEST_F(CheckTest, CountsLeftoversAsHarmless) {
  ASSERT_TRUE(store_->put("segments/ab/ab0102030405060708090a0b0c0d0e0f", "of a writer that died"));
  ASSERT_TRUE(store_->put("something/else", "x"));
  const CheckReport found = report();
  EXPECT_EQ(found.unreferenced, 2u);
  EXPECT_THAT(found.damaged, IsEmpty());
}

// A number in a name promises nothing: neither time nor memory grows with it.
TEST_F(CheckTest, TakesStrayNamesForWhatTheyAre) {
  for (const std::string& name : {rollup_name(lane_, 999'999'999'999), commit_name(lane_, 900'000'000),
                                  span_name(lane_, 999'999'999'998), commit_name(kAccountLane, 999'999'999'999)}) {
    ASSERT_TRUE(store_->put(name, ""));
    EXPECT_THAT(damaged(report()), ElementsAre(name));
    ASSERT_TRUE(repository_->read_lane(lane_)) << name;
    auto lane = writer(*repository_);
    commit(*lane, {write_of("a", "1", 1000)});
    ASSERT_TRUE(store_->remove(name));
    EXPECT_THAT(damaged(report()), IsEmpty());
  }
}

TEST_F(CheckTest, LeavesNumberZeroAlone) {
  ASSERT_TRUE(store_->put("lanes/" + lane_ + "/000000000000", ""));
  EXPECT_THAT(damaged(report()), IsEmpty());
  EXPECT_TRUE(repository_->read_lane(lane_));
}

TEST_F(CheckTest, ReportsAGapAsOneRange) {
  for (const std::uint64_t seq : {5U, 6U, 7U}) ASSERT_TRUE(store_->remove(commit_name(lane_, seq)));
  const CheckReport found = report(0);
  ASSERT_THAT(damaged(found), ElementsAre(commit_name(lane_, 5)));
  EXPECT_NE(found.damaged[0].why.find("`" + commit_name(lane_, 5) + "` to `" + commit_name(lane_, 7) + "` are missing"),
            std::string::npos)
      << found.damaged[0].why;
  EXPECT_THAT(found.damaged[0].affects, ElementsAre("shop/orders"));
}

TEST_F(CheckTest, RollupsTellOfCommitsThatWereCutOff) {
  for (const std::uint64_t seq : {7U, 8U, 9U, 10U}) ASSERT_TRUE(store_->remove(commit_name(lane_, seq)));
  EXPECT_THAT(damaged(report(0)), ElementsAre(commit_name(lane_, 7)));
}

TEST_F(CheckTest, TellsOfLanesAndTailsThatTheAccountLaneKnows) {
  const LaneState head = *repository_->read_lane(lane_);
  LaneIdentity account;
  account.account_id = "account-1";
  auto definitions = std::move(*repository_->open_writer(LaneId(kAccountLane), account));
  CommitDraft draft;
  draft.heads = {{lane_, "shop", "orders", head.seq, head.head_hash}};
  commit(*definitions, {}, draft);
  EXPECT_THAT(damaged(report()), IsEmpty());

  for (const std::uint64_t seq : {9U, 10U}) ASSERT_TRUE(store_->remove(commit_name(lane_, seq)));
  CheckReport found = report(0);
  EXPECT_THAT(damaged(found), ElementsAre(commit_name(lane_, 9)));
  EXPECT_THAT(found.damaged[0].affects, ElementsAre("shop/orders"));

  // Another history in its place, as a writer that went on from the cut would make.
  auto lane = writer(*repository_);
  commit(*lane, {write_of("a", "1", 1000)});
  commit(*lane, {write_of("a", "1", 1001)});
  EXPECT_THAT(damaged(report(0)), ElementsAre(commit_name(lane_, 10)));

  for (const std::string& name : names("")) {
    if (name.find(lane_) == std::string::npos) continue;
    ASSERT_TRUE(store_->remove(name));
  }
  found = report(0);
  ASSERT_THAT(damaged(found), ElementsAre(commit_name(lane_, 1)));
  EXPECT_THAT(found.damaged[0].affects, ElementsAre("shop/orders"));
}

// Whatever part of what a writer wrote meanwhile is in the list, nothing of it is damage.
TEST_F(CheckTest, FindsNothingWhileABackupRuns) {
  LaneIdentity account;
  account.account_id = "account-1";
  auto definitions = std::move(*repository_->open_writer(LaneId(kAccountLane), account));
  const LaneState head = *repository_->read_lane(lane_);
  CommitDraft draft;
  draft.heads = {{lane_, "shop", "orders", head.seq, head.head_hash}};
  commit(*definitions, {}, draft);
  OddStore& odd = make_odd();
  const auto reader = open();
  const std::vector<std::string> all = names();
  for (const std::string& last_seen : all) {  // the others of its folder came behind it, or before
    for (const bool later : {true, false}) {
      odd.unlisted.clear();
      const std::string folder = last_seen.substr(0, last_seen.rfind('/') + 1);
      for (const std::string& name : all) {
        if (!folder.empty() && name.starts_with(folder) && (later ? last_seen < name : name < last_seen)) {
          odd.unlisted.insert(name);
        }
      }
      if (folder == "keys/") continue;
      const auto found = check(*reader, {});
      ASSERT_TRUE(found) << found.error().to_string();
      EXPECT_THAT(damaged(*found), IsEmpty()) << last_seen;
    }
  }
  odd.unlisted = {all.begin(), all.end()};  // a lane that is wholly new, but for the keys
  std::erase_if(odd.unlisted, [](const std::string& name) {
    return name.find('/') == std::string::npos || name.starts_with("keys/");
  });
  EXPECT_THAT(damaged(*check(*reader, {})), IsEmpty());
}

TEST_F(CheckTest, ListsOnce) {
  OddStore& odd = make_odd();
  const auto reader = open();
  for (int i = 0; i < 3000; ++i) ASSERT_TRUE(store_->put("other/" + std::to_string(i), ""));
  odd.lists = 0;
  ASSERT_TRUE(check(*reader, {}));
  EXPECT_EQ(odd.lists, 2U);  // everything, and the key files
}

TEST_F(CheckTest, WhatIsTooLargeIsDamagedAndNotRead) {
  OddStore& odd = make_odd();
  const auto reader = open();
  CheckOptions options;
  options.read_data = 1;
  for (const std::string& name : names()) {
    odd.huge = {name};
    const auto found = check(*reader, options);
    ASSERT_TRUE(found) << name << ": " << found.error().to_string();
    EXPECT_THAT(damaged(*found), ElementsAre(name));
  }
}

// Too many open files, a disk that has gone: nothing is known of the object, and no other is asked for.
TEST_F(CheckTest, AnErrorOfTheMachineIsNoDamage) {
  OddStore& odd = make_odd();
  const auto reader = open();
  CheckOptions options;
  options.read_data = 1;
  for (const std::string& name : names()) {
    odd.failing.clear();
    odd.failing.emplace(name, Error(Code::io, "too many open files"));
    const auto found = check(*reader, options);
    ASSERT_FALSE(found) << name;
    EXPECT_EQ(found.error().code, Code::io);
  }
}

TEST_F(CheckTest, AFileAmongTheLanesHidesNone) {
  ASSERT_TRUE(store_->put("lanes/c", "x"));
  ASSERT_TRUE(store_->put("rollups/c", "x"));
  EXPECT_EQ(report().unreferenced, 2U);
  EXPECT_THAT(damaged(report()), IsEmpty());
  const std::string name = commit_name(lane_, 2);
  replace(name, "not a commit");
  EXPECT_THAT(damaged(report()), ElementsAre(name));
}

TEST_F(CheckTest, StopsBetweenObjectsThatCannotBeRead) {
  for (std::uint64_t seq = 1; seq <= 10; ++seq) replace(commit_name(lane_, seq), "not a commit");
  std::stop_source stop;
  stop.request_stop();
  CheckOptions options;
  options.stop = stop.get_token();
  EXPECT_EQ(check(*repository_, options).error().code, Code::cancelled);
}

TEST_F(CheckTest, StopsWhenAsked) {
  std::stop_source stop;
  CheckOptions options;
  options.stop = stop.get_token();
  options.progress = [&](std::uint64_t objects, std::uint64_t) {
    if (objects == 3) stop.request_stop();
  };
  EXPECT_EQ(check(*repository_, options).error().code, Code::cancelled);
}

}  // namespace
}  // namespace halley::repo
