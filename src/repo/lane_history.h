// A lane as its objects tell it: rollup, spans, commits (docs/repository-format.md, lanes).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/compress.h"
#include "repo/key_ring.h"
#include "repo/lane_codec.h"
#include "repo/sealed_object.h"
#include "runtime/runtime.h"
#include "store/object_store.h"

namespace halley::repo {

// A commit, rollup or span holds no larger record than this, before compression, and is no larger than that.
inline constexpr std::size_t kMaxRecord = std::size_t{256} << 20;
inline constexpr std::uint64_t kMaxLaneObject = kMaxRecord + (std::uint64_t{16} << 20);

// A lane's state, and how much of it rollups and spans already hold.
struct LaneHistory {
  LaneState state;
  std::optional<Error> damage;   // why nothing behind the state can be told; nothing: the state is the head
  std::uint64_t rollup_seq = 0;  // of the newest rollup known; 0 = none
  std::vector<SpanRef> spans;
  std::size_t spanned_segments = 0;  // the first so many of state.segments are in spans
  std::size_t spanned_sync_points = 0;
};

// The state at the head, or before the first commit that is lost or damaged: then `damage` says so, and the state may
// be that of no commit. A damaged rollup is passed over for an older one, or for the commits themselves; check()
// reports it. not_found when the lane has no commit.
Result<LaneHistory> read_lane_history(store::ObjectStore& store, const KeyRing& keys, const LaneId& lane);

// The commit in an object's bytes; corrupt naming it unless it is whole and commit `seq` of `lane`. `segment`: the
// bytes of the segment that rides in it, checked against the hash the commit has.
struct ReadCommit {
  CommitRecord record;
  std::string_view segment;
};
Result<ReadCommit> open_commit(const KeyRing& keys, const LaneId& lane, std::uint64_t seq, std::string_view bytes);

// Adds a commit to a state. `hash`: of the commit's object. corrupt unless it continues the chain.
Status apply_commit(CommitRecord record, std::string hash, LaneState& state);

Result<RollupRecord> read_rollup(store::ObjectStore& store, const KeyRing& keys, const LaneId& lane, std::uint64_t seq);
Result<Span> read_span(store::ObjectStore& store, const KeyRing& keys, const LaneId& lane, const SpanRef& ref);

// Writes the rollup of `history` at its head, a span first when enough has gathered. What fails leaves `history` as
// it was.
Status write_rollup(Runtime& runtime, store::ObjectStore& store, const KeyRing& keys, LaneHistory& history);

// A sealed object of one compressed frame.
std::string seal_record(Runtime& runtime, const KeyRing& keys, ObjectKind kind, std::string_view name,
                        std::string_view plain, std::string_view record);

}  // namespace halley::repo
