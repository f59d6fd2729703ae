// Reads a sealed segment: footer, filter and single blocks, each by a range read. Twin of segment_writer.h.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "codec/compress.h"
#include "repo/block_codec.h"
#include "repo/key_filter.h"
#include "repo/lane.h"
#include "repo/sealed_object.h"
#include "repo/segment_layout.h"
#include "store/object_store.h"

namespace halley::repo {

// Every error names the object. Not for several threads at once. Between calls it holds the footer, the filter once
// that was asked for, and of a small segment all its bytes.
class SegmentReader {
 public:
  // Reads header and footer; `ref` is what the lane's commit says of the segment, and must agree.
  static Result<std::unique_ptr<SegmentReader>> open(store::ObjectStore& store, const KeyRing& keys,
                                                     std::string_view lane, const SegmentRef& ref);

  // The same of a segment whose bytes are in memory already.
  static Result<std::unique_ptr<SegmentReader>> open_bytes(store::ObjectStore& store, const KeyRing& keys,
                                                           std::string_view lane, const SegmentRef& ref,
                                                           std::string bytes);

  const SegmentFooter& footer() const { return footer_; }
  const SegmentRef& ref() const { return ref_; }
  // The object that holds it: its own, or its commit's.
  const std::string& object() const { return object_; }

  // About as many bytes as it holds between calls.
  std::uint64_t held() const;

  // Lets go of bytes that are in memory already: they are read again when they are asked for.
  void let_go() { whole_ = std::string(); }

  // False when the document is certainly not in it. Reads the filter the first time.
  Result<bool> may_contain(std::uint64_t filter_hash);

  Status read_columns(std::size_t block, BlockDecoder& out, codec::Decompressor& decompressor);
  // How large the columns of a block are, decoded: they are read, but not inflated.
  Result<std::uint64_t> columns_plain(std::size_t block);
  // Replaces `out` by the bodies of a block, one behind the other.
  Status read_bodies(std::size_t block, std::string& out, codec::Decompressor& decompressor);

  Error damaged(std::string_view why) const;

 private:
  SegmentReader(store::ObjectStore& store, std::string_view lane, const SegmentRef& ref);
  Status start(const KeyRing& keys);
  Status read_footer();
  // `size` bytes at `offset` of the segment: a view of `buffer`, or of what is in memory.
  Result<std::string_view> read(std::uint64_t offset, std::uint64_t size, std::string& buffer);
  Status open_frame(std::uint64_t number, bool last, std::uint64_t offset, std::uint64_t size, std::string& out);

  store::ObjectStore& store_;
  const SegmentRef ref_;
  const std::string object_;
  const std::uint64_t base_;  // where the segment begins in its object
  std::string whole_;         // a small segment is read once
  SegmentFooter footer_;
  std::unique_ptr<SealedReader> sealed_;
  std::unique_ptr<KeyFilter> filter_;
};

}  // namespace halley::repo
