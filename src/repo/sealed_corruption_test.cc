// Objects that are sealed as they must be and hold what they must not, as a mistake of a program would leave them: the
// reader and the check find each, and name it.
#include <gmock/gmock.h>

#include <algorithm>

#include "codec/hash.h"
#include "repo/check.h"
#include "repo/lane_history.h"
#include "repo/object_names.h"
#include "repo/segment_check.h"
#include "repo/test_world.h"

namespace halley::repo {
namespace {

using ::testing::HasSubstr;

class SealedCorruption : public RepositoryTest {
 protected:
  // Commit 1 with a segment of its own, commit 2 with one that rides in it, and a rollup of both.
  void SetUp() override {
    RepositoryOptions options = quick_options();
    options.rollup_every = 2;
    options.inline_bytes = 700;
    repository_ = create(options);
    auto lane = writer(*repository_);
    std::vector<OwnedVersion> versions;
    for (std::uint64_t i = 0; i < 30; ++i) versions.push_back(write_of("k" + std::to_string(i), "x", i));
    commit(*lane, versions);
    commit(*lane, {write_of("a", "1", 100)});
    ASSERT_EQ(names("segments/").size(), 1u);
    ASSERT_EQ(names("rollups/").size(), 1u);
    auto keys = KeyRing::open(*store_, kPassword);
    ASSERT_TRUE(keys);
    keys_ = std::move(*keys);
  }

  std::string name_of(std::uint64_t seq) const { return commit_name(lane_, seq); }
  ReadCommit whole_commit(std::uint64_t seq) {
    bytes_ = *store_->get_all(name_of(seq));
    return open_commit(*keys_, lane_, seq, bytes_).value();
  }
  void put_commit(std::uint64_t seq, const CommitRecord& record, std::string_view plain) {
    replace(name_of(seq),
            seal_record(real_runtime(), *keys_, ObjectKind::commit, name_of(seq), plain, encode_commit(record)));
  }

  // Both who opens the lane and who checks it name the object, and say so.
  void expect_found(const std::string& object, const std::string& why, bool opens = false) {
    const auto state = repository_->read_lane(lane_);
    ASSERT_TRUE(state) << state.error().to_string();
    if (opens) {
      EXPECT_EQ(state->damage, "");
    } else {
      EXPECT_EQ(state->seq, 1U);  // up to the commit before it
      EXPECT_THAT(state->damage, HasSubstr(object));
      EXPECT_EQ(repository_->open_writer(lane_, identity_).error().code, Code::corrupt);
    }
    const auto report = check(*repository_, {});
    ASSERT_TRUE(report) << report.error().to_string();
    ASSERT_FALSE(report->damaged.empty()) << why;
    EXPECT_EQ(report->damaged.front().object, object);
    EXPECT_THAT(report->damaged.front().why, HasSubstr(why));
  }

