#include "repo/merged_stream.h"

#include <algorithm>
#include <iterator>

namespace halley::repo {
namespace {

constexpr std::size_t kManySegments = 256;  // more do not keep the bytes of small ones
constexpr std::size_t kMostSources = 1024;  // open at once
constexpr std::size_t kFewSources = 64;     // are open at once, however little memory there is

// Whether `a` comes before `b`: by key, then newest first; of equal positions the later commit is the newer.
bool before(const MergeSource& a, const MergeSource& b) {
  if (const int order = a.effective_key().compare(b.effective_key()); order != 0) return order < 0;
  if (const int order = a.partition_key().compare(b.partition_key()); order != 0) return order < 0;
  if (const int order = a.id().compare(b.id()); order != 0) return order < 0;
  if (a.position() != b.position()) return a.position() > b.position();
  return a.commit() > b.commit();
}

// Whether merging `a` into a run saves more memory for what it writes than merging `b` does.
bool better_merged(const std::unique_ptr<MergeSource>& a, const std::unique_ptr<MergeSource>& b) {
  const std::uint64_t often_a = a->volume() / a->held();
  const std::uint64_t often_b = b->volume() / b->held();
  return often_a != often_b ? often_a < often_b : a->held() > b->held();
}

std::uint64_t sum_of(const std::vector<std::unique_ptr<MergeSource>>& sources,
                     std::uint64_t (MergeSource::*bytes)() const) {
  std::uint64_t sum = 0;
  for (const auto& source : sources) sum += (*source.*bytes)();
  return sum;
}

}  // namespace

Status Merge::add(std::unique_ptr<MergeSource> source) {
  ASSIGN(const bool any, source->next());
  if (any) heap_.push_back(std::move(source));
  return {};
}

Result<MergeSource*> Merge::next() {
  if (started_) {
    ASSIGN(const bool more, advance());
    if (!more) return nullptr;
  } else {
    for (std::size_t i = heap_.size(); i-- > 0;) sink(i);
  }
  started_ = true;
  if (heap_.empty()) return nullptr;
  MergeSource& first = *heap_.front();
  if (newest_only_) {
    last_key_ = first.partition_key();
    last_id_ = first.id();
  }
  return &first;
}

// Leaves the version that was given last, and with newest_only_ all older ones of its key. False at the end.
Result<bool> Merge::advance() {
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

bool Merge::is_last_key(const MergeSource& source) const {
  return source.id() == last_id_ && source.partition_key() == last_key_;
}

void Merge::sink(std::size_t at) {
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

Result<std::unique_ptr<VersionStream>> MergedStream::open(const Place& place, const LaneState& lane,
                                                          const ReadOptions& options, bool newest_only) {
  ASSIGN(Selection selection, Selection::make(options, lane.identity.key));
  std::unique_ptr<MergedStream> stream(new MergedStream(std::move(selection), newest_only));
  Place share = place;
  share.held_bytes /= std::max<std::size_t>(options.streams, 1);
  ASSIGN(Sources sources, stream->open_segments(share, lane));
  for (auto& source : sources) TRY(stream->merge_.add(std::move(source)));
  return stream;
}

Result<std::uint64_t> MergedStream::needed(const Place& place, const LaneState& lane, const ReadOptions& options) {
  ASSIGN(Selection selection, Selection::make(options, lane.identity.key));
  MergedStream stream(std::move(selection), true);
  std::uint64_t sum = 0;
  for (const SegmentRef& ref : stream.selected(lane)) {
    ASSIGN(const auto cursor, stream.open_segment(place, lane, ref, true));
    if (cursor == nullptr) continue;
    TRY(cursor->measure());
    sum += cursor->held();
  }
  return sum;
}

Status MergedStream::check_stop() const {
  return selection_.options().stop.stop_requested() ? fail(Code::cancelled, "interrupted") : Status();
}

std::vector<SegmentRef> MergedStream::selected(const LaneState& lane) const {
  std::vector<SegmentRef> selected;
  std::copy_if(lane.segments.begin(), lane.segments.end(), std::back_inserter(selected),
               [&](const SegmentRef& ref) { return selection_.may_select(ref); });
  return selected;
}

// Null where the document that is asked for is not in it.
Result<std::unique_ptr<SegmentCursor>> MergedStream::open_segment(const Place& place, const LaneState& lane,
                                                                  const SegmentRef& ref, bool merging) {
  TRY(check_stop());
  const ReadOptions& options = selection_.options();
  ASSIGN(auto segment, SegmentReader::open(place.store, place.keys, lane.lane, ref));
  if (segment->footer().key.has_value() != lane.identity.key.has_value()) {
    return fail(segment->damaged("its keys are of another kind than its lane's"));
  }
  if (options.id) {
    ASSIGN(const bool there, segment->may_contain(filter_hash(*options.partition_key, *options.id)));
    if (!there) return nullptr;
  }
  return std::make_unique<SegmentCursor>(std::move(segment), selection_, shared_, merging);
}

Result<MergedStream::Sources> MergedStream::open_segments(const Place& place, const LaneState& lane) {
  const std::vector<SegmentRef> refs = selected(lane);
  Sources sources;
  std::uint64_t kept = 0;
  for (const SegmentRef& ref : refs) {
    const bool merging = refs.size() > 1;
    ASSIGN(auto cursor, open_segment(place, lane, ref, merging));
    if (cursor == nullptr) continue;
    if (merging) TRY(cursor->measure());
    if (refs.size() > kManySegments) cursor->let_go();
    kept += cursor->kept();
    sources.push_back(std::move(cursor));
    const bool too_much = kept > place.held_bytes / 2 && sources.size() >= kFewSources;
    if (!too_much && sources.size() < kMostSources) continue;
    TRY(bound(place, {kMostSources / 2, place.held_bytes / 2}, sources));
    kept = sum_of(sources, &MergeSource::kept);
  }
  TRY(bound(place, {kMostSources, place.held_bytes}, sources));
  return sources;
}

// Merges some of the sources into runs, no more of them than it takes, until they are at most so many and the memory of
// all that are left is bounded.
Status MergedStream::bound(const Place& place, Limits limits, Sources& sources) {
  std::uint64_t held = sum_of(sources, &MergeSource::held);
  const auto too_much = [&](std::uint64_t bytes, std::size_t count) {
    return count > 1 && (bytes > limits.bytes || count > limits.count);
  };
  if (!too_much(held, sources.size())) return {};
  std::sort(sources.begin(), sources.end(), better_merged);
  while (too_much(held, sources.size())) {
    // What is left for those that are merged, beside what all keep.
    const std::uint64_t room =
        place.held_bytes - std::min<std::uint64_t>(place.held_bytes, sum_of(sources, &MergeSource::kept));
    Sources some;
    std::uint64_t of_some = 0;
    std::size_t taken = 0;
    for (; taken < sources.size(); ++taken) {
      const bool fits = of_some + sources[taken]->held() <= room;
      if (taken >= 2 && !(fits && too_much(held - of_some + MergeRun::kUsuallyHeld, sources.size() - taken + 1))) break;
      of_some += sources[taken]->held();
      some.push_back(std::move(sources[taken]));
    }
    sources.erase(sources.begin(), sources.begin() + static_cast<std::ptrdiff_t>(taken));
    ASSIGN(std::unique_ptr<MergeSource> run, merged(place, std::move(some)));
    held = held - of_some + run->held();
    const auto behind = std::upper_bound(sources.begin(), sources.end(), run, better_merged);
    sources.insert(behind, std::move(run));
  }
  return {};
}

Result<std::unique_ptr<MergeSource>> MergedStream::merged(const Place& place, Sources sources) {
  if (runs_ == nullptr) {
    ASSIGN(runs_, RunFile::create(place.runtime));
  }
  Merge merge(newest_only_);
  for (auto& source : sources) TRY(merge.add(std::move(source)));
  RunWriter writer(runs_);
  for (Version version;;) {
    TRY(check_stop());
    ASSIGN(MergeSource* const source, merge.next());
    if (source == nullptr) return writer.finish();
    TRY(source->read(version, selection_.options().bodies));
    TRY(writer.add(*source, version));
  }
}

Result<bool> MergedStream::next(Version& out) {
  ASSIGN(MergeSource* const source, merge_.next());
  if (source == nullptr) return false;
  TRY(source->read(out, selection_.options().bodies));
  return true;
}

}  // namespace halley::repo
