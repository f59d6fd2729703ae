// Walks the versions of one segment that a question selects, in order. At most one block is held decoded, and its
// bodies only once one of them is asked for.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "repo/block_bodies.h"
#include "repo/key_order.h"
#include "repo/merge_source.h"
#include "repo/repository.h"
#include "repo/segment_reader.h"

namespace halley::repo {

// A question, prepared once for all segments.
class Selection {
 public:
  // Fails with invalid_argument for a partition key that is none of the lane's.
  static Result<Selection> make(const ReadOptions& options, const KeyDefinition& definition);

  const ReadOptions& options() const { return options_; }
  // Of options().partition_key.
  const std::string& effective_key() const { return effective_key_; }
  // Whether versions must be told apart by their effective key.
  bool by_hash() const;
  // False when no version of such a segment can be selected.
  bool may_select(const SegmentRef& segment) const;

 private:
  ReadOptions options_;
  std::string effective_key_;
  std::optional<Position> last_;  // the greatest position of the cut
};

class SegmentCursor : public MergeSource {
 public:
  // `with_effective`: compute effective keys even where the selection does not need them, for merging.
  SegmentCursor(std::unique_ptr<SegmentReader> segment, const Selection& selection, codec::Decompressor& decompressor,
                bool with_effective);

  // Goes to the first or next version selected.
  Result<bool> next() override;
  Status read(Version& out, bool body) override;
  std::uint64_t held() const override;
  std::uint64_t volume() const override;

 private:
  enum class Verdict { selected, skipped, ended };

  Result<std::size_t> first_block();
  Result<bool> load_block();
  Result<bool> find();
  std::uint64_t size_of(const BlockEntry& block) const;
  Status enter_key();
  Verdict judge_key();
  Verdict judge() const;

  std::unique_ptr<SegmentReader> segment_;
  const Selection& selection_;
  codec::Decompressor& decompressor_;
  EffectiveKeys effective_keys_;
  const bool with_effective_;
  BlockDecoder block_;
  std::string content_;  // of the block's bodies
  BlockBodies bodies_;
  bool bodies_loaded_ = false;
  bool started_ = false;
  std::size_t next_block_ = 0;
  std::size_t at_ = 0;  // in the block
  std::string effective_;
  const Position* limit_ =
      nullptr;  // the cut's position for the current key; nullptr: none, or the cut has no positions
  Verdict key_verdict_ = Verdict::selected;
};

}  // namespace halley::repo
