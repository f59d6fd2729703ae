#include "repo/repository.h"

#include <gmock/gmock.h>

#include "repo/object_names.h"
#include "repo/test_world.h"

namespace halley::repo {
namespace {

using ::testing::HasSubstr;
using ::testing::UnorderedElementsAreArray;

// No writer is given; the error says why, and what to do with that object.
void expect_blocked(Repository& repository, const std::string& object) {
  const LaneIdentity identity = container_identity();
  const auto opened = repository.open_writer(lane_of(identity), identity);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::corrupt);
  EXPECT_THAT(opened.error().message, HasSubstr(object));
  EXPECT_THAT(opened.error().hint, HasSubstr("halley verify"));
  EXPECT_THAT(opened.error().hint, HasSubstr("`" + object + "`"));
}

TEST_F(RepositoryTest, KeepsWhatWasCommittedAcrossOpens) {
  const std::vector<OwnedVersion> written = {write_of("a", "1", 1), write_of("b", "2", 2), write_of("a", "3", 3)};
  std::string id;
  {
    auto repository = create();
    id = repository->id();
    commit(*writer(*repository), written);
  }
  auto repository = open();
  EXPECT_EQ(repository->id(), id);
  EXPECT_EQ(repository->lanes().value(), std::vector<LaneId>{lane_});
  const LaneState lane = repository->read_lane(lane_).value();
  EXPECT_EQ(lane.seq, 1u);
  EXPECT_EQ(lane.identity, identity_);
  EXPECT_THAT(drain(repository->versions(lane, {})), UnorderedElementsAreArray(written));
}

TEST_F(RepositoryTest, RefusesAWrongPassword) {
  create();
  const auto opened = Repository::open(real_runtime(), testing::share_store(store_), "wrong", quick_options());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::wrong_password);
}

TEST_F(RepositoryTest, SaysWhenThereIsNone) {
  const auto opened = Repository::open(real_runtime(), testing::share_store(store_), kPassword);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::no_repository);
  EXPECT_FALSE(opened.error().hint.empty());
}

TEST_F(RepositoryTest, IsMadeOnlyOnce) {
  create();
  const auto again = Repository::create(real_runtime(), testing::share_store(store_), kPassword, quick_options());
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Code::already_exists);
  EXPECT_NE(open(), nullptr);
}

TEST_F(RepositoryTest, TellsADamagedFileFromAWrongPassword) {
  create();
  for (const std::string& name : names()) {
    const std::string bytes = *store_->get_all(name);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      std::string flipped = bytes;
      flipped[i] = static_cast<char>(flipped[i] ^ 1);
      replace(name, flipped);
      const auto opened = Repository::open(real_runtime(), testing::share_store(store_), kPassword, quick_options());
      ASSERT_FALSE(opened) << name << " byte " << i;
      EXPECT_EQ(opened.error().code, Code::corrupt) << name << " byte " << i;
      EXPECT_NE(opened.error().message.find(name), std::string::npos) << opened.error().message;
    }
    replace(name, bytes);
  }
  EXPECT_NE(open(), nullptr);
}

TEST_F(RepositoryTest, AMissingKeyFileIsDamage) {
  create();
  ASSERT_TRUE(store_->remove(names("keys/").at(0)));
  const auto opened = Repository::open(real_runtime(), testing::share_store(store_), kPassword, quick_options());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::corrupt);
}

TEST_F(RepositoryTest, ACreationThatStoppedIsBegunAgain) {
  for (std::uint64_t at = 1; at <= 2; ++at) {
    auto plan = std::make_shared<testing::FaultPlan>();
    plan->at = at;
    plan->fault = testing::Fault::refused;
    plan->crash = true;
    EXPECT_FALSE(
        Repository::create(real_runtime(), testing::make_faulty_store(store_, plan), "another", quick_options()));
    const auto opened = Repository::open(real_runtime(), testing::share_store(store_), kPassword, quick_options());
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Code::no_repository);
  }
  create();
  EXPECT_NE(open(), nullptr);
}

TEST_F(RepositoryTest, RefusesALaneOfAnotherIdentity) {
  auto repository = create();
  commit(*writer(*repository), {write_of("a", "1", 1)});
  LaneIdentity other = identity_;
  other.container = "renamed";
  const auto opened = repository->open_writer(lane_, other);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::precondition);
}

