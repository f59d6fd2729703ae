// Packs versions into a sealed segment. Twin of segment_reader.h.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "codec/compress.h"
#include "repo/block_codec.h"
#include "repo/key_order.h"
#include "repo/lane.h"
#include "repo/repository.h"
#include "repo/sealed_object.h"
#include "repo/segment_layout.h"

namespace halley::repo {

// A segment ready to be stored. `ref` lacks what only its commit knows: inside_commit and commit.
struct PackedSegment {
  SegmentRef ref;
  std::string bytes;
};

// One for each lane writer; keeps its buffers from segment to segment.
class SegmentWriter {
 public:
  SegmentWriter(Runtime& runtime, const KeyRing& keys, const LaneIdentity& identity, const RepositoryOptions& options);

  // `versions` is not empty and stays as it is. Of equal key and position, the later in it counts as newer. Fails with
  // invalid_argument for a version whose partition key is none of the container's.
  Result<PackedSegment> pack(const std::vector<Version>& versions);

 private:
  // The key run a version belongs to, and what it sorts by first: 16 bytes of its effective key.
  struct Item {
    std::uint64_t high = 0, low = 0;
    std::uint32_t key = 0;
    std::uint32_t version = 0;
  };

  Status sort(const std::vector<Version>& versions);
  std::size_t block_end(const std::vector<Version>& versions, std::size_t begin) const;
  void add_block(const std::vector<Version>& versions, std::span<const std::uint32_t> order, SealedWriter& object);
  void add_hashes(const std::vector<Version>& versions, std::span<const std::uint32_t> order);

  Runtime& runtime_;
  const KeyRing& keys_;
  const KeyDefinition key_;
  const std::string container_rid_;
  const std::size_t block_bytes_;
  EffectiveKeys effective_;
  BlockEncoder encoder_;
  codec::Compressor compressor_;
  SegmentFooter footer_;
  std::vector<Item> items_;
  std::vector<std::string> effective_keys_;  // of key runs
  std::vector<std::uint32_t> order_;
  std::vector<std::uint64_t> hashes_;
  std::string compressed_;
};

}  // namespace halley::repo
