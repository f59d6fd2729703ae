// Merges of more than memory has room for: what they hold, what they write, and how they fail.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <random>

#include "repo/test_world.h"

namespace halley::repo {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t kMiB = 1 << 20;

std::string random_text(std::mt19937& random, std::size_t size) {
  constexpr std::string_view kLetters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  std::string text;
  while (text.size() < size) text += kLetters[random() % kLetters.size()];
  return text;
}

class MergeBoundsTest : public RepositoryTest {
 protected:
  MergeBoundsTest() {
    options_.held_bytes = 5 * kMiB;
    options_.merge_bytes = 1 << 30;  // blocks are not made smaller
  }

  // So many segments of so many versions each; `change` makes what is special of one.
  void add(int segments, int versions, const std::function<void(OwnedVersion&)>& change) {
    repository_ = create(options_);
    const auto lane_writer = writer(*repository_);
    std::uint64_t lsn = 0;
    for (int segment = 0; segment < segments; ++segment) {
      std::vector<OwnedVersion> batch;
      for (int i = 0; i < versions; ++i) {
        ++lsn;
        batch.push_back(write_of(std::to_string(lsn * 7919 % 1000003), "d" + std::to_string(lsn), lsn));
        change(batch.back());
      }
      commit(*lane_writer, batch);
    }
    documents_ = lsn;
  }
  LaneState lane() { return repository_->read_lane(lane_).value(); }

  // The most that is held more than before, while a snapshot is read.
  std::size_t held_by_snapshot(const ReadOptions& options) {
    const LaneState state = lane();
    const std::size_t before = allocated();
    const auto stream = repository_->snapshot(state, options);
    EXPECT_TRUE(stream) << stream.error().to_string();
    std::size_t most = allocated();
    std::uint64_t documents = 0;
    for (Version version; stream && (*stream)->next(version).value_or(false); ++documents) {
      if (documents % 64 == 0) most = std::max(most, allocated());
    }
    EXPECT_EQ(documents, documents_);
    return most - before;
  }

  // Where the temporary file of a merge can be opened; empty where there is none.
  static std::string temporary_file() {
    for (const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code gone;
      if (std::filesystem::read_symlink(each.path(), gone).string().find("/halley-") != std::string::npos)
        return each.path();
    }
    return {};
  }

  RepositoryOptions options_ = quick_options();
  std::unique_ptr<Repository> repository_;
  std::uint64_t documents_ = 0;
  std::mt19937 random_{1};
};

TEST_F(MergeBoundsTest, LongKeysAndIdsCount) {
  add(160, 60, [&](OwnedVersion& v) {
    v.partition_key = "[\"" + random_text(random_, 1000) + "\"]";
    v.id = random_text(random_, 1000);
  });
  ReadOptions options;
  options.bodies = false;
  EXPECT_LT(held_by_snapshot(options), 8 * kMiB);  // all columns at once are 20 MiB
}

TEST_F(MergeBoundsTest, FootersCount) {
  options_.block_bytes = 1000;
  add(160, 60, [&](OwnedVersion& v) {
    v.partition_key = "[\"" + random_text(random_, 1000) + "\"]";
    v.id = random_text(random_, 1000);
  });
  EXPECT_LT(held_by_snapshot({}), 8 * kMiB);  // all footers at once are 20 MiB
}

TEST_F(MergeBoundsTest, StreamsThatAreReadAtOnceShareWhatMayBeHeld) {
  options_.held_bytes = 32 * kMiB;
  add(2, 14000, [](OwnedVersion&) {});
  const LaneState state = lane();
  const std::size_t at_once = repository_->streams_at_once(state, {}).value();
  EXPECT_GE(at_once, 2U);
  EXPECT_LE(at_once, 8U);
  for (const std::size_t count : {at_once, std::size_t{32}}) {
    const std::size_t before = allocated();
    std::vector<std::unique_ptr<VersionStream>> streams;
    for (std::size_t i = 0; i < count; ++i) {
      ReadOptions options;
      options.streams = count;
      // Half of the first byte is all there is of effective keys.
      if (i > 0) options.range.min = std::string(1, static_cast<char>(i * 64 / count));
      if (i + 1 < count) options.range.max = std::string(1, static_cast<char>((i + 1) * 64 / count));
      streams.push_back(repository_->snapshot(state, options).value());
      EXPECT_TRUE(count > at_once || temporary_file().empty());
    }
    std::uint64_t documents = 0;
    std::size_t most = 0;
    for (const auto& stream : streams) {
      for (Version version; (*stream).next(version).value();) ++documents;
      most = std::max(most, allocated() - before);
    }
    EXPECT_EQ(documents, documents_);
    EXPECT_LT(most, 36 * kMiB) << count;
  }
}

TEST_F(MergeBoundsTest, TheFileGrowsNoLargerThanWhatIsMergedHoweverOften) {
  options_.held_bytes = kMiB;
  add(120, 5, [&](OwnedVersion& v) { v.body = R"({"text":")" + random_text(random_, 30000) + "\"}"; });
  const LaneState state = lane();
  std::uint64_t stored = 0;
  for (const SegmentRef& segment : state.segments) stored += segment.size;
  const auto stream = repository_->snapshot(state, {});
  ASSERT_TRUE(stream) << stream.error().to_string();
  struct stat status {};
  ASSERT_EQ(::stat(temporary_file().c_str(), &status), 0);
  EXPECT_GT(static_cast<std::uint64_t>(status.st_size), stored / 4 * 5) << "nothing was merged again";
  EXPECT_LT(static_cast<std::uint64_t>(status.st_blocks) * 512, stored / 10 * 11);
}

