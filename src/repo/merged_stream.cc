#include "repo/merged_stream.h"

#include <algorithm>
#include <iterator>
#include <numeric>

namespace halley::repo {
namespace {

constexpr std::size_t kManySegments = 256;  // more do not keep the bytes of small ones
constexpr std::size_t kMostSources = 1024;  // open at once

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
  ASSIGN(Sources sources, stream->open_segments(place, lane));
  for (auto& source : sources) TRY(stream->merge_.add(std::move(source)));
  return stream;
}

Result<MergedStream::Sources> MergedStream::open_segments(const Place& place, const LaneState& lane) {
  const ReadOptions& options = selection_.options();
  std::vector<SegmentRef> selected;
  std::copy_if(lane.segments.begin(), lane.segments.end(), std::back_inserter(selected),
               [&](const SegmentRef& ref) { return selection_.may_select(ref); });
  Sources sources;
  for (const SegmentRef& ref : selected) {
    ASSIGN(auto segment, SegmentReader::open(place.store, place.keys, lane.lane, ref));
    if (segment->footer().key.has_value() != lane.identity.key.has_value()) {
      return fail(segment->damaged("its keys are of another kind than its lane's"));
    }
    if (options.id) {
      ASSIGN(const bool there, segment->may_contain(filter_hash(*options.partition_key, *options.id)));
      if (!there) continue;
    }
    if (selected.size() > kManySegments) segment->let_go();
    const bool merging = selected.size() > 1;
    sources.push_back(std::make_unique<SegmentCursor>(std::move(segment), selection_, decompressor_, merging));
    if (sources.size() == kMostSources) TRY(bound(place, kMostSources / 2, sources));
  }
  TRY(bound(place, kMostSources, sources));
  return sources;
}

// Merges some of the sources into runs, no more of them than it takes, until they are at most so many and the memory of
// all that are left is bounded.
Status MergedStream::bound(const Place& place, std::size_t most, Sources& sources) {
  const auto add_held = [](std::uint64_t sum, const auto& source) { return sum + source->held(); };
  std::uint64_t held = std::accumulate(sources.begin(), sources.end(), std::uint64_t{0}, add_held);
  const auto too_much = [&](std::uint64_t bytes, std::size_t count) {
    return count > 1 && (bytes > place.held_bytes || count > most);
  };
  if (!too_much(held, sources.size())) return {};
  std::sort(sources.begin(), sources.end(), better_merged);
  while (too_much(held, sources.size())) {
    Sources some;
    std::uint64_t of_some = 0;
    std::size_t taken = 0;
    for (; taken < sources.size(); ++taken) {
      const bool fits = of_some + sources[taken]->held() <= place.held_bytes;
      if (taken >= 2 && !(fits && too_much(held - of_some, sources.size() - taken + 1))) break;
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
