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
constexpr std::size_t kMaxBlockVersions = 1 << 14;
// What a version's columns are taken to weigh beside its texts.
constexpr std::size_t kVersionBytes = 48;

std::string container_rid_bytes(const LaneIdentity& identity) {
  auto bytes = cosmos::rid_bytes(identity.container_rid);
  return bytes && bytes->size() == 8 ? std::move(*bytes) : std::string();
}

std::uint64_t load_big_endian(std::string_view bytes, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = at; i < at + 8; ++i)
    value = value << 8 | (i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U);
  return value;
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

}  // namespace

SegmentWriter::SegmentWriter(Runtime& runtime, const KeyRing& keys, const LaneIdentity& identity,
                             const RepositoryOptions& options)
    : runtime_(runtime),
      keys_(keys),
      key_(identity.key),
      container_rid_(container_rid_bytes(identity)),
      block_bytes_(options.block_bytes),
      effective_(identity.key),
      encoder_(container_rid_, options.compression_level),
      compressor_(options.compression_level) {}

Result<PackedSegment> SegmentWriter::pack(const std::vector<Version>& versions) {
  CHECK(!versions.empty());
  TRY(sort(versions));
  PackedSegment packed;
  packed.ref.id = to_hex(runtime_.random_bytes(kSegmentIdSize));
  describe(versions, packed.ref);
  SealedWriter object(runtime_, keys_, ObjectKind::segment, segment_name(packed.ref.id));
  footer_ = SegmentFooter{key_, container_rid_, versions.size(), 0, {}, {}, {}, 0, 0};
  hashes_.clear();
  for (std::size_t begin = 0; begin < order_.size();) {
    const std::size_t end = block_end(versions, begin);
    const auto order = std::span<const std::uint32_t>(order_).subspan(begin, end - begin);
    add_block(versions, order, object);
    add_hashes(versions, order);
    begin = end;
  }
  footer_.filter_size = object.add_frame(encode_filter(hashes_));
  footer_.last_key = versions[order_.back()].partition_key;
  footer_.last_id = versions[order_.back()].id;
  packed.bytes = object.finish(encode_footer(footer_));
  packed.ref.sha256 = codec::sha256(packed.bytes);
  packed.ref.size = packed.bytes.size();
  return packed;
}

// Fills order_.
Status SegmentWriter::sort(const std::vector<Version>& versions) {
  items_.clear();
  effective_keys_.clear();
  for (std::uint32_t i = 0; i < versions.size(); ++i) {
    const Version& version = versions[i];
    if (i > 0 && version.partition_key == versions[i - 1].partition_key) {
      items_.push_back(items_.back());
    } else {
      ASSIGN(const std::string_view effective, effective_.of(version.partition_key));
      items_.push_back({load_big_endian(effective, 0), load_big_endian(effective, 8),
                        static_cast<std::uint32_t>(effective_keys_.size()), 0});
      effective_keys_.emplace_back(effective);
    }
    items_.back().version = i;
  }
  std::sort(items_.begin(), items_.end(), [&](const Item& a, const Item& b) {
    if (a.high != b.high) return a.high < b.high;
    if (a.low != b.low) return a.low < b.low;
    const Version& left = versions[a.version];
    const Version& right = versions[b.version];
    if (a.key != b.key) {
      if (const int order = effective_keys_[a.key].compare(effective_keys_[b.key]); order != 0) return order < 0;
      if (const int order = left.partition_key.compare(right.partition_key); order != 0) return order < 0;
    }
    if (const int order = left.id.compare(right.id); order != 0) return order < 0;
    if (left.position != right.position) return left.position > right.position;
    return a.version > b.version;
  });
  order_.clear();
  for (const Item& item : items_) order_.push_back(item.version);
  return {};
}

std::size_t SegmentWriter::block_end(const std::vector<Version>& versions, std::size_t begin) const {
  std::size_t bytes = 0;
  std::size_t end = begin;
  while (end < order_.size() && end - begin < kMaxBlockVersions && bytes < block_bytes_) {
    const Version& version = versions[order_[end]];
    bytes += version.body.size() + version.partition_key.size() + version.id.size() + kVersionBytes;
    ++end;
  }
  return end;
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
    compressed_.clear();
    compressor_.compress(encoder_.bodies(), compressed_);
    block.bodies_size = object.add_frame(compressed_);
  }
  footer_.blocks.push_back(std::move(block));
}

void SegmentWriter::add_hashes(const std::vector<Version>& versions, std::span<const std::uint32_t> order) {
  for (const std::uint32_t index : order) {
    const std::uint64_t hash = filter_hash(versions[index].partition_key, versions[index].id);
    if (hashes_.empty() || hashes_.back() != hash) hashes_.push_back(hash);
  }
}

}  // namespace halley::repo