TEST_F(RepositoryTest, FoldsWhatCommitsCarry) {
  auto repository = create();
  auto lane = writer(*repository);
  CommitDraft draft;
  draft.mode = CaptureMode::latest;
  RangeState range;
  range.feed = "\"17\"";
  range.base = std::string("b\0c", 3);
  range.base_done = true;
  range.epoch = 3;
  range.cursor_lsn = 5;
  range.base_end_lsn = 6;
  range.base_end_time = {7};
  range.lsn = 8;
  range.newest = {9};
  range.until = {-10};
  range.last_304 = {11};
  draft.ranges = {range};
  draft.exact = {{{}, {1}, {20}}};
  draft.sync_points = {{{12}, {{{}, {1, 13}}}}};
  draft.events = {{{14}, "gap", "text"}};
  commit(*lane, {}, draft);
  draft.exact = {{{}, {1}, {30}}};
  commit(*lane, {write_of("a", "1", 15)}, draft);

  const LaneState read = open()->read_lane(lane_).value();
  EXPECT_EQ(read, lane->state());
  EXPECT_EQ(read.seq, 2u);
  EXPECT_EQ(read.mode, CaptureMode::latest);
  EXPECT_EQ(read.ranges, draft.ranges);
  EXPECT_EQ(read.exact, draft.exact);
  EXPECT_EQ(read.sync_points.size(), 2u);
  EXPECT_EQ(read.events.size(), 2u);
  ASSERT_EQ(read.segments.size(), 1u);
  EXPECT_EQ(read.segments[0].commit, 2u);
  EXPECT_EQ(read.segments[0].versions, 1u);
  EXPECT_EQ(read.segments[0].upserts, 1u);
  EXPECT_TRUE(read.segments[0].inside_commit);
}

TEST_F(RepositoryTest, KeepsTheNewestHeadOfEachLane) {
  RepositoryOptions options = quick_options();
  options.rollup_every = 2;
  auto repository = create(options);
  LaneIdentity identity;
  identity.account_id = "account-1";
  auto account = *repository->open_writer(LaneId(kAccountLane), identity);
  const auto head = [](const LaneId& lane, std::uint64_t seq) {
    return LaneHead{lane, "shop", lane, seq, std::string(32, static_cast<char>(seq))};
  };
  for (const std::vector<LaneHead>& heads :
       {std::vector{head("c-b", 1)}, {head("c-c", 2), head("c-a", 3)}, {head("c-b", 4)}}) {
    CommitDraft draft;
    draft.heads = heads;
    commit(*account, {}, draft);
  }
  const LaneState state = *repository->read_lane(LaneId(kAccountLane));
  EXPECT_EQ(state.heads, (std::vector{head("c-a", 3), head("c-b", 4), head("c-c", 2)}));
  EXPECT_EQ(state, account->state());
  ASSERT_NE(recorded_head(state.heads, "c-b"), nullptr);
  EXPECT_EQ(recorded_head(state.heads, "c-bb"), nullptr);
}

TEST_F(RepositoryTest, KeepsOnlyTheNewestEvents) {
  auto repository = create();
  auto lane = writer(*repository);
  CommitDraft draft;
  draft.events.resize(600);
  commit(*lane, {}, draft);
  for (Event& event : draft.events) event.kind = "late";
  commit(*lane, {}, draft);
  const LaneState read = repository->read_lane(lane_).value();
  ASSERT_EQ(read.events.size(), kMaxEvents);
  EXPECT_EQ(read.events.front().kind, "");
  EXPECT_EQ(read.events[399].kind, "");
  EXPECT_EQ(read.events[400].kind, "late");
}

TEST_F(RepositoryTest, OfTwoWritersOneWins) {
  auto repository = create();
  auto first = writer(*repository);
  auto second = writer(*repository);
  commit(*first, {write_of("a", "1", 1)});
  VersionBatch batch = batch_of({write_of("a", "2", 2)});
  const auto lost = second->commit({}, batch);
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code, Code::already_exists);
  EXPECT_THAT(lost.error().message, ::testing::HasSubstr("another backup"));
  EXPECT_THAT(lost.error().hint, ::testing::HasSubstr("nothing is lost"));
  EXPECT_FALSE(batch.empty());
  EXPECT_EQ(drain(repository->versions(repository->read_lane(lane_).value(), {})).size(), 1u);
  auto again = writer(*repository);
  ASSERT_TRUE(again->commit({}, batch));
  EXPECT_EQ(drain(repository->versions(repository->read_lane(lane_).value(), {})).size(), 2u);
}