  std::unique_ptr<Repository> repository_;
  std::optional<KeyRing> keys_;
  std::string bytes_;
};

TEST_F(SealedCorruption, ACommitIsTheOneOfItsPlace) {
  ASSERT_TRUE(store_->remove(names("rollups/").at(0)));
  const ReadCommit good = whole_commit(2);
  const std::string plain(good.segment);
  const auto change = [&](auto&& edit, const std::string& why) {
    CommitRecord record = good.record;
    edit(record);
    put_commit(2, record, plain);
    expect_found(name_of(2), why);
  };
  change([](CommitRecord& r) { r.seq = 3; }, "it is another commit");
  change([](CommitRecord& r) { r.lane = "other"; }, "it is another commit");
  change([](CommitRecord& r) { r.identity = container_identity(); }, "only a lane's first commit says what it is of");
  change([](CommitRecord& r) { r.previous_hash[0] ^= 1; }, "does not follow the commit before it");
  change([](CommitRecord& r) { r.segments.at(0).commit = 1; }, "it names a segment of another commit");
  change([](CommitRecord& r) { r.segments.at(0).sha256[0] ^= 1; }, "the segment in it is not the one it names");
  change([](CommitRecord& r) { r.segments.at(0).size += 1; }, "the segment in it is not the one it names");
  change([](CommitRecord& r) { r.segments.push_back(r.segments.at(0)); }, "it holds more than it should");
  change([](CommitRecord& r) { r.segments.clear(); }, "it holds more than it should");
}

TEST_F(SealedCorruption, ACommitHoldsARecord) {
  ASSERT_TRUE(store_->remove(names("rollups/").at(0)));
  const std::string record = encode_commit(whole_commit(2).record);
  for (const std::string& content : {std::string(), record + "x", record.substr(0, record.size() - 1)}) {
    replace(name_of(2), seal_record(real_runtime(), *keys_, ObjectKind::commit, name_of(2), {}, content));
    expect_found(name_of(2), "commit");
  }
  SealedWriter object(real_runtime(), *keys_, ObjectKind::commit, name_of(2));
  replace(name_of(2), object.finish("not compressed"));
  expect_found(name_of(2), name_of(2));
}

TEST_F(SealedCorruption, ARollupSaysWhatTheCommitsSay) {
  const std::string name = names("rollups/").at(0);
  RollupRecord good = read_rollup(*store_, *keys_, lane_, 2).value();
  const auto put = [&](const RollupRecord& record, std::string_view plain = {}) {
    replace(name, seal_record(real_runtime(), *keys_, ObjectKind::rollup, name, plain, encode_rollup(record)));
  };
  RollupRecord record = good;
  record.state.seq = 1;
  put(record);
  expect_found(name, "it is another rollup", true);
  record = good;
  record.state.segments.pop_back();
  put(record);
  expect_found(name, "is not what the commits say", true);
  put(good, "more");
  expect_found(name, "it holds more than it should", true);
  record = good;
  record.spans.push_back({1, std::string(32, 'x')});
  put(record);
  expect_found(span_name(lane_, 1), "is missing", true);
}

TEST_F(SealedCorruption, ARollupOfAnotherHistoryIsFoundByTheNextCommit) {
  auto lane = writer(*repository_);
  commit(*lane, {write_of("b", "1", 200)});
  const std::string name = names("rollups/").at(0);
  RollupRecord record = read_rollup(*store_, *keys_, lane_, 2).value();
  record.state.head_hash[0] ^= 1;
  replace(name, seal_record(real_runtime(), *keys_, ObjectKind::rollup, name, {}, encode_rollup(record)));
  const auto state = repository_->read_lane(lane_);
  ASSERT_TRUE(state);
  EXPECT_THAT(state->damage, HasSubstr("does not follow the commit before it"));
  EXPECT_EQ(repository_->open_writer(lane_, identity_).error().code, Code::corrupt);
  const auto report = check(*repository_, {});
  ASSERT_TRUE(report);
  ASSERT_EQ(report->damaged.size(), 1u);
  EXPECT_EQ(report->damaged[0].object, name);
}

TEST_F(SealedCorruption, ASegmentIsWhatItsCommitSays) {
  const SegmentRef good = whole_commit(1).record.segments.at(0);
  const auto change = [&](auto&& edit, const std::string& why) {
    CommitRecord record = whole_commit(1).record;
    record.segments.at(0) = good;
    edit(record.segments.at(0));
    put_commit(1, record, {});
    CheckOptions options;
    options.read_data = 1;
    const auto report = check(*repository_, options);
    ASSERT_TRUE(report) << report.error().to_string();
    const auto found = std::find_if(report->damaged.begin(), report->damaged.end(),
                                    [&](const Damage& d) { return d.object == segment_name(good.id); });
    ASSERT_NE(found, report->damaged.end()) << why;
    EXPECT_THAT(found->why, HasSubstr(why));
  };
  change([](SegmentRef& r) { r.size += 1; }, "another size than its commit says");
  change([](SegmentRef& r) { r.versions += 1; }, "another number of versions than its commit says");
  change([](SegmentRef& r) { r.sha256[0] ^= 1; }, "its bytes are not the ones its commit names");
  change([](SegmentRef& r) { r.upserts -= 1; }, "something else than its commit says");
  change([](SegmentRef& r) { r.newest = r.newest + 1; }, "something else than its commit says");
  change([](SegmentRef& r) { r.first.lsn += 1; }, "something else than its commit says");
}

// A segment sealed under the name that commit 1 has for it.
class SealedSegment : public SealedCorruption {
 protected:
  struct Parts {
    SegmentFooter footer;
    std::vector<std::string> columns, bodies;  // sealed frames' contents, by block
    std::string filter;
  };

  void SetUp() override {
    SealedCorruption::SetUp();
    said_ = whole_commit(1).record.segments.at(0);
    const std::string bytes = *store_->get_all(segment_name(said_.id));
    auto segment = SegmentReader::open_bytes(*store_, *keys_, lane_, said_, bytes);
    ASSERT_TRUE(segment);
    good_.footer = (*segment)->footer();
    auto sealed = SealedReader::open(*keys_, ObjectKind::segment, segment_name(said_.id), bytes).value();
    const auto frame = [&](std::uint64_t number, std::uint64_t offset, std::uint64_t size) {
      std::string content;
      EXPECT_TRUE(sealed.open_frame(number, false, std::string_view(bytes).substr(offset, size), content));
      return content;
    };
    for (const BlockEntry& block : good_.footer.blocks) {
      good_.columns.push_back(frame(block.frame, block.offset, block.columns_size));
      good_.bodies.push_back(frame(block.frame + 1, block.offset + block.columns_size, block.bodies_size));
    }
    good_.filter = frame(good_.footer.filter_frame, good_.footer.filter_offset, good_.footer.filter_size);
  }

