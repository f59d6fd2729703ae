// The contents of commits, rollups and spans (docs/repository-format.md, lanes). Decoding never trusts: what is
// inconsistent is corrupt, and the caller names the object.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "repo/lane.h"

namespace halley::repo {

struct CommitRecord {
  LaneId lane;
  std::uint64_t seq = 0;
  std::string previous_hash;  // 32 bytes; zeros for the first
  Second committed_at;
  std::optional<LaneIdentity> identity;  // in the first commit only
  CommitDraft draft;
  std::vector<SegmentRef> segments;  // added; `commit` is not stored, it is `seq`
};

// A span: what the commits (from, to] added to the lists that only grow. Rollups name spans, so that they stay small.
struct Span {
  LaneId lane;
  std::uint64_t from = 0;
  std::uint64_t to = 0;
  std::vector<SegmentRef> segments;
  std::vector<SyncPoint> sync_points;
};

struct SpanRef {
  std::uint64_t to = 0;
  std::string sha256;
  friend bool operator==(const SpanRef&, const SpanRef&) = default;
};

// A lane's state at a commit: `spans`, and in `state.segments` and `state.sync_points` only what no span has.
struct RollupRecord {
  LaneState state;
  std::vector<SpanRef> spans;
};

std::string encode_commit(const CommitRecord& record);
Result<CommitRecord> decode_commit(std::string_view bytes);
std::string encode_span(const Span& span);
Result<Span> decode_span(std::string_view bytes);
std::string encode_rollup(const RollupRecord& record);
Result<RollupRecord> decode_rollup(std::string_view bytes);

}  // namespace halley::repo