TEST_F(MergeBoundsTest, ADamagedTemporaryFileIsNoDamageOfTheRepository) {
  options_.held_bytes = 1;
  add(4, 200, [&](OwnedVersion& v) { v.body = R"({"text":")" + random_text(random_, 2000) + "\"}"; });
  const auto stream = repository_->snapshot(lane(), {});
  ASSERT_TRUE(stream) << stream.error().to_string();
  const int file = ::open(temporary_file().c_str(), O_RDWR);
  ASSERT_GE(file, 0);
  const std::string zeros(4 * kMiB, '\0');
  EXPECT_EQ(::pwrite(file, zeros.data(), zeros.size(), 0), static_cast<ssize_t>(zeros.size()));
  ::close(file);
  Version version;
  Result<bool> more = true;
  while (more && *more) more = (*stream)->next(version);
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, Code::io) << more.error().to_string();
  EXPECT_THAT(more.error().message, HasSubstr("a temporary file in /"));
}

TEST_F(MergeBoundsTest, AFolderForTheFileThatCannotBeWrittenIsNamed) {
  options_.held_bytes = 1;
  add(4, 1, [](OwnedVersion&) {});
  const char* const was = getenv("TMPDIR");
  const std::string before = was == nullptr ? "" : was;
  setenv("TMPDIR", "/nowhere/at/all", 1);
  const auto stream = repository_->snapshot(lane(), {});
  if (was == nullptr) {
    unsetenv("TMPDIR");
  } else {
    setenv("TMPDIR", before.c_str(), 1);
  }
  ASSERT_FALSE(stream);
  EXPECT_EQ(stream.error().code, Code::io);
  EXPECT_THAT(stream.error().message,
              HasSubstr("can't merge many backups through a temporary file in /nowhere/at/all"));
  EXPECT_THAT(stream.error().hint, HasSubstr("TMPDIR"));
}

