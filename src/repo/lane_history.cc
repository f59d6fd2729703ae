#include "repo/lane_history.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "codec/hash.h"
#include "repo/object_names.h"

namespace halley::repo {
namespace {

// A span is written once so many segments and sync points are in no span yet: a compromise between the size of
// rollups and the number of spans that opening a lane reads.
constexpr std::size_t kSpanItems = 1024;

Error damaged(const std::string& name, std::string_view why) {
  return {Code::corrupt, fmt::format("`{}` is damaged: {}", name, why)};
}

Result<std::string> inflate(const std::string& name, std::string_view content) {
  std::string record;
  codec::Decompressor decompressor;
  if (auto done = decompressor.decompress(content, kMaxRecord, record); !done)
    return fail(damaged(name, done.error().message));
  return record;
}

Result<std::string> read_record(store::ObjectStore& store, const KeyRing& keys, ObjectKind kind,
                                const std::string& name, std::string_view sha256) {
  auto bytes = store.get_all(name, kMaxLaneObject);
  if (!bytes && bytes.error().code == Code::not_found) return fail(Code::corrupt, "`" + name + "` is missing");
  if (!bytes) return fail(bytes.error());
  if (!sha256.empty() && codec::sha256(*bytes) != sha256) return fail(damaged(name, "it is not what its rollup names"));
  ASSIGN(const OpenedObject object, open_whole(keys, kind, name, *bytes));
  if (!object.plain.empty()) return fail(damaged(name, "it holds more than it should"));
  return inflate(name, object.content);
}

// Where the head of `lane` is in heads in the order of their lanes, or belongs.
template <typename Heads>
auto find_head(Heads& heads, std::string_view lane) {
  return std::lower_bound(heads.begin(), heads.end(), lane,
                          [](const LaneHead& head, std::string_view id) { return head.lane.compare(id) < 0; });
}

// The state in rollup `seq` and the spans it names.
Result<LaneHistory> expand_rollup(store::ObjectStore& store, const KeyRing& keys, const LaneId& lane,
                                  std::uint64_t seq) {
  ASSIGN(RollupRecord rollup, read_rollup(store, keys, lane, seq));
  LaneHistory history;
  history.state = std::move(rollup.state);
  std::vector<SegmentRef> segments;
  std::vector<SyncPoint> sync_points;
  for (const SpanRef& ref : rollup.spans) {
    ASSIGN(Span span, read_span(store, keys, lane, ref));
    std::move(span.segments.begin(), span.segments.end(), std::back_inserter(segments));
    std::move(span.sync_points.begin(), span.sync_points.end(), std::back_inserter(sync_points));
  }
  history.spanned_segments = segments.size();
  history.spanned_sync_points = sync_points.size();
  std::move(history.state.segments.begin(), history.state.segments.end(), std::back_inserter(segments));
  std::move(history.state.sync_points.begin(), history.state.sync_points.end(), std::back_inserter(sync_points));
  history.state.segments = std::move(segments);
  history.state.sync_points = std::move(sync_points);
  history.spans = std::move(rollup.spans);
  history.rollup_seq = seq;
  return history;
}

Result<LaneHistory> newest_rollup(store::ObjectStore& store, const KeyRing& keys, const LaneId& lane) {
  const std::string folder = rollup_folder(lane);
  std::vector<std::uint64_t> rollups;
  ASSIGN(const std::vector<std::string> names, store.list(folder, "", store::kNoLimit));
  for (const std::string& name : names) {
    if (const auto seq = seq_of(name, folder)) rollups.push_back(*seq);
  }
  for (; !rollups.empty(); rollups.pop_back()) {
    auto history = expand_rollup(store, keys, lane, rollups.back());
    if (history || !is_damage(history.error())) return history;
  }
  LaneHistory empty;
  empty.state.lane = lane;
  return empty;
}

// Adds the commits that come next, by name, until there is none.
Status follow(store::ObjectStore& store, const KeyRing& keys, LaneHistory& history) {
  LaneState& state = history.state;
  while (!history.damage) {
    const std::uint64_t seq = state.seq + 1;
    const auto bytes = store.get_all(commit_name(state.lane, seq), kMaxLaneObject);
    if (!bytes && bytes.error().code == Code::not_found) return {};
    auto commit = bytes ? open_commit(keys, state.lane, seq, *bytes) : Result<ReadCommit>(fail(bytes.error()));
    Status added =
        commit ? apply_commit(std::move(commit->record), codec::sha256(*bytes), state) : fail(commit.error());
    if (added) continue;
    if (!is_damage(added.error())) return added;
    history.damage = added.error();
  }
  return {};
}

// Looks for commits that stand behind a missing one. What can't be read there is a stray name and proves nothing; a
// whole commit does.
Status look_behind(store::ObjectStore& store, const KeyRing& keys, LaneHistory& history) {
  if (history.damage) return {};
  LaneState& state = history.state;
  const std::string folder = commit_folder(state.lane);
  ASSIGN(const auto names, store.list(folder, commit_name(state.lane, state.seq), store::kNoLimit));
  for (const std::string& name : names) {
    const auto seq = seq_of(name, folder);
    if (!seq || *seq <= state.seq) continue;
    const auto bytes = store.get_all(name, kMaxLaneObject);
    if (!bytes && !is_damage(bytes.error()) && bytes.error().code != Code::not_found) return fail(bytes.error());
    if (!bytes || !open_commit(keys, state.lane, *seq, *bytes)) continue;
    // A list is no snapshot: those before it may have come meanwhile.
    TRY(follow(store, keys, history));
    if (history.damage) return {};
    if (*seq <= state.seq) continue;
    history.damage = Error(Code::corrupt, fmt::format("`{}` is missing", commit_name(state.lane, state.seq + 1)));
    return {};
  }
  return {};
}

}  // namespace

const LaneHead* recorded_head(const std::vector<LaneHead>& heads, std::string_view lane) {
  const auto at = find_head(heads, lane);
  return at != heads.end() && at->lane == lane ? &*at : nullptr;
}

bool is_behind(const LaneState& lane, const LaneHead& recorded) {
  return lane.seq < recorded.seq || (lane.seq == recorded.seq && lane.head_hash != recorded.sha256);
}

Result<LaneHistory> read_lane_history(store::ObjectStore& store, const KeyRing& keys, const LaneId& lane) {
  TRY(check_lane_id(lane));
  ASSIGN(LaneHistory history, newest_rollup(store, keys, lane));
  TRY(follow(store, keys, history));
  TRY(look_behind(store, keys, history));
  if (history.state.seq == 0 && !history.damage) return fail(Code::not_found, "lane " + lane + " has no commit");
  return history;
}

Result<ReadCommit> open_commit(const KeyRing& keys, const LaneId& lane, std::uint64_t seq, std::string_view bytes) {
  const std::string name = commit_name(lane, seq);
  ASSIGN(const OpenedObject object, open_whole(keys, ObjectKind::commit, name, bytes));
  ASSIGN(const std::string content, inflate(name, object.content));
  auto record = decode_commit(content);
  if (!record) return fail(std::move(record.error()).in("reading `" + name + "`"));
  if (record->lane != lane || record->seq != seq) return fail(damaged(name, "it is another commit"));
  if (record->identity.has_value() != (seq == 1))
    return fail(damaged(name, "only a lane's first commit says what it is of"));
  std::size_t inside = 0;
  for (SegmentRef& segment : record->segments) {
    if (segment.commit != seq) return fail(damaged(name, "it names a segment of another commit"));
    if (!segment.inside_commit) continue;
    ++inside;
    if (segment.size != object.plain.size() || segment.sha256 != codec::sha256(object.plain)) {
      return fail(damaged(name, "the segment in it is not the one it names"));
    }
  }
  if (inside > 1 || (inside == 0 && !object.plain.empty())) return fail(damaged(name, "it holds more than it should"));
  return ReadCommit{std::move(*record), object.plain};
}

Status apply_commit(CommitRecord record, std::string hash, LaneState& state) {
  const std::string name = commit_name(record.lane, record.seq);
  const bool follows = record.seq == state.seq + 1 && (record.seq == 1 ? record.previous_hash == std::string(32, '\0')
                                                                       : record.previous_hash == state.head_hash);
  if (!follows) return fail(damaged(name, "it does not follow the commit before it"));
  if (record.identity) state.identity = std::move(*record.identity);
  state.lane = record.lane;
  state.seq = record.seq;
  state.head_hash = std::move(hash);
  state.committed_at = record.committed_at;
  state.mode = record.draft.mode;
  state.ranges = std::move(record.draft.ranges);
  state.exact = std::move(record.draft.exact);
  const auto append = [](auto& from, auto& to) { std::move(from.begin(), from.end(), std::back_inserter(to)); };
  append(record.draft.sync_points, state.sync_points);
  append(record.draft.events, state.events);
  append(record.segments, state.segments);
  for (LaneHead& head : record.draft.heads) {
    const auto at = find_head(state.heads, head.lane);
    if (at != state.heads.end() && at->lane == head.lane) {
      *at = std::move(head);
    } else {
      state.heads.insert(at, std::move(head));
    }
  }
  if (state.events.size() > kMaxEvents) {
    state.events.erase(state.events.begin(), state.events.end() - static_cast<std::ptrdiff_t>(kMaxEvents));
  }
  return {};
}

Result<RollupRecord> read_rollup(store::ObjectStore& store, const KeyRing& keys, const LaneId& lane,
                                 std::uint64_t seq) {
  const std::string name = rollup_name(lane, seq);
  ASSIGN(const std::string content, read_record(store, keys, ObjectKind::rollup, name, {}));
  auto rollup = decode_rollup(content);
  if (!rollup) return fail(std::move(rollup.error()).in("reading `" + name + "`"));
  if (rollup->state.lane != lane || rollup->state.seq != seq) return fail(damaged(name, "it is another rollup"));
  return rollup;
}

Result<Span> read_span(store::ObjectStore& store, const KeyRing& keys, const LaneId& lane, const SpanRef& ref) {
  const std::string name = span_name(lane, ref.to);
  ASSIGN(const std::string content, read_record(store, keys, ObjectKind::span, name, ref.sha256));
  auto span = decode_span(content);
  if (!span) return fail(std::move(span.error()).in("reading `" + name + "`"));
  if (span->lane != lane || span->to != ref.to) return fail(damaged(name, "it is another span"));
  return span;
}

Status write_rollup(Runtime& runtime, store::ObjectStore& store, const KeyRing& keys, LaneHistory& history) {
  const LaneState& state = history.state;
  LaneHistory next;  // everything but the state
  next.spans = history.spans;
  next.spanned_segments = history.spanned_segments;
  next.spanned_sync_points = history.spanned_sync_points;
  RollupRecord rollup;
  rollup.state = state;
  auto& segments = rollup.state.segments;
  auto& sync_points = rollup.state.sync_points;
  segments.erase(segments.begin(), segments.begin() + static_cast<std::ptrdiff_t>(history.spanned_segments));
  sync_points.erase(sync_points.begin(),
                    sync_points.begin() + static_cast<std::ptrdiff_t>(history.spanned_sync_points));
  if (segments.size() + sync_points.size() >= kSpanItems) {
    Span span{state.lane, history.spans.empty() ? 0 : history.spans.back().to, state.seq, std::move(segments),
              std::move(sync_points)};
    segments.clear();
    sync_points.clear();
    const std::string name = span_name(state.lane, state.seq);
    const std::string bytes = seal_record(runtime, keys, ObjectKind::span, name, {}, encode_span(span));
    TRY(store::put_settled(store, name, bytes));
    next.spans.push_back({state.seq, codec::sha256(bytes)});
    next.spanned_segments = state.segments.size();
    next.spanned_sync_points = state.sync_points.size();
  }
  rollup.spans = next.spans;
  const std::string name = rollup_name(state.lane, state.seq);
  TRY(store::put_settled(store, name, seal_record(runtime, keys, ObjectKind::rollup, name, {}, encode_rollup(rollup))));
  history.rollup_seq = state.seq;
  history.spans = std::move(next.spans);
  history.spanned_segments = next.spanned_segments;
  history.spanned_sync_points = next.spanned_sync_points;
  return {};
}

std::string seal_record(Runtime& runtime, const KeyRing& keys, ObjectKind kind, std::string_view name,
                        std::string_view plain, std::string_view record) {
  std::string compressed;
  codec::Compressor().compress(record, compressed);
  SealedWriter object(runtime, keys, kind, name);
  object.add_plain(plain);
  return object.finish(compressed);
}

}  // namespace halley::repo
