// Packs versions into a sealed segment. Twin of segment_reader.h.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "codec/compress.h"
#include "repo/block_codec.h"
#include "repo/lane.h"
#include "repo/repository.h"
#include "repo/sealed_object.h"
#include "repo/segment_layout.h"
#include "repo/version_sorter.h"

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
  Result<PackedSegment> pack(const std::vector<Version>& versions, std::size_t block_bytes);

 private:
  void add_block(const std::vector<Version>& versions, std::span<const std::uint32_t> order, SealedWriter& object);
  const std::string& compressed_bodies();
  void add_hashes(const std::vector<Version>& versions, std::span<const std::uint32_t> order);

  Runtime& runtime_;
  const KeyRing& keys_;
  const KeyDefinition key_;
  const std::string container_rid_;
  VersionSorter sorter_;
  BlockEncoder encoder_;
  // For bodies: the quick one where it makes them hardly larger.
  codec::Compressor compressor_, quick_;
  bool is_quick_enough_ = false;  // as the newest trial showed
  std::uint64_t large_blocks_ = 0;
  SegmentFooter footer_;
  std::vector<std::uint64_t> hashes_;
  std::string compressed_, compressed_quickly_;
};

}  // namespace halley::repo
