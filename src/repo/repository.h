// An encrypted, write-once repository over an object store (docs/repository-format.md).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "codec/seal.h"
#include "repo/lane.h"
#include "repo/version_batch.h"
#include "runtime/runtime.h"
#include "store/object_store.h"

namespace halley::repo {

struct RepositoryOptions {
  int compression_level = 3;
  // Bodies per block. A lane that has many segments gets smaller blocks, so that a reader that merges them all, with
  // a block of each in memory, stays near merge_bytes; never smaller than a thirty-second of it.
  std::size_t block_bytes = 2 << 20;
  std::size_t merge_bytes = 48 << 20;
  // What a reader holds of segments: their footers, and a block of each with its columns. Where that would be more, it
  // first merges some of the segments into a temporary file.
  std::size_t held_bytes = 96 << 20;
  std::size_t inline_bytes = 256 * 1024;  // a segment up to this rides in its commit
  std::uint64_t rollup_every = 256;       // commits between rollups
  codec::ScryptCost password_cost;        // of a repository that is created; tests make it cheap
};

// Versions in (effective partition key, partition key, id, newest first) order. Views are valid until the next call.
// A stream does not outlive its repository, nor does a LaneWriter.
class VersionStream {
 public:
  virtual ~VersionStream() = default;
  // False at the end. Fails with corrupt naming the object.
  virtual Result<bool> next(Version& out) = 0;
};

// The newest version of each key inside a cut.
struct Cut {
  std::optional<Second> time;            // only versions with Version::time <= time
  std::vector<RangePosition> positions;  // only versions at or before the position of their hash interval; empty = all
  std::optional<std::uint64_t> commit = {};  // only versions of this commit of the lane and those before it
};

struct ReadOptions {
  Cut cut;
  std::optional<Second> since;               // only versions with Version::time >= since; what is older is not read
  cosmos::HashRange range;                   // only keys in it
  std::optional<std::string> partition_key;  // only this canonical key
  std::optional<std::string> id;  // with partition_key: only this document (filters and block index are used)
  bool bodies = true;             // false: Version::body stays empty and no body is inflated
  std::size_t streams = 1;        // that are read at once: each may hold so small a part of held_bytes
  std::stop_token stop;           // looked at while a stream is opened; then it fails with cancelled
};

class LaneWriter;

class Repository {
 public:
  // Makes a repository: halley.json and the first key. already_exists when there is one.
  static Result<std::unique_ptr<Repository>> create(Runtime& runtime, std::unique_ptr<store::ObjectStore> store,
                                                    std::string_view password, RepositoryOptions options = {});
  // no_repository, wrong_password, corrupt (halley.json or key file damaged) or unsupported (format version).
  static Result<std::unique_ptr<Repository>> open(Runtime& runtime, std::unique_ptr<store::ObjectStore> store,
                                                  std::string_view password, RepositoryOptions options = {});
  ~Repository();

  const std::string& id() const;  // 32 hex digits
  store::ObjectStore& store();

  // Lanes that may have a commit, by listing.
  Result<std::vector<LaneId>> lanes();
  // Folds a lane from its newest rollup, up to the first commit that is lost or damaged: then the state's `damage`
  // tells it. not_found when it has no commit, corrupt or unsupported when none of them can be read.
  Result<LaneState> read_lane(const LaneId& lane);

  // The writer of a lane, at its head; a lane without commits begins with `identity`. precondition when the lane is of
  // another identity; corrupt or unsupported, with what to do, when a commit is lost or damaged: nothing is written
  // over it, nor past it.
  Result<std::unique_ptr<LaneWriter>> open_writer(const LaneId& lane, const LaneIdentity& identity);

  // All versions inside the options' cut, or only the newest of each key (removed and expired ones included: the
  // caller looks at the operation). Memory is bounded by held_bytes, whatever the number, the size and the
  // content of the segments, where it holds what two of them need. no_space or io when a temporary file is needed
  // ($TMPDIR, else /var/tmp) and can't be written.
  Result<std::unique_ptr<VersionStream>> versions(const LaneState& lane, const ReadOptions& options);
  Result<std::unique_ptr<VersionStream>> snapshot(const LaneState& lane, const ReadOptions& options);
  // How many streams of parts of what `options` selects can be read at once without a temporary file; at least one.
  Result<std::size_t> streams_at_once(const LaneState& lane, const ReadOptions& options);

 private:
  friend class LaneWriter;
  friend Result<struct CheckReport> check(Repository& repository, const struct CheckOptions& options);
  struct State;
  explicit Repository(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

struct CommitResult {
  std::uint64_t seq = 0;
  std::uint64_t bytes_stored = 0;  // objects written, commit included
};

class LaneWriter {
 public:
  ~LaneWriter();
  const LaneState& state() const;

  // Sorts, packs and seals `batch` (may be empty) as one segment, makes it durable, then makes it and the draft
  // visible by one conditional put. On success the state is the new head and the batch is empty. already_exists when
  // another writer has taken the sequence number: nothing became visible; open a writer again and capture again. On
  // any other error nothing of the draft is visible, or (an ambiguous put that could not be read back) the same
  // commit() may be found done by opening the writer again.
  Result<CommitResult> commit(const CommitDraft& draft, VersionBatch& batch);

 private:
  friend class Repository;
  struct State;
  explicit LaneWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Versions of these digests summed: equal sets of (partition key, id, body) have equal sums, whatever their order.
struct SetDigest {
  std::uint64_t low = 0, high = 0;
  std::uint64_t count = 0;
  void add(std::string_view partition_key, std::string_view id, std::uint64_t body_digest);
  void add(const SetDigest& other);
  friend bool operator==(const SetDigest&, const SetDigest&) = default;
  std::string text() const;  // 32 hex digits
};

}  // namespace halley::repo
