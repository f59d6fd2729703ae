// Whole segments. The input says what is in one (see read_input()); it is compressed and sealed as a segment is, with
// sizes that add up, so that everything that is behind the seal and the zstd frames is reached. A segment that the
// check finds sound must be readable by every way there is to read one.
#include "base/bytes.h"
#include "base/check.h"
#include "codec/hash.h"
#include "fuzz/target.h"
#include "repo/merged_stream.h"
#include "repo/object_names.h"
#include "repo/segment_check.h"
#include "store/memory_store.h"
#include "testing/virtual_runtime.h"

namespace halley {
namespace {

constexpr std::size_t kMaxBlocks = 8;
constexpr std::string_view kPassword = "password";
const std::string kLane = "lane";

struct World {
  testing::VirtualRuntime runtime{Second{1'800'000'000}};
  std::unique_ptr<store::ObjectStore> store = store::make_memory_store();
  repo::KeyRing keys = repo::KeyRing::create(runtime, *store, kPassword, {2, 1, 1}).value();
  codec::Compressor compressor{1};
};

World& world() {
  static World made;
  return made;
}

struct Block {
  repo::BlockEntry entry;
  std::string_view digests, columns, bodies;
};

struct Content {
  repo::SegmentFooter footer;
  repo::SegmentRef said;
  std::uint8_t format = 1;
  std::vector<Block> blocks;
  std::string_view filter;
};

// Kind and version of the partition key (with bit 6 of the kind: in the second format) and number of its paths; rid of
// the container; filter; last key and id; counts and bounds that the commit says; then the blocks: versions, times,
// first key and id, digests, columns, bodies.
Content read_input(std::string_view input) {
  ByteReader in(input);
  Content content;
  const std::uint8_t kind = in.u8();
  if (kind != 0xFF) {
    content.format = (kind & 0x40) != 0 ? 2 : 1;
    cosmos::PartitionKeyDefinition key;
    key.kind = static_cast<cosmos::KeyKind>((kind & 0x3F) % 3);
    key.version = in.u8() % 4;
    key.paths.resize(in.u8() % 5);
    content.footer.key = std::move(key);
  }
  content.footer.container_rid = in.string();
  content.filter = in.string();
  content.footer.last_key = in.string();
  content.footer.last_id = in.string();
  repo::SegmentRef& said = content.said;
  said.upserts = in.varint();
  said.body_bytes = in.varint();
  said.oldest.value = in.zigzag();
  said.newest.value = in.zigzag();
  for (repo::Position* position : {&said.first, &said.last}) {
    position->epoch = static_cast<std::uint32_t>(in.varint());
    position->lsn = in.varint();
  }
  while (!in.at_end() && !in.failed() && content.blocks.size() < kMaxBlocks) {
    Block& block = content.blocks.emplace_back();
    block.entry.versions = in.varint() & 0xFFFF;
    block.entry.oldest.value = in.zigzag();
    block.entry.newest.value = in.zigzag();
    block.entry.first_key = in.string();
    block.entry.first_id = in.string();
    block.digests = in.string();
    block.columns = in.string();
    block.bodies = in.string();
  }
  return content;
}

std::string compressed(std::string_view bytes) {
  std::string out;
  world().compressor.compress(bytes, out);
  return out;
}

std::string seal(Content& content) {
  content.said.id = std::string(32, '0');
  repo::SealedWriter object(world().runtime, world().keys, repo::ObjectKind::segment,
                            repo::segment_name(content.said.id), content.format);
  for (Block& block : content.blocks) {
    std::string frame;
    put_u32(frame, static_cast<std::uint32_t>(block.digests.size()));
    frame += block.digests;
    frame += compressed(block.columns);
    block.entry.columns_size = object.add_frame(frame);
    block.entry.bodies_plain = block.bodies.size();
    if (!block.bodies.empty()) block.entry.bodies_size = object.add_frame(compressed(block.bodies));
    content.footer.versions += block.entry.versions;
    content.footer.blocks.push_back(block.entry);
  }
  content.footer.filter_size = object.add_frame(content.filter);
  std::string bytes = object.finish(repo::encode_footer(content.footer));
  content.said.versions = content.footer.versions;
  content.said.size = bytes.size();
  content.said.sha256 = codec::sha256(bytes);
  return bytes;
}

struct Counts {
  std::uint64_t versions = 0;
  std::uint64_t body_bytes = 0;
  bool failed = false;
};

Counts read_through(const repo::LaneState& lane, const repo::ReadOptions& options, bool newest_only) {
  Counts counts;
  const std::size_t held_bytes = repo::RepositoryOptions().held_bytes;
  auto stream =
      repo::MergedStream::open({world().runtime, *world().store, world().keys, held_bytes}, lane, options, newest_only);
  counts.failed = !stream.has_value();
  repo::Version version;
  while (!counts.failed) {
    const auto more = (*stream)->next(version);
    counts.failed = !more.has_value();
    if (!more || !*more) break;
    ++counts.versions;
    counts.body_bytes += version.body.size();
    (void)repo::original_text(version, "dbs/x/colls/y/");
    (void)repo::body_text(version);
  }
  return counts;
}

}  // namespace

void fuzz_one(std::string_view input) {
  Content content = read_input(input);
  const std::string bytes = seal(content);
  const std::string name = repo::segment_name(content.said.id);
  (void)world().store->remove(name);
  CHECK(world().store->put(name, bytes).has_value());
  codec::Decompressor decompressor;
  const bool sound =
      repo::check_segment(*world().store, world().keys, kLane, content.said, bytes, decompressor).has_value();

  repo::LaneState lane;
  lane.lane = kLane;
  lane.identity.key = content.footer.key;
  lane.segments.push_back(content.said);
  const Counts all = read_through(lane, {}, false);
  CHECK(!sound || (!all.failed && all.versions == content.said.versions && all.body_bytes == content.said.body_bytes));
  const Counts newest = read_through(lane, {}, true);
  CHECK(!sound || (!newest.failed && newest.versions <= all.versions && newest.versions > 0));
  repo::ReadOptions part;
  part.range.min = "\x05";
  part.cut.time = content.said.newest - 1;
  part.cut.positions.push_back({{}, content.said.first});
  CHECK(!read_through(lane, part, true).failed || !sound);
  repo::ReadOptions one;
  one.partition_key = content.footer.last_key;
  one.id = content.footer.last_id;
  const Counts found = read_through(lane, one, true);
  CHECK(!sound || (!found.failed && found.versions == 1));
}

}  // namespace halley