TEST_F(RepositoryTest, LargeSegmentsAreObjectsOfTheirOwn) {
  RepositoryOptions options = quick_options();
  options.inline_bytes = 100;
  auto repository = create(options);
  commit(*writer(*repository), {write_of("a", "1", 1)});
  EXPECT_EQ(names("segments/").size(), 1u);
  const LaneState lane = repository->read_lane(lane_).value();
  EXPECT_FALSE(lane.segments.at(0).inside_commit);
  EXPECT_THAT(drain(repository->versions(lane, {})), ::testing::ElementsAre(write_of("a", "1", 1)));
}

TEST_F(RepositoryTest, RefusesAVersionWhoseKeyIsNoneOfTheContainer) {
  auto repository = create();
  auto lane = writer(*repository);
  OwnedVersion wrong = write_of("a", "1", 1);
  wrong.partition_key = "no array";
  VersionBatch batch = batch_of({wrong});
  const auto done = lane->commit({}, batch);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Code::invalid_argument);
  EXPECT_EQ(names("lanes/").size(), 0u);
}

TEST_F(RepositoryTest, FindsEveryLane) {
  auto repository = create();
  LaneIdentity account;
  account.account_id = "account-1";
  ASSERT_TRUE(repository->lanes().value().empty());
  VersionBatch none;
  ASSERT_TRUE((*repository->open_writer(LaneId(kAccountLane), account))->commit({}, none));
  ASSERT_TRUE(writer(*repository)->commit({}, none));
  EXPECT_THAT(repository->lanes().value(), ::testing::ElementsAre(std::string(kAccountLane), lane_));
  EXPECT_EQ(repository->read_lane("c-unknown").error().code, Code::not_found);
  EXPECT_EQ(repository->read_lane("../x").error().code, Code::invalid_argument);
}

TEST_F(RepositoryTest, OpensFromTheNewestRollup) {
  RepositoryOptions options = quick_options();
  options.rollup_every = 8;
  auto repository = create(options);
  auto lane = writer(*repository);
  CommitDraft draft;
  draft.sync_points.resize(200);  // spans are written every six rollups or so
  constexpr std::uint64_t kCommits = 60;
  for (std::uint64_t i = 1; i <= kCommits; ++i) commit(*lane, {write_of("a", std::to_string(i), i)}, draft);
  EXPECT_EQ(names("rollups/").size(), kCommits / 8);
  EXPECT_GE(names("spans/").size(), 2u);
  EXPECT_EQ(repository->read_lane(lane_).value(), lane->state());
  EXPECT_EQ(lane->state().sync_points.size(), kCommits * 200);

  // A writer that opens from a rollup goes on with the same spans.
  auto other = writer(*repository);
  for (std::uint64_t i = kCommits + 1; i <= 80; ++i) commit(*other, {write_of("a", std::to_string(i), i)}, draft);
  EXPECT_EQ(repository->read_lane(lane_).value(), other->state());

  // Only the commits behind the newest rollup are read.
  for (std::uint64_t i = 1; i <= 70; ++i) {
    char name[64];
    std::snprintf(name, sizeof name, "lanes/%s/%012d", lane_.c_str(), static_cast<int>(i));
    ASSERT_TRUE(store_->remove(name));
  }
  EXPECT_EQ(repository->read_lane(lane_).value(), other->state());
}

TEST_F(RepositoryTest, ADamagedRollupIsPassedOver) {
  RepositoryOptions options = quick_options();
  options.rollup_every = 4;
  auto repository = create(options);
  auto lane = writer(*repository);
  for (std::uint64_t i = 1; i <= 10; ++i) commit(*lane, {write_of("a", std::to_string(i), i)});
  for (const std::string& name : names("rollups/")) {
    std::string bytes = *store_->get_all(name);
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    replace(name, bytes);
  }
  EXPECT_EQ(repository->read_lane(lane_).value(), lane->state());
}

TEST_F(RepositoryTest, AGapInTheCommitsEndsTheLane) {
  auto repository = create();
  auto lane = writer(*repository);
  for (std::uint64_t i = 1; i <= 3; ++i) commit(*lane, {write_of("a", std::to_string(i), i)});
  ASSERT_TRUE(store_->remove(names("lanes/").at(1)));
  const auto read = repository->read_lane(lane_);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->seq, 1U);
  EXPECT_EQ(read->damage, "`" + commit_name(lane_, 2) + "` is missing");
  expect_blocked(*repository, commit_name(lane_, 2));
}

