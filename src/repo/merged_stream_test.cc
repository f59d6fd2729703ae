// What readers see: order, cuts, ranges, single documents.
#include <gmock/gmock.h>

#include <algorithm>
#include <random>

#include "repo/key_ring.h"
#include "repo/segment_reader.h"
#include "repo/test_world.h"

namespace halley::repo {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ReadTest : public RepositoryTest {
 protected:
  ReadTest() {
    options_ = quick_options();
    options_.block_bytes = 300;  // a few versions each, so that blocks matter
    options_.inline_bytes = 1000;
  }

  void SetUp() override {
    repository_ = create(options_);
    writer_ = writer(*repository_);
  }
  void add(const std::vector<OwnedVersion>& versions) {
    commit(*writer_, versions);
    all_.insert(all_.end(), versions.begin(), versions.end());
  }
  std::vector<OwnedVersion> versions(const ReadOptions& options = {}) {
    return drain(repository_->versions(repository_->read_lane(lane_).value(), options));
  }
  std::vector<OwnedVersion> snapshot(const ReadOptions& options = {}) {
    return drain(repository_->snapshot(repository_->read_lane(lane_).value(), options));
  }
  std::string effective(const OwnedVersion& v) const {
    return cosmos::effective_partition_key(*identity_.key, v.partition_key).value();
  }

  // What versions() and snapshot() are to give: the same, computed plainly.
  std::vector<OwnedVersion> expected(const std::function<bool(const OwnedVersion&)>& wanted) const {
    std::vector<OwnedVersion> chosen;
    for (auto v = all_.rbegin(); v != all_.rend(); ++v) {
      if (wanted(*v)) chosen.push_back(*v);
    }
    std::stable_sort(chosen.begin(), chosen.end(), [&](const OwnedVersion& a, const OwnedVersion& b) {
      return std::forward_as_tuple(effective(a), a.partition_key, a.id, b.version.position) <
             std::forward_as_tuple(effective(b), b.partition_key, b.id, a.version.position);
    });
    return chosen;
  }
  static std::vector<OwnedVersion> newest(const std::vector<OwnedVersion>& sorted) {
    std::vector<OwnedVersion> result;
    for (const OwnedVersion& v : sorted) {
      if (result.empty() || result.back().id != v.id || result.back().partition_key != v.partition_key)
        result.push_back(v);
    }
    return result;
  }
  void expect(const ReadOptions& options, const std::function<bool(const OwnedVersion&)>& wanted) {
    EXPECT_EQ(versions(options), expected(wanted));
    EXPECT_EQ(snapshot(options), newest(expected(wanted)));
  }

  // 400 versions of 60 documents of 20 keys, in 10 commits.
  void add_history() {
    std::mt19937 random(7);
    std::uint64_t lsn = 0;
    for (int commits = 0; commits < 10; ++commits) {
      std::vector<OwnedVersion> batch;
      for (int i = 0; i < 40; ++i) {
        const std::string key = "k" + std::to_string(random() % 20);
        const std::string id = "d" + std::to_string(random() % 3);
        ++lsn;
        const auto kind = random() % 8;
        if (kind == 0) batch.push_back(removal_of(key, id, lsn));
        if (kind == 1) batch.push_back(removal_of(key, id, lsn, Operation::expire));
        if (kind > 1) batch.push_back(write_of(key, id, lsn, random() % 60));
      }
      std::shuffle(batch.begin(), batch.end(), random);
      add(batch);
    }
  }

