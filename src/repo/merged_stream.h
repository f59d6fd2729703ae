// The versions of several segments as one stream, in order (docs/repository-format.md, reading).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "repo/segment_cursor.h"

namespace halley::repo {

class MergedStream : public VersionStream {
 public:
  // `newest_only`: of each key only the newest version selected.
  static Result<std::unique_ptr<VersionStream>> open(store::ObjectStore& store, const KeyRing& keys,
                                                     const LaneState& lane, const ReadOptions& options,
                                                     bool newest_only);

  Result<bool> next(Version& out) override;

 private:
  MergedStream(Selection selection, bool newest_only) : selection_(std::move(selection)), newest_only_(newest_only) {}

  Result<bool> advance();
  void sink(std::size_t at);
  bool is_last_key(const SegmentCursor& cursor) const;

  const Selection selection_;
  const bool newest_only_;
  codec::Decompressor decompressor_;
  std::vector<std::unique_ptr<SegmentCursor>> heap_;  // the least in front
  bool started_ = false;
  std::string last_key_, last_id_;
};

}  // namespace halley::repo
