// What a repository holds, once opened: commits, rollups, spans, footers, blocks of columns, filters. The first byte
// says which. What decodes must say the same when it is encoded and decoded again.
#include "base/check.h"
#include "fuzz/target.h"
#include "repo/block_bodies.h"
#include "repo/key_filter.h"
#include "repo/lane_codec.h"
#include "repo/segment_layout.h"

namespace halley {
namespace {

constexpr std::size_t kVersions = 3;

template <typename Record>
void round_trip(std::string_view bytes, Result<Record> (*decode)(std::string_view),
                std::string (*encode)(const Record&)) {
  const auto record = decode(bytes);
  if (!record) return;
  const std::string once = encode(*record);
  const auto again = decode(once);
  CHECK(again.has_value());
  CHECK(encode(*again) == once);
}

void read_block(std::string_view bytes, std::uint8_t format) {
  repo::BlockDecoder decoder(std::string(8, 'c'));
  codec::Decompressor decompressor;
  if (!decoder.decode(bytes, kVersions, format, decompressor)) return;
  const std::string content(std::min<std::uint64_t>(decoder.whole_bodies_size(), 1 << 20), 'x');
  repo::BlockBodies bodies;
  const bool fit = bodies.load(decoder, content).has_value();
  CHECK(fit == (content.size() == decoder.whole_bodies_size() && decoder.templates() == 0));
  for (std::size_t i = 0; i < decoder.count(); ++i) {
    repo::Version version;
    decoder.read(i, version);
    if (fit) CHECK(decoder.has_body(i) || bodies.body(i).value().empty());
  }
}

}  // namespace

void fuzz_one(std::string_view input) {
  if (input.empty()) return;
  const char which = input.front();
  input.remove_prefix(1);
  switch (which) {
    case 'c':
      return round_trip(input, repo::decode_commit, repo::encode_commit);
    case 's':
      return round_trip(input, repo::decode_span, repo::encode_span);
    case 'r':
      return round_trip(input, repo::decode_rollup, repo::encode_rollup);
    case 'b':
      return read_block(input, 1);
    case 'B':
      return read_block(input, 2);
    case 'k':
      if (const auto filter = repo::KeyFilter::decode(std::string(input))) (void)filter->may_contain(0x123456789ABCDEF);
      return;
    default:
      (void)repo::decode_footer(input, 1000);
  }
}

}  // namespace halley
