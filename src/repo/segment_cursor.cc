#include "repo/segment_cursor.h"

#include <algorithm>

namespace halley::repo {
namespace {

constexpr std::uint64_t kLeast = 8192;  // of a cursor, whatever its segment

}  // namespace

Result<Selection> Selection::make(const ReadOptions& options, const KeyDefinition& definition) {
  if (options.id && !options.partition_key)
    return fail(Code::invalid_argument, "an id is asked for without a partition key");
  Selection selection;
  selection.options_ = options;
  if (options.partition_key) {
    EffectiveKeys keys(definition);
    ASSIGN(selection.effective_key_, keys.of(*options.partition_key));
  }
  for (const RangePosition& at : options.cut.positions) {
    selection.last_ = std::max(selection.last_.value_or(Position{}), at.position);
  }
  return selection;
}

bool Selection::is_of_a_part() const { return options_.partition_key || options_.range != cosmos::HashRange{}; }

bool Selection::by_hash() const { return is_of_a_part() || !options_.cut.positions.empty(); }

bool Selection::may_select(const SegmentRef& segment) const {
  if (options_.cut.time && segment.oldest > *options_.cut.time) return false;
  if (options_.cut.commit && segment.commit > *options_.cut.commit) return false;
  if (options_.since && segment.newest < *options_.since) return false;
  return !last_ || segment.first <= *last_;
}

SegmentCursor::SegmentCursor(std::unique_ptr<SegmentReader> segment, const Selection& selection, Shared& shared,
                             bool with_effective)
    : segment_(std::move(segment)),
      selection_(selection),
      shared_(shared),
      effective_keys_(segment_->footer().key),
      with_effective_(with_effective || selection.by_hash()),
      block_(segment_->footer().container_rid),
      bodies_(shared.room) {
  place_.commit = segment_->ref().commit;
}

Status SegmentCursor::measure() {
  ASSIGN(const std::size_t first, first_block());
  const auto& blocks = segment_->footer().blocks;
  for (std::size_t i = first; i < blocks.size(); ++i) {
    if (i > first && selection_.is_of_a_part()) {
      ASSIGN(const Side side, side_of(blocks[i]));
      if (side == Side::behind) break;
    }
    if (is_passed_over(blocks[i])) continue;
    ASSIGN(const std::uint64_t columns, segment_->columns_plain(i));
    const std::uint64_t bodies = selection_.options().bodies ? blocks[i].bodies_plain : 0;
    const std::uint64_t all = columns + BlockDecoder::kVersionBytes * blocks[i].versions + bodies;
    largest_ = std::max(largest_, all);
    volume_ += all;
    largest_columns_ = std::max(largest_columns_, columns);
    largest_bodies_ = std::max(largest_bodies_, bodies);
  }
  return {};
}

std::uint64_t SegmentCursor::kept() const { return kLeast + segment_->held(); }

Result<bool> SegmentCursor::next() {
  ASSIGN(const bool found, find());
  if (!found) return false;
  place_.effective_key = effective_;
  place_.partition_key = block_.partition_key(at_);
  place_.id = block_.id(at_);
  place_.position = block_.position(at_);
  return true;
}

Result<bool> SegmentCursor::find() {
  if (!started_) {
    started_ = true;
    ASSIGN(next_block_, first_block());
    ASSIGN(const bool any, load_block());
    if (!any) return false;
  } else {
    ++at_;
  }
  for (;; ++at_) {
    if (at_ >= block_.count()) {
      ASSIGN(const bool more, load_block());
      if (!more) return false;
    }
    if (!block_.same_key(at_)) TRY(enter_key());
    const Verdict verdict = judge();
    if (verdict == Verdict::ended) return false;
    if (verdict == Verdict::selected) return true;
  }
}

// Where the first version of a block stands, seen from what is selected.
Result<SegmentCursor::Side> SegmentCursor::side_of(const BlockEntry& block) {
  const ReadOptions& options = selection_.options();
  auto effective = effective_keys_.of(block.first_key);
  if (!effective) return fail(segment_->damaged(effective.error().message));
  if (!options.partition_key) {
    if (*effective < options.range.min) return Side::before;
    return *effective < options.range.max ? Side::inside : Side::behind;
  }
  int order = effective->compare(selection_.effective_key());
  if (order == 0) order = block.first_key.compare(*options.partition_key);
  if (order == 0 && options.id) order = block.first_id.compare(*options.id);
  if (order == 0) return Side::inside;
  return order < 0 ? Side::before : Side::behind;
}

// The last block that begins before everything selected: what is selected may begin in it.
Result<std::size_t> SegmentCursor::first_block() {
  if (!selection_.is_of_a_part()) return 0;
  const auto& blocks = segment_->footer().blocks;
  std::size_t first = 0;
  for (std::size_t i = 1; i < blocks.size(); ++i) {
    ASSIGN(const Side side, side_of(blocks[i]));
    if (side != Side::before) break;
    first = i;
  }
  return first;
}

bool SegmentCursor::is_passed_over(const BlockEntry& block) const {
  const ReadOptions& options = selection_.options();
  return (options.cut.time && block.oldest > *options.cut.time) || (options.since && block.newest < *options.since);
}

// Loads the next block that can hold anything selected. False when there is none.
Result<bool> SegmentCursor::load_block() {
  const auto& blocks = segment_->footer().blocks;
  while (next_block_ < blocks.size() && is_passed_over(blocks[next_block_])) ++next_block_;
  if (next_block_ == blocks.size()) return false;
  block_.reserve(largest_columns_);
  TRY(segment_->read_columns(next_block_, block_, shared_.decompressor));
  ++next_block_;
  bodies_loaded_ = false;
  at_ = 0;
  return true;
}

// The cursor stands on the first version of a key in its block.
Status SegmentCursor::enter_key() {
  if (!with_effective_) return {};
  auto effective = effective_keys_.of(block_.partition_key(at_));
  if (!effective) return fail(segment_->damaged(effective.error().message));
  effective_ = *effective;
  limit_ = nullptr;
  for (const RangePosition& at : selection_.options().cut.positions) {
    if (at.range.contains(effective_)) limit_ = &at.position;
  }
  key_verdict_ = judge_key();
  return {};
}

SegmentCursor::Verdict SegmentCursor::judge_key() {
  const ReadOptions& options = selection_.options();
  if (effective_ >= options.range.max) return Verdict::ended;
  if (effective_ < options.range.min) return Verdict::skipped;
  if (options.partition_key) {
    const int by_effective = effective_.compare(selection_.effective_key());
    const int by_key = by_effective != 0 ? by_effective : block_.partition_key(at_).compare(*options.partition_key);
    if (by_key != 0) return by_key < 0 ? Verdict::skipped : Verdict::ended;
  }
  return options.cut.positions.empty() || limit_ != nullptr ? Verdict::selected : Verdict::skipped;
}

SegmentCursor::Verdict SegmentCursor::judge() const {
  if (key_verdict_ != Verdict::selected) return key_verdict_;
  const ReadOptions& options = selection_.options();
  if (options.id) {
    const int by_id = block_.id(at_).compare(*options.id);
    if (by_id != 0) return by_id < 0 ? Verdict::skipped : Verdict::ended;
  }
  if (options.cut.time && block_.time(at_) > *options.cut.time) return Verdict::skipped;
  if (options.since && block_.time(at_) < *options.since) return Verdict::skipped;
  if (limit_ != nullptr && block_.position(at_) > *limit_) return Verdict::skipped;
  return Verdict::selected;
}

Status SegmentCursor::read(Version& out, bool body) {
  block_.read(at_, out);
  if (!body || !block_.has_body(at_)) return {};
  if (!bodies_loaded_) {
    content_.reserve(largest_bodies_);
    TRY(segment_->read_bodies(next_block_ - 1, content_, shared_.decompressor));
    if (auto loaded = bodies_.load(block_, content_); !loaded) return fail(segment_->damaged(loaded.error().message));
  }
  bodies_loaded_ = true;
  auto found = bodies_.body(at_);
  if (!found) return fail(segment_->damaged(found.error().message));
  out.body = *found;
  return {};
}

}  // namespace halley::repo
