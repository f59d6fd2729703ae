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
  // Whether only a part of all keys is selected.
  bool is_of_a_part() const;
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
  // What the cursors of one stream share; the body that any of them gave last is valid.
  struct Shared {
    codec::Decompressor decompressor;
    std::shared_ptr<BodyRoom> room = std::make_shared<BodyRoom>();
  };

  // `with_effective`: compute effective keys even where the selection does not need them, for merging.
  SegmentCursor(std::unique_ptr<SegmentReader> segment, const Selection& selection, Shared& shared,
                bool with_effective);

  // Looks how large the blocks are that may be read, which held() and volume() then tell. Before the first next().
  Status measure();
  // As SegmentReader has it.
  void let_go() { segment_->let_go(); }

  // Goes to the first or next version selected.
  Result<bool> next() override;
  Status read(Version& out, bool body) override;
  std::uint64_t held() const override { return kept() + largest_; }
  std::uint64_t kept() const override;
  std::uint64_t volume() const override { return volume_; }

 private:
  enum class Verdict { selected, skipped, ended };

  enum class Side { before, inside, behind };

  Result<Side> side_of(const BlockEntry& block);
  bool is_passed_over(const BlockEntry& block) const;
  Result<std::size_t> first_block();
  Result<bool> load_block();
  Result<bool> find();
  Status enter_key();
  Verdict judge_key();
  Verdict judge() const;

  std::unique_ptr<SegmentReader> segment_;
  const Selection& selection_;
  Shared& shared_;
  EffectiveKeys effective_keys_;
  const bool with_effective_;
  BlockDecoder block_;
  std::string content_;  // of the block's bodies
  BlockBodies bodies_;
  std::uint64_t largest_ = 0, volume_ = 0;  // of blocks as they are held
  std::uint64_t largest_columns_ = 0, largest_bodies_ = 0;
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