  // What checking and reading say of the segment that these parts make.
  void expect_damaged(Parts parts, const std::string& why, bool readable = false) {
    SealedWriter object(real_runtime(), *keys_, ObjectKind::segment, segment_name(said_.id));
    for (std::size_t i = 0; i < parts.columns.size(); ++i) {
      object.add_frame(parts.columns[i]);
      object.add_frame(parts.bodies[i]);
    }
    object.add_frame(parts.filter);
    const std::string bytes = object.finish(encode_footer(parts.footer));
    SegmentRef said = said_;
    said.size = bytes.size();
    said.sha256 = codec::sha256(bytes);
    replace(segment_name(said.id), bytes);
    codec::Decompressor decompressor;
    const Status checked = check_segment(*store_, *keys_, lane_, said, bytes, decompressor);
    ASSERT_FALSE(checked) << why;
    EXPECT_EQ(checked.error().code, Code::corrupt);
    EXPECT_THAT(checked.error().message, HasSubstr(segment_name(said.id)));
    EXPECT_THAT(checked.error().message, HasSubstr(why));
    if (readable) return;
    LaneState state = repository_->read_lane(lane_).value();
    state.segments = {said};
    auto stream = repository_->versions(state, {});
    Result<bool> more = true;
    if (!stream) more = fail(stream.error());
    for (Version version; more && *more;) more = (*stream)->next(version);
    ASSERT_FALSE(more) << "read as if it were whole: " << why;
    EXPECT_EQ(more.error().code, Code::corrupt);
  }

  SegmentRef said_;
  Parts good_;
};

TEST_F(SealedSegment, HasAFooterThatAddsUp) {
  const auto change = [&](auto&& edit, const std::string& why) {
    Parts parts = good_;
    edit(parts.footer);
    expect_damaged(std::move(parts), why);
  };
  change([](SegmentFooter& f) { f.versions += 1; }, "counts do not add up");
  change([](SegmentFooter& f) { f.filter_size += 1; }, "sizes do not add up");
  change([](SegmentFooter& f) { f.blocks.at(0).columns_size = std::uint64_t{1} << 41; }, "sizes");
  change([](SegmentFooter& f) { f.blocks.at(0).columns_size += 1000; }, "its blocks are larger than it");
  change([](SegmentFooter& f) { f.blocks.at(0).bodies_plain = std::uint64_t{1} << 31; }, "a block is too large");
  change([](SegmentFooter& f) { f.blocks.at(0).bodies_plain = 0; }, "an empty block");
  change([](SegmentFooter& f) { f.blocks.clear(); }, "no blocks");
  change([](SegmentFooter& f) { f.container_rid = "short"; }, "a container's rid");
  change([](SegmentFooter& f) { f.key->paths.resize(101); }, "its partition keys");
  change([](SegmentFooter& f) { f.key->kind = static_cast<cosmos::KeyKind>(9); }, "its partition keys");
  change([](SegmentFooter& f) { f.blocks.at(0).bodies_plain += 1; }, "bodies have another size than its index says");
}

TEST_F(SealedSegment, HasBlocksThatDecode) {
  Parts parts = good_;
  parts.bodies.at(0) = std::string(parts.bodies.at(0).size(), 'x');
  expect_damaged(parts, "");
  parts = good_;
  parts.columns.at(0) = std::string(parts.columns.at(0).size(), '\xFF');
  expect_damaged(parts, "");
}

TEST_F(SealedSegment, HasAnIndexThatIsTrueOfItsBlocks) {
  const auto change = [&](auto&& edit, const std::string& why) {
    Parts parts = good_;
    edit(parts);
    expect_damaged(std::move(parts), why, true);
  };
  change([](Parts& p) { p.footer.blocks.at(0).first_key = "[\"a\"]"; }, "begins with another key than its index says");
  change([](Parts& p) { p.footer.blocks.at(0).oldest.value -= 1; }, "times are not what its index says");
  change([](Parts& p) { p.footer.last_id = "zzz"; }, "ends with another key than its index says");
  change([](Parts& p) { p.filter.assign(p.filter.size(), '\0'); }, "its filter denies a document that is in it");
  change([](Parts& p) { p.footer.key->version = 1; }, "its versions are not in order");
}

TEST_F(SealedSegment, HasTheDocumentsThatItsDigestsAreOf) {
  auto stream = std::move(*repository_->versions(repository_->read_lane(lane_).value(), {}));
  Version version;
  ASSERT_TRUE(*stream->next(version));
  std::string digest;
  put_u64(digest, version.digest);
  Parts parts = good_;
  const std::size_t at = parts.columns.at(0).find(digest);
  ASSERT_NE(at, std::string::npos);
  parts.columns[0][at] = static_cast<char>(parts.columns[0][at] ^ 1);
  expect_damaged(parts, "a document is not the one that its digest is of", true);
}

TEST_F(SealedSegment, OfAKeylessLaneIsRefusedInALaneWithKeys) {
  Parts parts = good_;
  parts.footer.key.reset();
  expect_damaged(parts, "");
}

}  // namespace
}  // namespace halley::repo
