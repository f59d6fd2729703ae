#include "repo/lane_codec.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/bytes.h"
#include "repo/segment_layout.h"

namespace halley::repo {
namespace {

std::string any_bytes() { return *rc::gen::container<std::string>(rc::gen::arbitrary<char>()); }
std::string any_bytes(std::size_t size) { return *rc::gen::container<std::string>(size, rc::gen::arbitrary<char>()); }
std::uint64_t any_number() { return *rc::gen::arbitrary<std::uint64_t>(); }
std::uint32_t any_epoch() { return *rc::gen::arbitrary<std::uint32_t>(); }
bool any_flag() { return *rc::gen::arbitrary<bool>(); }
Second any_second() { return {*rc::gen::arbitrary<std::int64_t>()}; }
Position any_position() { return {any_epoch(), any_number()}; }
cosmos::HashRange any_range() { return {any_bytes(), any_bytes()}; }

template <typename Make>
auto any_list(const Make& make) {
  std::vector<decltype(make())> list;
  for (int left = *rc::gen::inRange(0, 4); left > 0; --left) list.push_back(make());
  return list;
}

LaneIdentity any_identity() {
  LaneIdentity identity{any_bytes(), any_bytes(), any_bytes(), any_bytes(), any_bytes(), any_bytes(), {}};
  if (any_flag()) {
    identity.key = cosmos::PartitionKeyDefinition{
        any_list([] { return any_list([] { return any_bytes(); }); }),
        *rc::gen::element(cosmos::KeyKind::hash, cosmos::KeyKind::multi_hash, cosmos::KeyKind::range),
        *rc::gen::inRange(1, 3), any_flag()};
  }
  return identity;
}
RangeState any_range_state() {
  return {any_range(),  any_bytes(),  any_epoch(),  any_bytes(),  any_bytes(),  any_flag(),  any_number(),
          any_number(), any_second(), any_number(), any_second(), any_second(), any_second()};
}
ExactInterval any_exact() { return {any_range(), any_second(), any_second()}; }
SyncPoint any_sync_point() {
  return {any_second(), any_list([] { return RangePosition{any_range(), any_position()}; })};
}
Event any_event() { return {any_second(), any_bytes(), any_bytes()}; }
LaneHead any_head() { return {any_bytes(), any_bytes(), any_bytes(), any_number(), any_bytes(32)}; }
SegmentRef any_segment() {
  return {to_hex(any_bytes(16)), any_flag(),   any_number(), any_bytes(32), any_number(),   any_number(),
          any_number(),          any_number(), any_second(), any_second(),  any_position(), any_position()};
}
CaptureMode any_mode() {
  return *rc::gen::element(CaptureMode::definitions, CaptureMode::all_versions, CaptureMode::latest);
}

CommitRecord any_commit() {
  CommitRecord record{any_bytes(), any_number(), any_bytes(32), any_second(), {}, {}, any_list(any_segment)};
  if (any_flag()) record.identity = any_identity();
  record.draft = {any_mode(),          any_list(any_range_state), any_list(any_exact), any_list(any_sync_point),
                  any_list(any_event), any_list(any_head)};
  return record;
}
Span any_span() { return {any_bytes(), any_number(), any_number(), any_list(any_segment), any_list(any_sync_point)}; }
RollupRecord any_rollup() {
  LaneState state{any_bytes(),
                  any_identity(),
                  any_mode(),
                  any_number(),
                  any_bytes(32),
                  any_second(),
                  any_list(any_range_state),
                  any_list(any_exact),
                  any_list(any_sync_point),
                  any_list(any_event),
                  any_list(any_head),
                  any_list(any_segment)};
  return {std::move(state), any_list([] { return SpanRef{any_number(), any_bytes(32)}; })};
}
SegmentFooter any_footer() {
  SegmentFooter footer;
  if (any_flag()) footer.key = cosmos::PartitionKeyDefinition{{{}, {}}, cosmos::KeyKind::multi_hash, 2, false};
  footer.container_rid = any_bytes(any_flag() ? 8 : 0);
  footer.filter_size = *rc::gen::inRange<std::uint64_t>(0, 100);
  footer.blocks = any_list([] {
    BlockEntry block;
    block.versions = *rc::gen::inRange<std::uint64_t>(1, 100);
    block.columns_size = *rc::gen::inRange<std::uint64_t>(1, 100);
    block.bodies_size = block.bodies_plain = *rc::gen::inRange<std::uint64_t>(0, 100);
    block.oldest = any_second();
    block.newest = any_second();
    block.first_key = any_bytes();
    block.first_id = any_bytes();
    return block;
  });
  for (const BlockEntry& block : footer.blocks) footer.versions += block.versions;
  footer.last_key = any_bytes();
  footer.last_id = any_bytes();
  return footer;
}

// One byte changed, or the end cut off, or bytes added.
std::string damaged(std::string bytes) {
  const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size());
  switch (*rc::gen::inRange(0, 3)) {
    case 0:
      bytes[at] = *rc::gen::arbitrary<char>();
      return bytes;
    case 1:
      bytes.resize(at);
      return bytes;
    default:
      return bytes + any_bytes();
  }
}

TEST(LaneCodecTest, CommitsComeBack) {
  EXPECT_TRUE(rc::check([] {
    const CommitRecord written = any_commit();
    const auto read = decode_commit(encode_commit(written));
    RC_ASSERT(read.has_value());
    RC_ASSERT(read->lane == written.lane);
    RC_ASSERT(read->seq == written.seq);
    RC_ASSERT(read->previous_hash == written.previous_hash);
    RC_ASSERT(read->committed_at == written.committed_at);
    RC_ASSERT(read->identity == written.identity);
    RC_ASSERT(read->draft.mode == written.draft.mode);
    RC_ASSERT(read->draft.ranges == written.draft.ranges);
    RC_ASSERT(read->draft.exact == written.draft.exact);
    RC_ASSERT(read->draft.sync_points == written.draft.sync_points);
    RC_ASSERT(read->draft.events == written.draft.events);
    RC_ASSERT(read->segments == written.segments);
  }));
}

TEST(LaneCodecTest, SpansAndRollupsComeBack) {
  EXPECT_TRUE(rc::check([] {
    const Span span = any_span();
    const auto read_span = decode_span(encode_span(span));
    RC_ASSERT(read_span.has_value());
    RC_ASSERT(read_span->lane == span.lane);
    RC_ASSERT(read_span->from == span.from);
    RC_ASSERT(read_span->to == span.to);
    RC_ASSERT(read_span->segments == span.segments);
    RC_ASSERT(read_span->sync_points == span.sync_points);
    const RollupRecord rollup = any_rollup();
    const auto read_rollup = decode_rollup(encode_rollup(rollup));
    RC_ASSERT(read_rollup.has_value());
    RC_ASSERT(read_rollup->state == rollup.state);
    RC_ASSERT(read_rollup->spans == rollup.spans);
  }));
}

TEST(LaneCodecTest, FootersComeBackWhereTheirSizesAddUp) {
  EXPECT_TRUE(rc::check([] {
    const SegmentFooter footer = any_footer();
    std::uint64_t end = 88 + footer.filter_size;
    for (const BlockEntry& block : footer.blocks) end += block.columns_size + block.bodies_size;
    const std::string bytes = encode_footer(footer);
    RC_ASSERT(!decode_footer(bytes, end + 1).has_value());
    const auto read = decode_footer(bytes, end);
    RC_ASSERT(read.has_value() == !footer.blocks.empty());
    if (read) RC_ASSERT(encode_footer(*read) == bytes);
  }));
}

// Decoders of foreign bytes answer; they never read outside, and never believe a count.
TEST(LaneCodecTest, DamagedBytesAreAnsweredFor) {
  EXPECT_TRUE(rc::check([] {
    (void)decode_commit(damaged(encode_commit(any_commit())));
    (void)decode_span(damaged(encode_span(any_span())));
    (void)decode_rollup(damaged(encode_rollup(any_rollup())));
    (void)decode_footer(damaged(encode_footer(any_footer())), 200);
    (void)decode_commit(any_bytes());
    (void)decode_rollup(any_bytes());
  }));
}

}  // namespace
}  // namespace halley::repo