TEST_F(RepositoryTest, AStrayObjectBehindTheHeadStopsWritersAndNoReader) {
  auto repository = create();
  auto lane = writer(*repository);
  for (std::uint64_t i = 1; i <= 3; ++i) commit(*lane, {write_of("a", std::to_string(i), i)});
  ASSERT_TRUE(store_->put(commit_name(lane_, 4), "no commit"));
  const auto read = repository->read_lane(lane_);
  ASSERT_TRUE(read) << read.error().to_string();
  EXPECT_EQ(read->seq, 3U);
  EXPECT_THAT(read->damage, HasSubstr("`" + commit_name(lane_, 4) + "` is damaged"));
  EXPECT_EQ(drain(repository->versions(*read, {})).size(), 3U);
  // Not over it, and not past it, whatever it is; neither by a writer that was there before.
  expect_blocked(*repository, commit_name(lane_, 4));
  VersionBatch batch = batch_of({write_of("a", "4", 4)});
  EXPECT_EQ(lane->commit({}, batch).error().code, Code::already_exists);
  EXPECT_EQ(names("lanes/").size(), 4U);
  EXPECT_EQ(*store_->get_all(commit_name(lane_, 4)), "no commit");
  // Moved out of the way, as the error says.
  ASSERT_TRUE(store_->remove(commit_name(lane_, 4)));
  commit(*writer(*repository), {write_of("a", "4", 4)});
  EXPECT_EQ(repository->read_lane(lane_)->damage, "");
}

TEST_F(RepositoryTest, AStrayObjectInPlaceOfTheFirstCommitIsNamed) {
  auto repository = create();
  ASSERT_TRUE(store_->put(commit_name(lane_, 1), "no commit"));
  EXPECT_EQ(repository->read_lane(lane_).error().code, Code::corrupt);
  expect_blocked(*repository, commit_name(lane_, 1));
}

// A folder that is read while others write to it may show the later of two files alone.
TEST_F(RepositoryTest, ACommitThatIsNotListedIsNotMissing) {
  auto repository = create();
  auto lane = writer(*repository);
  OddStore& odd = make_odd();
  auto reader = open();
  for (std::uint64_t i = 1; i <= 5; ++i) commit(*lane, {write_of("a", std::to_string(i), i)});
  for (const std::uint64_t hidden : {1U, 2U, 4U}) odd.unlisted.insert(commit_name(lane_, hidden));
  EXPECT_EQ(reader->read_lane(lane_).value(), lane->state());
  EXPECT_TRUE(reader->open_writer(lane_, identity_));
}

// So may one that was written between the look for the next commit and the list.
TEST_F(RepositoryTest, CommitsThatComeWhileALaneIsReadAreNoGap) {
  auto repository = create();
  auto lane = writer(*repository);
  commit(*lane, {write_of("a", "1", 1)});
  const auto plan = std::make_shared<testing::FaultPlan>();
  auto reader = *Repository::open(real_runtime(), testing::make_faulty_store(store_, plan), kPassword, quick_options());
  plan->before = [&](std::string_view call, std::string_view name) {
    if (call != "list" || name != commit_folder(lane_) || lane->state().seq > 1) return;
    for (std::uint64_t i = 2; i <= 4; ++i) commit(*lane, {write_of("a", std::to_string(i), i)});
  };
  EXPECT_EQ(reader->read_lane(lane_).value(), lane->state());
}

TEST_F(RepositoryTest, AnObjectThatIsTooLargeIsDamagedAndNotRead) {
  RepositoryOptions options = quick_options();
  options.rollup_every = 2;
  auto repository = create(options);
  OddStore& odd = make_odd();
  auto reader = open();
  auto lane = writer(*repository);
  for (std::uint64_t i = 1; i <= 3; ++i) commit(*lane, {write_of("a", std::to_string(i), i)});
  odd.huge.insert(rollup_name(lane_, 2));
  EXPECT_EQ(reader->read_lane(lane_).value(), lane->state());
  odd.huge.insert(commit_name(lane_, 3));
  EXPECT_EQ(reader->read_lane(lane_)->seq, 2U);
  EXPECT_THAT(reader->read_lane(lane_)->damage, HasSubstr(commit_name(lane_, 3)));
}

TEST_F(RepositoryTest, WhatTheMachineCannotGiveNowIsNoDamage) {
  auto repository = create();
  commit(*writer(*repository), {write_of("a", "1", 1)});
  OddStore& odd = make_odd();
  auto reader = open();
  odd.failing.emplace(commit_name(lane_, 1), Error(Code::io, "too many open files"));
  EXPECT_EQ(reader->read_lane(lane_).error().code, Code::io);
}

