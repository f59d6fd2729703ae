#include "repo/segment_layout.h"

#include "base/bytes.h"
#include "repo/sealed_object.h"

namespace halley::repo {
namespace {

constexpr std::uint64_t kMaxSize = std::uint64_t{1} << 40;
constexpr std::uint64_t kMaxBodies = std::uint64_t{1} << 30;  // of one block, uncompressed

void put_block(std::string& out, const BlockEntry& block) {
  for (const std::uint64_t number : {block.versions, block.columns_size, block.bodies_size, block.bodies_plain}) {
    put_varint(out, number);
  }
  put_zigzag(out, block.oldest.value);
  put_zigzag(out, block.newest.value);
  put_string(out, block.first_key);
  put_string(out, block.first_id);
}

BlockEntry get_block(ByteReader& in) {
  BlockEntry block;
  for (std::uint64_t* number : {&block.versions, &block.columns_size, &block.bodies_size, &block.bodies_plain}) {
    *number = in.varint();
  }
  block.oldest.value = in.zigzag();
  block.newest.value = in.zigzag();
  block.first_key = in.string();
  block.first_id = in.string();
  return block;
}

Status bad(const char* why) { return fail(Code::corrupt, std::string("its footer is wrong: ") + why); }

// Adds up where everything stands.
Status place(SegmentFooter& footer, std::uint64_t end) {
  std::uint64_t offset = kHeaderSize;
  std::uint64_t frame = 0;
  std::uint64_t versions = 0;
  for (BlockEntry& block : footer.blocks) {
    if (block.columns_size > kMaxSize || block.bodies_size > kMaxSize || block.versions > kMaxSize) return bad("sizes");
    if (block.bodies_plain > kMaxBodies) return bad("a block is too large");
    if ((block.bodies_size == 0) != (block.bodies_plain == 0) || block.versions == 0) return bad("an empty block");
    block.offset = offset;
    block.frame = frame;
    offset += block.columns_size + block.bodies_size;
    frame += block.bodies_size == 0 ? 1 : 2;
    versions += block.versions;
    if (offset > end) return bad("its blocks are larger than it");
  }
  footer.filter_offset = offset;
  footer.filter_frame = frame;
  if (footer.filter_size > kMaxSize || offset + footer.filter_size != end) return bad("sizes do not add up");
  if (versions != footer.versions) return bad("counts do not add up");
  return {};
}

}  // namespace

std::string encode_footer(const SegmentFooter& footer) {
  std::string out;
  put_u8(out, footer.key ? 1 : 0);
  if (footer.key) {
    put_u8(out, static_cast<std::uint8_t>(footer.key->kind));
    put_varint(out, static_cast<std::uint64_t>(footer.key->version));
    put_varint(out, footer.key->paths.size());
  }
  put_string(out, footer.container_rid);
  put_varint(out, footer.versions);
  put_varint(out, footer.filter_size);
  put_varint(out, footer.blocks.size());
  for (const BlockEntry& block : footer.blocks) put_block(out, block);
  put_string(out, footer.last_key);
  put_string(out, footer.last_id);
  return out;
}

Result<SegmentFooter> decode_footer(std::string_view bytes, std::uint64_t end) {
  ByteReader in(bytes);
  SegmentFooter footer;
  if (in.u8() != 0) {
    cosmos::PartitionKeyDefinition key;
    key.kind = static_cast<cosmos::KeyKind>(in.u8());
    key.version = static_cast<int>(in.varint());
    const std::uint64_t paths = in.varint();
    if (key.kind > cosmos::KeyKind::range || paths > 100) return fail(bad("its partition keys").error());
    key.paths.resize(paths);
    footer.key = std::move(key);
  }
  footer.container_rid = in.string();
  footer.versions = in.varint();
  footer.filter_size = in.varint();
  for (std::uint64_t left = in.varint(); left > 0 && !in.failed(); --left) footer.blocks.push_back(get_block(in));
  footer.last_key = in.string();
  footer.last_id = in.string();
  if (const Status whole = in.finish("its footer"); !whole) return fail(whole.error());
  if (footer.blocks.empty()) return fail(bad("no blocks").error());
  if (!footer.container_rid.empty() && footer.container_rid.size() != 8) return fail(bad("a container's rid").error());
  TRY(place(footer, end));
  return footer;
}

}  // namespace halley::repo