TEST_F(MergeBoundsTest, CanBeStoppedWhileSegmentsAreOpenedAndMerged) {
  OddStore& odd = make_odd();
  options_.held_bytes = 1;
  options_.inline_bytes = 0;
  add(20, 30, [&](OwnedVersion& v) { v.body = R"({"text":")" + random_text(random_, 5000) + "\"}"; });
  const LaneState state = lane();
  std::size_t gets = 0;
  odd.at_get = [&] { ++gets; };
  ASSERT_TRUE(repository_->snapshot(state, {}));
  const std::size_t all = gets;
  ASSERT_GT(all, 80U);
  // While the first segment is opened, the last ones are, and bodies are read to be merged.
  for (const std::size_t at : {std::size_t{1}, all / 2, all - 1, all}) {
    std::stop_source stop;
    gets = 0;
    odd.at_get = [&] {
      if (++gets == at) stop.request_stop();
    };
    ReadOptions options;
    options.stop = stop.get_token();
    const auto stream = repository_->snapshot(state, options);
    ASSERT_FALSE(stream) << at;
    EXPECT_EQ(stream.error().code, Code::cancelled) << stream.error().to_string();
    EXPECT_LE(gets, at + 4) << "it goes on for long";
  }
}

// Segments that do not keep their bytes (more than 256), and more than are open at once (1,024).
class VeryManySegmentsTest : public RepositoryTest, public ::testing::WithParamInterface<std::size_t> {
 protected:
  static constexpr int kSegments = 2300;
  static constexpr std::uint64_t kCut = 2000;  // of commits, of three versions each

  void add_all(Repository& repository) {
    std::mt19937 random(3);
    const auto lane_writer = writer(repository);
    std::uint64_t lsn = 0;
    for (int backup = 0; backup < kSegments; ++backup) {
      std::vector<OwnedVersion> versions;
      for (int i = 0; i < 3; ++i) {
        ++lsn;
        const std::string key = "k" + std::to_string(random() % 200);
        const std::string id = "d" + std::to_string(random() % 5);
        versions.push_back(random() % 5 == 0 ? removal_of(key, id, lsn) : write_of(key, id, lsn, random() % 60));
      }
      commit(*lane_writer, versions);
      all_.insert(all_.end(), versions.begin(), versions.end());
    }
  }

  // What is to be given, computed plainly.
  std::vector<OwnedVersion> expected(bool cut, bool bodies) const {
    std::vector<std::pair<std::string, OwnedVersion>> chosen;
    for (auto v = all_.rbegin(); v != all_.rend(); ++v) {
      if (cut && v->version.position.lsn > 3 * kCut) continue;
      chosen.emplace_back(cosmos::effective_partition_key(*identity_.key, v->partition_key).value(), *v);
      if (!bodies) chosen.back().second.body.clear();
    }
    std::stable_sort(chosen.begin(), chosen.end(), [](const auto& a, const auto& b) {
      return std::forward_as_tuple(a.first, a.second.id) < std::forward_as_tuple(b.first, b.second.id);
    });
    std::vector<OwnedVersion> versions;
    for (auto& [effective, version] : chosen) versions.push_back(std::move(version));
    return versions;
  }

  std::vector<OwnedVersion> all_;
};

TEST_P(VeryManySegmentsTest, GiveTheSame) {
  RepositoryOptions options = quick_options();
  options.held_bytes = GetParam();
  const auto repository = create(options);
  add_all(*repository);
  const LaneState lane = repository->read_lane(lane_).value();
  for (const bool bodies : {true, false}) {
    for (const bool cut : {false, true}) {
      ReadOptions read;
      read.bodies = bodies;
      if (cut) read.cut.commit = kCut;
      std::vector<OwnedVersion> versions = expected(cut, bodies);
      EXPECT_TRUE(drain(repository->versions(lane, read)) == versions) << bodies << cut;
      const auto repeated =
          std::unique(versions.begin(), versions.end(), [](const OwnedVersion& a, const OwnedVersion& b) {
            return a.id == b.id && a.partition_key == b.partition_key;
          });
      versions.erase(repeated, versions.end());
      EXPECT_TRUE(drain(repository->snapshot(lane, read)) == versions) << bodies << cut;
    }
  }
}
INSTANTIATE_TEST_SUITE_P(HeldBytes, VeryManySegmentsTest, ::testing::Values(1, kMiB, 96 * kMiB));

}  // namespace
}  // namespace halley::repo