  RepositoryOptions options_;
  std::unique_ptr<Repository> repository_;
  std::unique_ptr<LaneWriter> writer_;
  std::vector<OwnedVersion> all_;
};

TEST_F(ReadTest, GivesAllVersionsInOrder) {
  add_history();
  ASSERT_GT(repository_->read_lane(lane_).value().segments.size(), 5u);
  expect({}, [](const OwnedVersion&) { return true; });
}

TEST_F(ReadTest, IdsThatBeginAlikeAreOrderedByTheRest) {
  std::vector<OwnedVersion> batch;
  std::uint64_t lsn = 0;
  for (const std::string& begin : {std::string(), std::string("begin-alike-"), std::string("begin-alike-and-go-on-")}) {
    for (const std::string& rest :
         {std::string("a"), std::string("a\0", 2), std::string("ab"), std::string("abcdefgh"), std::string("abcdefghi"),
          std::string("abcdefgh\0", 9), std::string("abcdefgg"), std::string("\xC3\xA9"), std::string("0")}) {
      batch.push_back(write_of(begin.empty() ? "mixed" : begin, begin + rest, ++lsn));
      batch.push_back(write_of("all", begin + rest, ++lsn));
    }
  }
  std::mt19937 random(3);
  std::shuffle(batch.begin(), batch.end(), random);
  add(batch);
  expect({}, [](const OwnedVersion&) { return true; });
}

// Blocks that a quicker compression makes as small, and such that it does not.
TEST_F(ReadTest, LargeBlocksOfAnyBodiesComeBack) {
  std::mt19937 random(5);
  std::vector<OwnedVersion> alike, unlike;
  for (std::uint64_t i = 0; i < 1500; ++i) {
    alike.push_back(write_of("alike", std::to_string(i), i + 1, 1000));
    std::string words;
    while (words.size() < 1000) words += "word-" + std::to_string(random() % 3000) + ' ';
    unlike.push_back(write_of("unlike", std::to_string(i), i + 10001));
    unlike.back().body = "{\"text\":\"" + words + "\"}";
  }
  add(alike);
  add(unlike);
  expect({}, [](const OwnedVersion&) { return true; });
}

TEST_F(ReadTest, CutsByTime) {
  add_history();
  for (const std::int64_t seconds : {0, 1, 39, 40, 41, 200, 399, 400, 1000}) {
    ReadOptions options;
    options.cut.time = Second{1'700'000'000 + seconds};
    expect(options, [&](const OwnedVersion& v) { return v.version.time <= *options.cut.time; });
  }
}

TEST_F(ReadTest, LeavesOutWhatIsOlderThanAsked) {
  add_history();
  for (const std::int64_t seconds : {0, 1, 40, 399, 400, 1000}) {
    ReadOptions options;
    options.since = Second{1'700'000'000 + seconds};
    expect(options, [&](const OwnedVersion& v) { return v.version.time >= *options.since; });
    options.cut.time = Second{1'700'000'000 + 200};
    expect(options, [&](const OwnedVersion& v) {
      return v.version.time >= *options.since && v.version.time <= *options.cut.time;
    });
  }
}

TEST_F(ReadTest, SegmentsOlderThanAskedAreNotRead) {
  options_.inline_bytes = 0;  // every segment an object of its own
  store_ = store::make_memory_store();
  repository_ = create(options_);
  writer_ = writer(*repository_);
  add({write_of("a", "1", 1)});
  const std::vector<std::string> old = names("segments/");
  add({write_of("a", "2", 2)});
  for (const std::string& name : old) ASSERT_TRUE(store_->remove(name));
  ReadOptions options;
  options.since = Second{1'700'000'000 + 2};
  EXPECT_EQ(versions(options).size(), 1U);
}

TEST_F(ReadTest, CutsByThePositionsOfHashIntervals) {
  add_history();
  const std::string middle(1, '\x20');
  ReadOptions options;
  options.cut.positions = {{{"", middle}, {0, 100}}, {{middle, "\xFF"}, {0, 300}}};
  expect(options,
         [&](const OwnedVersion& v) { return v.version.position.lsn <= (effective(v) < middle ? 100u : 300u); });
  // Nothing is known of an interval that the cut does not name.
  options.cut.positions.pop_back();
  expect(options, [&](const OwnedVersion& v) { return effective(v) < middle && v.version.position.lsn <= 100; });
}

TEST_F(ReadTest, ReadsARangeOfTheHashSpace) {
  add_history();
  for (const std::string& bound : {std::string("\x10"), std::string("\x20\x01"), std::string("\x3F\xFF")}) {
    ReadOptions options;
    options.range.min = bound;
    expect(options, [&](const OwnedVersion& v) { return effective(v) >= bound; });
    options.range = {"", bound};
    expect(options, [&](const OwnedVersion& v) { return effective(v) < bound; });
  }
}

TEST_F(ReadTest, ReadsOneKeyAndOneDocument) {
  add_history();
  for (int key = 0; key < 22; ++key) {
    ReadOptions options;
    options.partition_key = "[\"k" + std::to_string(key) + "\"]";
    expect(options, [&](const OwnedVersion& v) { return v.partition_key == *options.partition_key; });
    for (int id = 0; id < 4; ++id) {
      options.id = "d" + std::to_string(id);
      expect(options,
             [&](const OwnedVersion& v) { return v.partition_key == *options.partition_key && v.id == *options.id; });
    }
  }
}

TEST_F(ReadTest, AnIdNeedsItsKey) {
  ReadOptions options;
  options.id = "d1";
  add({write_of("a", "d1", 1)});
  EXPECT_EQ(repository_->versions(repository_->read_lane(lane_).value(), options).error().code, Code::invalid_argument);
}

TEST_F(ReadTest, WithoutBodiesNoneIsGiven) {
  add({write_of("a", "1", 1), write_of("b", "2", 2)});
  ReadOptions options;
  options.bodies = false;
  for (const OwnedVersion& v : versions(options)) {
    EXPECT_TRUE(v.body.empty());
    EXPECT_NE(v.version.digest, 0u);
  }
}

TEST_F(ReadTest, TheLaterCommitIsNewerWhereThePositionIsTheSame) {
  OwnedVersion first = write_of("a", "1", 5);
  OwnedVersion second = write_of("a", "1", 5);
  second.body = "{\"later\":true}";
  add({first});
  add({second});
  EXPECT_THAT(versions(), ElementsAre(second, first));
  EXPECT_THAT(snapshot(), ElementsAre(second));
}

TEST_F(ReadTest, TheLaterInABatchIsNewerWhereThePositionIsTheSame) {
  OwnedVersion first = write_of("a", "1", 5);
  OwnedVersion second = write_of("a", "1", 5);
  second.body = "{\"later\":true}";
  add({first, second});
  EXPECT_THAT(versions(), ElementsAre(second, first));
}

TEST_F(ReadTest, AHigherEpochIsNewer) {
  OwnedVersion before = write_of("a", "1", 100);
  OwnedVersion after = write_of("a", "1", 3);
  after.version.position.epoch = 1;
  add({after});
  add({before});
  EXPECT_THAT(snapshot(), ElementsAre(after));
}

TEST_F(ReadTest, ALaneWithoutSegmentsIsEmpty) {
  add({});
  EXPECT_THAT(versions(), IsEmpty());
  EXPECT_THAT(snapshot(), IsEmpty());
}

TEST_F(ReadTest, AMissingSegmentIsCorruptAndNamed) {
  add_history();
  const std::string name = names("segments/").at(0);
  ASSERT_TRUE(store_->remove(name));
  const auto stream = repository_->versions(repository_->read_lane(lane_).value(), {});
  ASSERT_FALSE(stream);
  EXPECT_EQ(stream.error().code, Code::corrupt);
  EXPECT_NE(stream.error().to_string().find(name), std::string::npos);
}

// Hierarchical keys and version 1 have effective keys longer than what the writer sorts by first.
class LongKeysTest : public ReadTest, public ::testing::WithParamInterface<bool> {
 protected:
  LongKeysTest() {
    identity_ = container_identity(1);
    if (GetParam())
      identity_.key = cosmos::PartitionKeyDefinition{{{"a"}, {"b"}}, cosmos::KeyKind::multi_hash, 2, false};
    lane_ = lane_of(identity_);
  }
};

TEST_P(LongKeysTest, AreOrderedByAllOfIt) {
  for (std::uint64_t i = 0; i < 4; ++i) {
    std::vector<OwnedVersion> batch;
    for (std::uint64_t j = 0; j < 30; ++j) {
      OwnedVersion v = write_of("", "d" + std::to_string(j % 2), 1 + i * 30 + j);
      const std::string number = std::to_string((j * 7 + i) % 15);
      v.partition_key =
          GetParam() ? "[\"tenant\"," + number + "]" : "[\"a rather long prefix of a key " + number + "\"]";
      batch.push_back(v);
    }
    add(batch);
  }
  expect({}, [](const OwnedVersion&) { return true; });
  ReadOptions options;
  options.partition_key = all_.at(3).partition_key;
  expect(options, [&](const OwnedVersion& v) { return v.partition_key == *options.partition_key; });
}
INSTANTIATE_TEST_SUITE_P(Keys, LongKeysTest, ::testing::Bool());

class AccountLaneTest : public ReadTest {
 protected:
  AccountLaneTest() {
    identity_ = {};
    identity_.account_id = "account-1";
    lane_ = kAccountLane;
  }
};

TEST_F(AccountLaneTest, IsOrderedByTheTextOfKeys) {
  std::vector<OwnedVersion> batch;
  for (const char* key : {"b", "a", "", "[\"z\"]", "\xFF", "a"}) {
    OwnedVersion v = write_of("", key, batch.size() + 1);
    v.partition_key = key;
    batch.push_back(v);
  }
  add(batch);
  add({batch[1], batch[4]});
  std::vector<std::string> keys;
  for (const OwnedVersion& v : versions()) keys.push_back(v.partition_key);
  EXPECT_THAT(keys, ElementsAre("", "[\"z\"]", "a", "a", "a", "b", "\xFF", "\xFF"));
  ReadOptions options;
  options.partition_key = "a";
  EXPECT_EQ(versions(options).size(), 3u);
}

// A reader that may hold next to nothing: everything goes through temporary files, several times.
class LittleMemoryTest : public ReadTest {
 protected:
  LittleMemoryTest() { options_.held_bytes = 1; }
};

TEST_F(LittleMemoryTest, GivesTheSame) {
  add_history();
  const OwnedVersion written = write_of("k1", "d1", 9000, 10);
  add({written});
  add({removal_of("k1", "d1", 9000)});  // of equal positions the later commit is the newer
  expect({}, [](const OwnedVersion&) { return true; });
  ReadOptions early;
  early.cut.time = Second{written.version.time.value - 1};
  expect(early, [&](const OwnedVersion& v) { return v.version.time <= *early.cut.time; });
  ReadOptions key;
  key.partition_key = written.partition_key;
  expect(key, [&](const OwnedVersion& v) { return v.partition_key == written.partition_key; });
}

TEST_F(ReadTest, GivesNothingOfLaterCommits) {
  add({write_of("a", "1", 1), write_of("b", "1", 2)});
  const auto until_then = all_;
  add({write_of("a", "1", 3), removal_of("b", "1", 4), write_of("c", "1", 5)});
  ReadOptions options;
  options.cut.commit = 1;
  expect(options, [&](const OwnedVersion& v) { return v.version.position.lsn <= 2; });
}

TEST_F(RepositoryTest, MemoryOfAMergeIsBoundedHoweverManySmallSegmentsThereAre) {
  RepositoryOptions options = quick_options();
  options.held_bytes = 4 << 20;
  options.merge_bytes = 1 << 30;  // blocks as large as their segments
  const auto repository = create(options);
  {
    const auto lane_writer = writer(*repository);
    std::uint64_t lsn = 0;
    for (int backup = 0; backup < 200; ++backup) {
      std::vector<OwnedVersion> versions;
      for (int i = 0; i < 40; ++i) {
        ++lsn;
        versions.push_back(write_of(std::to_string(lsn * 7919 % 100003), "d", lsn, 3000));
      }
      commit(*lane_writer, versions);
    }
  }
  const auto lane = repository->read_lane(lane_);
  ASSERT_TRUE(lane);
  for (const SegmentRef& segment : lane->segments) ASSERT_TRUE(segment.inside_commit);
  const std::size_t before = allocated();
  const auto stream = repository->snapshot(*lane, {});
  ASSERT_TRUE(stream) << stream.error().to_string();
  std::size_t most = allocated();
  std::uint64_t documents = 0;
  for (Version version;; ++documents) {
    const auto more = (*stream)->next(version);
    ASSERT_TRUE(more) << more.error().to_string();
    if (!*more) break;
    ASSERT_GE(version.body.size(), 3000U);
    if (documents % 64 == 0) most = std::max(most, allocated());
  }
  EXPECT_EQ(documents, 8000U);
  EXPECT_LT(most, before + (12U << 20));  // all blocks at once are 26 MB
}

TEST_F(RepositoryTest, BlocksBecomeSmallerWithTheNumberOfSegmentsInCommitsToo) {
  RepositoryOptions options = quick_options();
  options.block_bytes = options.merge_bytes = 32 * 1024;
  const auto repository = create(options);
  const auto lane_writer = writer(*repository);
  std::uint64_t lsn = 0;
  for (int backup = 0; backup < 8; ++backup) {
    std::vector<OwnedVersion> versions;
    for (int i = 0; i < 20; ++i) versions.push_back(write_of("k" + std::to_string(i), "d", ++lsn, 1000));
    commit(*lane_writer, versions);
  }
  const auto keys = KeyRing::open(*store_, kPassword);
  ASSERT_TRUE(keys);
  const auto blocks = [&](const SegmentRef& segment) {
    EXPECT_TRUE(segment.inside_commit);
    const auto reader = SegmentReader::open(*store_, *keys, lane_, segment);
    return reader ? (*reader)->footer().blocks.size() : 0;
  };
  EXPECT_EQ(blocks(lane_writer->state().segments.front()), 1U);
  EXPECT_GE(blocks(lane_writer->state().segments.back()), 5U);
}

}  // namespace
}  // namespace halley::repo
