// A lane: the single-writer history of one container incarnation, or of the account's definitions. These are the
// values that commits carry and that folding the commits of a lane gives. docs/repository-format.md has them byte by
// byte.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cosmos/partition_key.h"
#include "repo/version.h"

namespace halley::repo {

using LaneId = std::string;  // file-name safe text

// The lane of the account's definitions.
inline constexpr std::string_view kAccountLane = "account";

// The lane of a container incarnation: derived, so that any agent finds the same one.
LaneId container_lane(std::string_view account_id, std::string_view database_rid, std::string_view container_rid,
                      std::string_view restore_instance);

enum class CaptureMode : std::uint8_t { definitions, all_versions, latest };

// What a lane is of. Fixed by its first commit; another identity under the same lane is refused.
struct LaneIdentity {
  std::string account_id;
  std::string database;  // names; empty for the account lane
  std::string container;
  std::string database_rid;
  std::string container_rid;
  std::string restore_instance;
  std::optional<cosmos::PartitionKeyDefinition> key;  // nothing for the account lane: sorted by key text alone
  friend bool operator==(const LaneIdentity&, const LaneIdentity&) = default;
};

// Where capture stands in one hash interval. The intervals of a lane tile the whole hash space once capture has begun.
struct RangeState {
  cosmos::HashRange range;
  std::string range_id;  // the physical range it was last read from, in whose log `lsn` is; empty: none yet
  std::uint32_t epoch = 0;
  std::string feed;  // continuation of the feed that is followed (all-versions, or latest); empty = from the start
  std::string base;  // all-versions: continuation of the base read; empty = from the start
  bool base_done = false;
  std::uint64_t cursor_lsn = 0;    // all-versions: where `feed` began; base items beyond it come through the feed
  std::uint64_t base_end_lsn = 0;  // all-versions: position of the base's 304
  // all-versions: the Date of the base's 304, raised to the newest version up to it. latest: what the newest
  // complete listing of the documents holds lived then.
  Second base_end_time;
  std::uint64_t lsn = 0;  // newest position captured from `feed`
  Second newest;          // running maximum of version times
  Second until;           // captured up to here, exclusive; 0 = nothing yet
  Second last_304;        // Date of the newest 304
  friend bool operator==(const RangeState&, const RangeState&) = default;
};

// Every second in [from, until) is restorable for this hash interval.
struct ExactInterval {
  cosmos::HashRange range;
  Second from;
  Second until;
  friend bool operator==(const ExactInterval&, const ExactInterval&) = default;
};

struct RangePosition {
  cosmos::HashRange range;
  Position position;
  friend bool operator==(const RangePosition&, const RangePosition&) = default;
};

// A restorable moment of a container captured in latest-version mode. `cut` is where every range stood once the moment
// was past: the state at the moment is the newest version of each key inside the cut that is not later than `at`. What
// is inside and later names the documents that were written around the moment (docs/guarantees.md, sync points).
struct SyncPoint {
  Second at;
  std::vector<RangePosition> cut;
  friend bool operator==(const SyncPoint&, const SyncPoint&) = default;
};

// Something the owner should know of: a late change, a gap, a re-base.
struct Event {
  Second at;
  std::string kind;  // late_change, gap, rebase, clock_step, ...
  std::string text;
  friend bool operator==(const Event&, const Event&) = default;
};

// Where a lane stood when the account's lane was last written: what is behind it was lost.
struct LaneHead {
  LaneId lane;
  std::string database;
  std::string container;
  std::uint64_t seq = 0;
  std::string sha256;  // of the commit's object
  friend bool operator==(const LaneHead&, const LaneHead&) = default;
};

// A segment as a commit names it.
struct SegmentRef {
  std::string id;              // 32 hex digits
  bool inside_commit = false;  // rides in the object of its commit
  std::uint64_t commit = 0;    // sequence number of the commit that added it
  std::string sha256;          // of the segment's bytes
  std::uint64_t size = 0;      // of the segment, sealed
  std::uint64_t versions = 0;
  std::uint64_t upserts = 0;
  std::uint64_t body_bytes = 0;  // uncompressed
  Second oldest, newest;         // Version::time
  Position first, last;
  friend bool operator==(const SegmentRef&, const SegmentRef&) = default;
};

// What folding commits gives.
struct LaneState {
  LaneId lane;
  LaneIdentity identity;
  CaptureMode mode = CaptureMode::all_versions;
  std::uint64_t seq = 0;  // of the head; 0 = no commit yet
  std::string head_hash;  // SHA-256 of the head's object bytes
  Second committed_at;    // the agent's wall clock at the head
  std::vector<RangeState> ranges;
  std::vector<ExactInterval> exact;
  std::vector<SyncPoint> sync_points;
  std::vector<Event> events;    // the newest kMaxEvents
  std::vector<LaneHead> heads;  // of the account lane: one for each lane, by lane id
  std::vector<SegmentRef> segments;
  // Of a lane that was read: why it ends here, when commits behind are lost or damaged. In no object.
  std::string damage = {};
  friend bool operator==(const LaneState&, const LaneState&) = default;
};
inline constexpr std::size_t kMaxEvents = 1000;

// One step of a lane. What is set replaces the state's member; added things are appended.
struct CommitDraft {
  CaptureMode mode = CaptureMode::all_versions;
  std::vector<RangeState> ranges;      // the whole new set
  std::vector<ExactInterval> exact;    // the whole new set
  std::vector<SyncPoint> sync_points;  // added
  std::vector<Event> events;           // added
  std::vector<LaneHead> heads;         // of the account lane: replace those of the same lanes
};

// The head of a lane among those that the account lane has; nullptr = none.
const LaneHead* recorded_head(const std::vector<LaneHead>& heads, std::string_view lane);

// Whether a lane has lost commits that the account lane tells of.
bool is_behind(const LaneState& lane, const LaneHead& recorded);

}  // namespace halley::repo
