// The versions of several segments as one stream, in order (docs/repository-format.md, reading).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "repo/merge_run.h"
#include "repo/segment_cursor.h"

namespace halley::repo {

// The versions of several sources in order: by key, then newest first.
class Merge {
 public:
  // `newest_only`: of each key only the newest version.
  explicit Merge(bool newest_only) : newest_only_(newest_only) {}

  // Before the first next().
  Status add(std::unique_ptr<MergeSource> source);
  // The source that stands on the next version, until the next call; nullptr at the end.
  Result<MergeSource*> next();

 private:
  Result<bool> advance();
  void sink(std::size_t at);
  bool is_last_key(const MergeSource& source) const;

  const bool newest_only_;
  std::vector<std::unique_ptr<MergeSource>> heap_;  // once started, the least in front
  bool started_ = false;
  std::string last_key_, last_id_;
};

class MergedStream : public VersionStream {
 public:
  // What it reads with.
  struct Place {
    Runtime& runtime;
    store::ObjectStore& store;
    const KeyRing& keys;
    std::size_t held_bytes;  // RepositoryOptions::held_bytes
  };

  // `newest_only`: of each key only the newest version selected.
  static Result<std::unique_ptr<VersionStream>> open(const Place& place, const LaneState& lane,
                                                     const ReadOptions& options, bool newest_only);

  // What the stream would hold if nothing were in a temporary file.
  static Result<std::uint64_t> needed(const Place& place, const LaneState& lane, const ReadOptions& options);

  Result<bool> next(Version& out) override;

 private:
  using Sources = std::vector<std::unique_ptr<MergeSource>>;
  struct Limits {
    std::size_t count;
    std::uint64_t bytes;
  };

  MergedStream(Selection selection, bool newest_only)
      : selection_(std::move(selection)), newest_only_(newest_only), merge_(newest_only) {}

  std::vector<SegmentRef> selected(const LaneState& lane) const;
  Result<std::unique_ptr<SegmentCursor>> open_segment(const Place& place, const LaneState& lane, const SegmentRef& ref,
                                                      bool merging);
  Result<Sources> open_segments(const Place& place, const LaneState& lane);
  Status bound(const Place& place, Limits limits, Sources& sources);
  Status check_stop() const;
  Result<std::unique_ptr<MergeSource>> merged(const Place& place, Sources sources);

  const Selection selection_;
  const bool newest_only_;
  SegmentCursor::Shared shared_;
  std::shared_ptr<RunFile> runs_;
  Merge merge_;
};

}  // namespace halley::repo
