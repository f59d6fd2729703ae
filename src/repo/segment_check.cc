#include "repo/segment_check.h"

#include <algorithm>

#include "codec/hash.h"
#include "json/document_scanner.h"
#include "repo/block_bodies.h"

namespace halley::repo {
namespace {

class SegmentCheck {
 public:
  SegmentCheck(SegmentReader& segment, codec::Decompressor& decompressor)
      : segment_(segment),
        decompressor_(decompressor),
        effective_keys_(segment.footer().key),
        block_(segment.footer().container_rid) {}

  Status run() {
    const SegmentFooter& footer = segment_.footer();
    for (std::size_t i = 0; i < footer.blocks.size(); ++i) TRY(check_block(i));
    if (key_ != footer.last_key || id_ != footer.last_id) return bad("it ends with another key than its index says");
    const SegmentRef& said = segment_.ref();
    const bool as_said = seen_.versions == said.versions && seen_.upserts == said.upserts &&
                         seen_.body_bytes == said.body_bytes && seen_.oldest == said.oldest &&
                         seen_.newest == said.newest && seen_.first == said.first && seen_.last == said.last;
    if (!as_said) return bad("it holds something else than its commit says");
    return digests_hold_ ? Status() : bad("a document is not the one that its digest is of");
  }

 private:
  Status bad(const char* why) const { return fail(segment_.damaged(why)); }
  Status of_segment(const Status& status) const {
    return status ? Status() : Status(fail(segment_.damaged(status.error().message)));
  }

  Status check_block(std::size_t number) {
    const BlockEntry& entry = segment_.footer().blocks[number];
    TRY(segment_.read_columns(number, block_, decompressor_));
    TRY(segment_.read_bodies(number, content_, decompressor_));
    TRY(of_segment(bodies_.load(block_, content_)));
    if (block_.partition_key(0) != entry.first_key || block_.id(0) != entry.first_id) {
      return bad("a block begins with another key than its index says");
    }
    Second oldest = block_.time(0);
    Second newest = oldest;
    for (std::size_t i = 0; i < block_.count(); ++i) {
      TRY(check_version(i));
      oldest = std::min(oldest, block_.time(i));
      newest = std::max(newest, block_.time(i));
    }
    TRY(of_segment(bodies_.finish()));
    if (oldest != entry.oldest || newest != entry.newest) return bad("a block's times are not what its index says");
    return {};
  }

  Status check_version(std::size_t i) {
    const std::string_view key = block_.partition_key(i);
    auto effective = effective_keys_.of(key);
    if (!effective) return fail(segment_.damaged(effective.error().message));
    if (seen_.versions > 0) {
      int order = std::string_view(effective_).compare(*effective);
      if (order == 0) order = std::string_view(key_).compare(key);
      if (order == 0) order = std::string_view(id_).compare(block_.id(i));
      if (order > 0 || (order == 0 && position_ < block_.position(i))) return bad("its versions are not in order");
    }
    effective_ = *effective;
    key_ = key;
    id_ = block_.id(i);
    position_ = block_.position(i);
    ASSIGN(const bool found, segment_.may_contain(filter_hash(key, id_)));
    if (!found) return bad("its filter denies a document that is in it");
    const Second time = block_.time(i);
    const bool first = seen_.versions == 0;
    seen_.oldest = first ? time : std::min(seen_.oldest, time);
    seen_.newest = first ? time : std::max(seen_.newest, time);
    seen_.first = first ? position_ : std::min(seen_.first, position_);
    seen_.last = first ? position_ : std::max(seen_.last, position_);
    ++seen_.versions;
    seen_.upserts += block_.operation(i) == Operation::upsert ? 1U : 0U;
    const auto body = bodies_.body(i);
    if (!body) return fail(segment_.damaged(body.error().message));
    seen_.body_bytes += body->size();
    digests_hold_ = digests_hold_ && is_digest(i, *body);
    return {};
  }

  // Whether the digest of a version, by which a restore compares what it wrote, is that of its body.
  bool is_digest(std::size_t i, std::string_view body) {
    Version version;
    block_.read(i, version);
    if (version.operation != Operation::upsert) return version.digest == 0;
    version.body = body;
    const auto is = [&](const Result<std::uint64_t>& digest) { return digest && *digest == version.digest; };
    // Of a text that is kept whole the system properties are no part, but for that of a definition.
    return is(json::value_digest(body)) || (version.layout == kVerbatim && is(json::value_digest(body_text(version))));
  }

  SegmentReader& segment_;
  codec::Decompressor& decompressor_;
  EffectiveKeys effective_keys_;
  BlockDecoder block_;
  std::string content_;
  BlockBodies bodies_;
  std::string effective_, key_, id_;  // of the version before
  Position position_;
  SegmentRef seen_;
  bool digests_hold_ = true;
};

}  // namespace

Status check_segment(store::ObjectStore& store, const KeyRing& keys, std::string_view lane, const SegmentRef& ref,
                     std::string bytes, codec::Decompressor& decompressor) {
  const bool same = codec::sha256(bytes) == ref.sha256;
  ASSIGN(const auto segment, SegmentReader::open_bytes(store, keys, lane, ref, std::move(bytes)));
  if (!same) return fail(segment->damaged("its bytes are not the ones its commit names"));
  return SegmentCheck(*segment, decompressor).run();
}

}  // namespace halley::repo
