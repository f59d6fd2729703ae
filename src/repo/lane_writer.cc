#include <algorithm>

#include "base/check.h"
#include "codec/hash.h"
#include "repo/object_names.h"
#include "repo/repository_state.h"

namespace halley::repo {

namespace {

// The size of the next segment's blocks: of the segments that are larger than the least block, the n-th of a lane gets
// its share of what a merge may hold.
std::size_t block_bytes(const LaneState& lane, const RepositoryOptions& options) {
  const std::size_t least = options.block_bytes / 32;
  const auto larger =
      static_cast<std::size_t>(std::count_if(lane.segments.begin(), lane.segments.end(),
                                             [&](const SegmentRef& segment) { return segment.body_bytes > least; }));
  return std::clamp(options.merge_bytes / (larger + 1), least, options.block_bytes);
}

// Why a commit could not be put: another writer may have taken its number.
Error not_put(Error error, const std::string& name) {
  if (error.code != Code::already_exists) return error;
  return {Code::already_exists, "another backup to this repository came first (`" + name + "`)",
          "nothing is lost: run backup again when the other has ended"};
}

}  // namespace

LaneWriter::LaneWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
LaneWriter::~LaneWriter() = default;

const LaneState& LaneWriter::state() const { return state_->history.state; }

Result<CommitResult> LaneWriter::commit(const CommitDraft& draft, VersionBatch& batch) {
  Repository::State& repository = state_->repository;
  LaneState& lane = state_->history.state;
  CommitRecord record;
  record.lane = lane.lane;
  record.seq = lane.seq + 1;
  record.previous_hash = lane.seq == 0 ? std::string(32, '\0') : lane.head_hash;
  record.committed_at = repository.runtime.wall_second();
  if (record.seq == 1) record.identity = lane.identity;
  record.draft = draft;

  CommitResult result{record.seq, 0};
  std::string inside;
  if (!batch.empty()) {
    ASSIGN(PackedSegment packed, state_->segments.pack(batch.versions(), block_bytes(lane, repository.options)));
    packed.ref.commit = record.seq;
    packed.ref.inside_commit = packed.bytes.size() <= repository.options.inline_bytes;
    if (packed.ref.inside_commit) {
      inside = std::move(packed.bytes);
    } else {
      TRY(store::put_settled(*repository.store, segment_name(packed.ref.id), packed.bytes));
      result.bytes_stored += packed.bytes.size();
    }
    record.segments.push_back(std::move(packed.ref));
  }

  const std::string name = commit_name(record.lane, record.seq);
  const std::string bytes =
      seal_record(repository.runtime, repository.keys, ObjectKind::commit, name, inside, encode_commit(record));
  if (Status put = store::put_settled(*repository.store, name, bytes); !put) return fail(not_put(put.error(), name));
  result.bytes_stored += bytes.size();
  CHECK(apply_commit(std::move(record), codec::sha256(bytes), lane));
  batch.clear();

  if (lane.seq - state_->history.rollup_seq >= repository.options.rollup_every) {
    // A rollup only makes opening quicker, and the commit stands without it: what fails here is tried again at the
    // next one.
    const Status written = write_rollup(repository.runtime, *repository.store, repository.keys, state_->history);
    (void)written;
  }
  return result;
}

}  // namespace halley::repo