TEST_F(RepositoryTest, AFileAmongTheLanesHidesNone) {
  auto repository = create();
  commit(*writer(*repository), {write_of("a", "1", 1)});
  ASSERT_TRUE(lane_.starts_with("c-"));
  for (const char* stray : {"lanes/c", "lanes/.ds_store", "lanes/zzz"}) ASSERT_TRUE(store_->put(stray, "x"));
  EXPECT_THAT(repository->lanes().value(), ::testing::ElementsAre(lane_));
}

TEST_F(RepositoryTest, LanesAreListedInPagesThatLeaveOutWhatIsLeftOfALane) {
  create();
  OddStore& odd = make_odd();
  auto reader = open();
  // The name of one begins with the name of another.
  const std::vector<LaneId> expected = {"c-1", "c-10", "c-2", "c-3"};
  for (const LaneId& lane : expected) {
    for (std::uint64_t seq = 1; seq <= 2500; ++seq) ASSERT_TRUE(store_->put(commit_name(lane, seq), "x"));
  }
  ASSERT_TRUE(store_->put("lanes/c-20", "a file among the lanes"));
  odd.lists = 0;
  odd.most_listed = 0;
  EXPECT_EQ(reader->lanes().value(), expected);
  EXPECT_LE(odd.lists, expected.size() + 1);
  EXPECT_LE(odd.most_listed, 1000U);
}

TEST_F(RepositoryTest, LanesAreListedAtOnceHoweverManyThereAre) {
  create();
  OddStore& odd = make_odd();
  auto reader = open();
  std::vector<LaneId> expected;
  for (int i = 10; i < 60; ++i) {
    expected.push_back("c-" + std::to_string(i));
    for (std::uint64_t seq = 1; seq <= 2; ++seq) ASSERT_TRUE(store_->put(commit_name(expected.back(), seq), "x"));
  }
  odd.lists = 0;
  EXPECT_EQ(reader->lanes().value(), expected);
  EXPECT_EQ(odd.lists, 1U);
}

TEST_F(RepositoryTest, ACommitOfAnotherPlaceIsCorrupt) {
  auto repository = create();
  auto lane = writer(*repository);
  for (std::uint64_t i = 1; i <= 3; ++i) commit(*lane, {write_of("a", std::to_string(i), i)});
  const std::string second = *store_->get_all(names("lanes/").at(1));
  replace(names("lanes/").at(2), second);
  EXPECT_EQ(repository->read_lane(lane_)->seq, 2U);
  EXPECT_THAT(repository->read_lane(lane_)->damage, HasSubstr(commit_name(lane_, 3)));
  expect_blocked(*repository, commit_name(lane_, 3));
}

TEST_F(RepositoryTest, AnObjectOfAnotherRepositoryIsCorrupt) {
  auto repository = create();
  commit(*writer(*repository), {write_of("a", "1", 1)});
  const std::string name = names("lanes/").at(0);
  const std::string foreign = *store_->get_all(name);
  store_ = store::make_memory_store();
  auto other = create();
  commit(*writer(*other), {write_of("a", "1", 1)});
  replace(name, foreign);
  EXPECT_EQ(other->read_lane(lane_).error().code, Code::corrupt);
}

TEST_F(RepositoryTest, AFormatOfTheFutureIsRefusedByName) {
  auto repository = create();
  commit(*writer(*repository), {write_of("a", "1", 1)});
  const std::string name = names("lanes/").at(0);
  std::string bytes = *store_->get_all(name);
  bytes[9] = 2;
  replace(name, bytes);
  const auto read = repository->read_lane(lane_);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Code::unsupported);
  EXPECT_NE(read.error().message.find(name), std::string::npos);
}

TEST(SetDigestTest, IsIndependentOfOrderAndSensitiveToEveryPart) {
  SetDigest a;
  a.add("[\"k\"]", "1", 7);
  a.add("[\"k\"]", "2", 8);
  SetDigest b;
  b.add("[\"k\"]", "2", 8);
  SetDigest rest;
  rest.add("[\"k\"]", "1", 7);
  b.add(rest);
  EXPECT_EQ(a, b);
  EXPECT_EQ(a.text(), b.text());
  EXPECT_EQ(a.text().size(), 32u);
  for (const auto& [key, id, digest] : std::vector<std::tuple<std::string, std::string, std::uint64_t>>{
           {"[\"l\"]", "2", 8}, {"[\"k\"]", "3", 8}, {"[\"k\"]", "2", 9}, {"[\"k\"]2", "", 8}}) {
    SetDigest other = rest;
    other.add(key, id, digest);
    EXPECT_NE(other, a);
  }
}

}  // namespace
}  // namespace halley::repo
