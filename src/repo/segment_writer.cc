#include "repo/segment_writer.h"

#include <algorithm>
#include <cstring>

#include "base/bytes.h"
#include "base/check.h"
#include "codec/hash.h"
#include "cosmos/resource_id.h"
#include "repo/key_filter.h"
#include "repo/object_names.h"

namespace halley::repo {
namespace {

constexpr std::size_t kSegmentIdSize = 16;
// A block ends here, however small its versions are.
constexpr std::size_t kMaxBlockVersions = 1 << 15;
// What a version's columns are taken to weigh beside its texts.
constexpr std::size_t kVersionBytes = 48;
// Compressing bodies is a fifth of a backup's CPU. Of most documents a quicker level makes hardly more, of some a
// tenth: it is tried on a block now and then, and where it makes no more than so many percent more, it is taken. The
// columns beside them are packed quickly in any case: of their planes slower levels hardly make less.
constexpr int kQuickLevel = 1;
constexpr std::size_t kPercentMore = 8;
constexpr std::uint64_t kBlocksPerTrial = 256;
constexpr std::size_t kWorthATrial = 256 * 1024;
// In the order of a segment versions lie scattered over memory: they are asked for so many ahead of their turn.
constexpr std::size_t kAhead = 16;

std::string container_rid_bytes(const LaneIdentity& identity) {
  auto bytes = cosmos::rid_bytes(identity.container_rid);
  return bytes && bytes->size() == 8 ? std::move(*bytes) : std::string();
}

void describe(const std::vector<Version>& versions, SegmentRef& ref) {
  ref.versions = versions.size();
  ref.oldest = ref.newest = versions.front().time;
  ref.first = ref.last = versions.front().position;
  for (const Version& version : versions) {
    ref.upserts += version.operation == Operation::upsert ? 1 : 0;
    ref.body_bytes += version.body.size();
    ref.oldest = std::min(ref.oldest, version.time);
    ref.newest = std::max(ref.newest, version.time);
    ref.first = std::min(ref.first, version.position);
    ref.last = std::max(ref.last, version.position);
  }
}

// Where the block that begins at `begin` ends.
std::size_t block_end(const std::vector<Version>& versions, std::span<const std::uint32_t> order, std::size_t begin,
                      std::size_t block_bytes) {
  std::size_t bytes = 0;
  std::size_t end = begin;
  while (end < order.size() && end - begin < kMaxBlockVersions && bytes < block_bytes) {
    if (end + kAhead < order.size()) __builtin_prefetch(&versions[order[end + kAhead]]);
    const Version& version = versions[order[end]];
    bytes += version.body.size() + version.partition_key.size() + version.id.size() + kVersionBytes;
    ++end;
  }
  return end;
}

}  // namespace

SegmentWriter::SegmentWriter(Runtime& runtime, const KeyRing& keys, const LaneIdentity& identity,
                             const RepositoryOptions& options)
    : runtime_(runtime),
      keys_(keys),
      key_(identity.key),
      container_rid_(container_rid_bytes(identity)),
      sorter_(identity.key),
      encoder_(container_rid_, std::min(kQuickLevel, options.compression_level)),
      compressor_(options.compression_level),
      quick_(std::min(kQuickLevel, options.compression_level)) {}

Result<PackedSegment> SegmentWriter::pack(const std::vector<Version>& versions, std::size_t block_bytes) {
  CHECK(!versions.empty());
  ASSIGN(const std::span<const std::uint32_t> sorted, sorter_.sort(versions));
  PackedSegment packed;
  packed.ref.id = to_hex(runtime_.random_bytes(kSegmentIdSize));
  describe(versions, packed.ref);
  SealedWriter object(runtime_, keys_, ObjectKind::segment, segment_name(packed.ref.id));
  footer_ = SegmentFooter{key_, container_rid_, versions.size(), 0, {}, {}, {}, 0, 0};
  hashes_.clear();
  for (std::size_t begin = 0; begin < sorted.size();) {
    const std::size_t end = block_end(versions, sorted, begin, block_bytes);
    const auto order = sorted.subspan(begin, end - begin);
    add_block(versions, order, object);
    add_hashes(versions, order);
    begin = end;
  }
  footer_.filter_size = object.add_frame(encode_filter(hashes_));
  footer_.last_key = versions[sorted.back()].partition_key;
  footer_.last_id = versions[sorted.back()].id;
  packed.bytes = object.finish(encode_footer(footer_));
  packed.ref.sha256 = codec::sha256(packed.bytes);
  packed.ref.size = packed.bytes.size();
  return packed;
}

void SegmentWriter::add_block(const std::vector<Version>& versions, std::span<const std::uint32_t> order,
                              SealedWriter& object) {
  BlockEntry block;
  const Version& first = versions[order.front()];
  block.versions = order.size();
  block.first_key = first.partition_key;
  block.first_id = first.id;
  block.oldest = block.newest = first.time;
  for (const std::uint32_t index : order) {
    const Version& version = versions[index];
    block.oldest = std::min(block.oldest, version.time);
    block.newest = std::max(block.newest, version.time);
  }
  block.columns_size = object.add_frame(encoder_.encode(versions, order));
  block.bodies_plain = encoder_.bodies().size();
  if (block.bodies_plain > 0) {
    block.bodies_size = object.add_frame(compressed_bodies());
  }
  footer_.blocks.push_back(std::move(block));
}

// The bodies of the block that was encoded last, compressed.
const std::string& SegmentWriter::compressed_bodies() {
  const std::string& bodies = encoder_.bodies();
  const bool is_large = bodies.size() >= kWorthATrial;
  const bool tries = is_large && large_blocks_ % kBlocksPerTrial == 0;
  large_blocks_ += is_large ? 1 : 0;
  if (tries || !is_quick_enough_) {
    compressed_.clear();
    compressor_.compress(bodies, compressed_);
  }
  if (!tries && !is_quick_enough_) return compressed_;
  compressed_quickly_.clear();
  quick_.compress(bodies, compressed_quickly_);
  if (tries) is_quick_enough_ = compressed_quickly_.size() <= compressed_.size() / 100 * (100 + kPercentMore);
  return is_quick_enough_ ? compressed_quickly_ : compressed_;
}

void SegmentWriter::add_hashes(const std::vector<Version>& versions, std::span<const std::uint32_t> order) {
  std::string_view key;
  std::uint64_t hash_of_key = filter_hash(key);
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i + kAhead < order.size()) __builtin_prefetch(versions[order[i + kAhead]].id.data());
    const Version& version = versions[order[i]];
    if (!same_text(key, version.partition_key)) hash_of_key = filter_hash(version.partition_key);
    key = version.partition_key;
    const std::uint64_t hash = filter_hash(hash_of_key, version.id);
    if (hashes_.empty() || hashes_.back() != hash) hashes_.push_back(hash);
  }
}

}  // namespace halley::repo
