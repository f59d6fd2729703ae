#include "repo/segment_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "repo/object_names.h"

namespace halley::repo {
namespace {

// A segment up to this size is read in one go.
constexpr std::uint64_t kSmall = 64 * 1024;
// What is read of a larger one's end at first; most footers are smaller.
constexpr std::uint64_t kTail = 16 * 1024;

}  // namespace

SegmentReader::SegmentReader(store::ObjectStore& store, std::string_view lane, const SegmentRef& ref)
    : store_(store),
      ref_(ref),
      object_(ref.inside_commit ? commit_name(lane, ref.commit) : segment_name(ref.id)),
      base_(ref.inside_commit ? kHeaderSize : 0) {}

Result<std::unique_ptr<SegmentReader>> SegmentReader::open(store::ObjectStore& store, const KeyRing& keys,
                                                           std::string_view lane, const SegmentRef& ref) {
  std::unique_ptr<SegmentReader> reader(new SegmentReader(store, lane, ref));
  if (ref.size <= kSmall) {
    std::string buffer;
    TRY(reader->read(0, ref.size, buffer));
    reader->whole_ = std::move(buffer);
  }
  TRY(reader->start(keys));
  return reader;
}

Result<std::unique_ptr<SegmentReader>> SegmentReader::open_bytes(store::ObjectStore& store, const KeyRing& keys,
                                                                 std::string_view lane, const SegmentRef& ref,
                                                                 std::string bytes) {
  std::unique_ptr<SegmentReader> reader(new SegmentReader(store, lane, ref));
  if (bytes.size() != ref.size) return fail(reader->damaged("it has another size than its commit says"));
  reader->whole_ = std::move(bytes);
  TRY(reader->start(keys));
  return reader;
}

Status SegmentReader::start(const KeyRing& keys) {
  if (ref_.size < kHeaderSize + kTrailerSize) return fail(damaged("it is too short"));
  std::string buffer;
  ASSIGN(const std::string_view header, read(0, kHeaderSize, buffer));
  auto sealed = SealedReader::open(keys, ObjectKind::segment, segment_name(ref_.id), header);
  if (!sealed) return fail(std::move(sealed.error()).in("reading `" + object_ + "`"));
  sealed_ = std::make_unique<SealedReader>(std::move(*sealed));
  return read_footer();
}

Status SegmentReader::read_footer() {
  const std::uint64_t first = std::min(ref_.size, kTail);
  std::string buffer;
  ASSIGN(const std::string_view tail, read(ref_.size - first, first, buffer));
  ASSIGN(const Trailer trailer, parse_trailer(tail.substr(tail.size() - kTrailerSize), object_));
  const std::uint64_t size = trailer.last_frame_size;
  if (size + kHeaderSize + kTrailerSize > ref_.size) return fail(damaged("its trailer is wrong"));
  const std::uint64_t end = ref_.size - kTrailerSize - size;
  std::string content;
  TRY(open_frame(trailer.last_frame, true, end, size, content));
  auto footer = decode_footer(content, end);
  if (!footer) return fail(damaged(footer.error().message));
  footer_ = std::move(*footer);
  if (footer_.versions != ref_.versions)
    return fail(damaged("it holds another number of versions than its commit says"));
  return {};
}

std::uint64_t SegmentReader::held() const {
  std::uint64_t sum = sizeof(SegmentReader) + whole_.size() + footer_.blocks.capacity() * sizeof(BlockEntry);
  for (const BlockEntry& block : footer_.blocks) sum += block.first_key.size() + block.first_id.size();
  return sum + (filter_ == nullptr ? 0 : footer_.filter_size);
}

Result<bool> SegmentReader::may_contain(std::uint64_t filter_hash) {
  if (filter_ == nullptr) {
    std::string content;
    TRY(open_frame(footer_.filter_frame, false, footer_.filter_offset, footer_.filter_size, content));
    auto filter = KeyFilter::decode(std::move(content));
    if (!filter) return fail(damaged(filter.error().message));
    filter_ = std::make_unique<KeyFilter>(std::move(*filter));
  }
  return filter_->may_contain(filter_hash);
}

Status SegmentReader::read_columns(std::size_t block, BlockDecoder& out, codec::Decompressor& decompressor) {
  const BlockEntry& entry = footer_.blocks[block];
  std::string frame;
  TRY(open_frame(entry.frame, false, entry.offset, entry.columns_size, frame));
  if (auto decoded = out.decode(frame, entry.versions, sealed_->format(), decompressor); !decoded) {
    return fail(damaged(decoded.error().message));
  }
  return {};
}

Result<std::uint64_t> SegmentReader::columns_plain(std::size_t block) {
  const BlockEntry& entry = footer_.blocks[block];
  std::string frame;
  TRY(open_frame(entry.frame, false, entry.offset, entry.columns_size, frame));
  auto size = plain_columns_size(frame);
  if (!size) return fail(damaged(size.error().message));
  return *size;
}

Status SegmentReader::read_bodies(std::size_t block, std::string& out, codec::Decompressor& decompressor) {
  const BlockEntry& entry = footer_.blocks[block];
  out.clear();
  if (entry.bodies_size == 0) return {};
  std::string frame;
  TRY(open_frame(entry.frame + 1, false, entry.offset + entry.columns_size, entry.bodies_size, frame));
  if (auto inflated = decompressor.decompress(frame, entry.bodies_plain, out); !inflated) {
    return fail(damaged(inflated.error().message));
  }
  if (out.size() != entry.bodies_plain) return fail(damaged("a block's bodies have another size than its index says"));
  return {};
}

Error SegmentReader::damaged(std::string_view why) const {
  return {Code::corrupt, fmt::format("`{}` is damaged: {}", object_, why)};
}

Result<std::string_view> SegmentReader::read(std::uint64_t offset, std::uint64_t size, std::string& buffer) {
  if (!whole_.empty()) return std::string_view(whole_).substr(offset, size);
  auto bytes = store_.get(object_, base_ + offset, size);
  if (!bytes && bytes.error().code == Code::not_found) return fail(Code::corrupt, "`" + object_ + "` is missing");
  if (!bytes) return fail(bytes.error());
  if (bytes->size() != size) return fail(damaged("it is shorter than its commit says"));
  buffer = std::move(*bytes);
  return std::string_view(buffer);
}

Status SegmentReader::open_frame(std::uint64_t number, bool last, std::uint64_t offset, std::uint64_t size,
                                 std::string& out) {
  std::string buffer;
  ASSIGN(const std::string_view sealed, read(offset, size, buffer));
  if (auto opened = sealed_->open_frame(number, last, sealed, out); !opened) {
    return fail(std::move(opened.error()).in("reading `" + object_ + "`"));
  }
  return {};
}

}  // namespace halley::repo
