#include "repo/merged_stream.h"

#include <algorithm>

namespace halley::repo {
namespace {

// Whether `a` comes before `b`: by key, then newest first; of equal positions the later commit is the newer.
bool before(const SegmentCursor& a, const SegmentCursor& b) {
  if (const int order = a.effective_key().compare(b.effective_key()); order != 0) return order < 0;
  if (const int order = a.partition_key().compare(b.partition_key()); order != 0) return order < 0;
  if (const int order = a.id().compare(b.id()); order != 0) return order < 0;
  if (a.position() != b.position()) return a.position() > b.position();
  return a.commit() > b.commit();
}

}  // namespace

Result<std::unique_ptr<VersionStream>> MergedStream::open(store::ObjectStore& store, const KeyRing& keys,
                                                          const LaneState& lane, const ReadOptions& options,
                                                          bool newest_only) {
  ASSIGN(Selection selection, Selection::make(options, lane.identity.key));
  std::unique_ptr<MergedStream> stream(new MergedStream(std::move(selection), newest_only));
  std::vector<std::unique_ptr<SegmentReader>> segments;
  for (const SegmentRef& ref : lane.segments) {
    if (!stream->selection_.may_select(ref)) continue;
    ASSIGN(auto segment, SegmentReader::open(store, keys, lane.lane, ref));
    if (segment->footer().key.has_value() != lane.identity.key.has_value()) {
      return fail(segment->damaged("its keys are of another kind than its lane's"));
    }
    if (options.id) {
      ASSIGN(const bool there, segment->may_contain(filter_hash(*options.partition_key, *options.id)));
      if (!there) continue;
    }
    segments.push_back(std::move(segment));
  }
  const bool merging = segments.size() > 1;
  for (auto& segment : segments) {
    auto cursor =
        std::make_unique<SegmentCursor>(std::move(segment), stream->selection_, stream->decompressor_, merging);
    ASSIGN(const bool any, cursor->next());
    if (any) stream->heap_.push_back(std::move(cursor));
  }
  for (std::size_t i = stream->heap_.size(); i-- > 0;) stream->sink(i);
  return stream;
}

Result<bool> MergedStream::next(Version& out) {
  if (started_) {
    ASSIGN(const bool more, advance());
    if (!more) return false;
  }
  started_ = true;
  if (heap_.empty()) return false;
  SegmentCursor& cursor = *heap_.front();
  if (newest_only_) {
    last_key_ = cursor.partition_key();
    last_id_ = cursor.id();
  }
  TRY(cursor.read(out, selection_.options().bodies));
  return true;
}

// Leaves the version that was given last, and with newest_only_ all older ones of its key. False at the end.
Result<bool> MergedStream::advance() {
  while (!heap_.empty()) {
    ASSIGN(const bool more, heap_.front()->next());
    if (!more) {
      std::swap(heap_.front(), heap_.back());
      heap_.pop_back();
    }
    if (!heap_.empty()) sink(0);
    if (!newest_only_ || heap_.empty() || !is_last_key(*heap_.front())) break;
  }
  return !heap_.empty();
}

bool MergedStream::is_last_key(const SegmentCursor& cursor) const {
  return cursor.id() == last_id_ && cursor.partition_key() == last_key_;
}

void MergedStream::sink(std::size_t at) {
  for (;;) {
    const std::size_t left = 2 * at + 1;
    if (left >= heap_.size()) return;
    std::size_t least = left;
    if (left + 1 < heap_.size() && before(*heap_[left + 1], *heap_[left])) least = left + 1;
    if (!before(*heap_[least], *heap_[at])) return;
    std::swap(heap_[at], heap_[least]);
    at = least;
  }
}

}  // namespace halley::repo
