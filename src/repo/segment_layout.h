// The footer of a segment: what is in it and where (docs/repository-format.md, segments).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "repo/key_order.h"
#include "repo/version.h"

namespace halley::repo {

// One block: a frame of columns, then a frame of bodies unless all its bodies are empty.
struct BlockEntry {
  std::uint64_t versions = 0;
  std::uint64_t columns_size = 0;  // sealed
  std::uint64_t bodies_size = 0;   // sealed; 0: no such frame
  std::uint64_t bodies_plain = 0;  // uncompressed
  Second oldest, newest;
  std::string first_key, first_id;

  std::uint64_t offset = 0;  // of its columns in the segment: not stored, the sum of what stands before
  std::uint64_t frame = 0;   // number of its frame of columns: likewise
};

struct SegmentFooter {
  // How effective keys are computed; the names of the paths are not kept, only how many there are.
  KeyDefinition key;
  std::string container_rid;  // 8 bytes, or empty
  std::uint64_t versions = 0;
  std::uint64_t filter_size = 0;  // sealed
  std::vector<BlockEntry> blocks;
  std::string last_key, last_id;

  std::uint64_t filter_offset = 0;  // as above
  std::uint64_t filter_frame = 0;
};

std::string encode_footer(const SegmentFooter& footer);
// `end`: where the frame of the footer begins, which the sizes of all others must add up to. Fails with corrupt.
Result<SegmentFooter> decode_footer(std::string_view bytes, std::uint64_t end);

}  // namespace halley::repo
