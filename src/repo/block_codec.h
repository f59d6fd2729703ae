// The versions of one block of a segment: their columns, apart from their bodies (docs/repository-format.md, blocks).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "codec/compress.h"
#include "repo/body_splitter.h"
#include "repo/columns.h"
#include "repo/version.h"

namespace halley::repo {

// Writes the columns of blocks. Keeps its buffers between blocks.
class BlockEncoder {
 public:
  // `container_rid`: 8 bytes, or empty when there is none: what usual document rids begin with.
  BlockEncoder(std::string container_rid, int level) : container_rid_(std::move(container_rid)), compressor_(level) {}

  // The frame of columns of these versions, in this order, and what is to be stored of their bodies. Both valid until
  // the next call.
  std::string_view encode(const std::vector<Version>& versions, std::span<const std::uint32_t> order);
  const std::string& bodies() const { return bodies_; }
  const BodySplitter& splitter() const { return splitter_; }

 private:
  void add_texts(const Version& version, const Version* previous);
  std::uint8_t add_names(const Version& version);
  void add_body(const Version& version, bool split);
  std::size_t find_id(const Version& version);

  std::string container_rid_;
  codec::Compressor compressor_;
  std::vector<std::uint64_t> key_tags_, id_tags_, ts_, time_, since_, epoch_, lsn_, body_size_, id_cuts_, template_,
      rid_;
  BodySplitter splitter_;
  std::string shapes_, layouts_, keys_, ids_, etags_, literals_, digests_, columns_, frame_, bodies_;
  std::string needle_;
};

// The columns of one block, read back. Keeps its buffers between blocks.
class BlockDecoder {
 public:
  explicit BlockDecoder(std::string container_rid) : container_rid_(std::move(container_rid)) {}

  // Fails with corrupt. `count`: how many versions the index says there are; `format`: of the segment.
  Status decode(std::string_view frame, std::size_t count, std::uint8_t format, codec::Decompressor& decompressor);

  // Makes room for columns of so many bytes, so that those that grow from block to block have no more.
  void reserve(std::size_t columns_plain) { columns_.reserve(columns_plain); }
  // What else it holds of each version.
  static constexpr std::size_t kVersionBytes = 256;

  std::size_t count() const { return keys_.size(); }
  std::string_view partition_key(std::size_t i) const { return keys_[i]; }
  std::string_view id(std::size_t i) const { return ids_[i]; }
  // Whether version i has the key of the one before it in this block.
  bool same_key(std::size_t i) const { return i > 0 && key_tags_[i] == 0; }
  Second time(std::size_t i) const { return {static_cast<std::int64_t>(ts_[i] + time_[i])}; }
  Position position(std::size_t i) const { return {static_cast<std::uint32_t>(epoch_[i]), lsn_[i]}; }
  bool has_body(std::size_t i) const { return template_[i] != 0 || body_size_[i] + id_cuts_[i] != 0; }
  // The number of the template of the body of version i, from 1 to templates(); 0: it is stored whole.
  std::uint64_t template_of(std::size_t i) const { return template_[i]; }
  std::uint64_t templates() const { return templates_; }
  // Where a body that is stored whole stands among these, and where the id was cut out of it: 0 nowhere, else counted
  // from 1 and at most one more than the size.
  struct WholeBody {
    std::size_t begin, size, cut;
  };
  WholeBody whole_body(std::size_t i) const { return {body_end_[i] - body_size_[i], body_size_[i], id_cuts_[i]}; }
  // The size of all that are stored whole.
  std::uint64_t whole_bodies_size() const { return body_end_.empty() ? 0 : body_end_.back(); }
  Operation operation(std::size_t i) const { return static_cast<Operation>(shapes_[i] & 3); }

  // Everything of version i but the body. Its views are valid until the next call of read() or decode().
  void read(std::size_t i, Version& out);

 private:
  Status check_shapes() const;
  Status add_body_ends();
  Status check_templates();
  Status place_names();
  Status read_texts(ByteReader& in);
  Status read_literals(ByteReader& in);

  // Where a version's rid, etag and digest stand in their columns or, when they are literal, in literals_.
  struct Places {
    std::uint32_t rid = 0, etag = 0, digest = 0;
  };

  std::string container_rid_;
  std::string digests_;
  std::string columns_;  // what the views point into
  std::string_view shapes_, layouts_, etags_;
  std::size_t etag_count_ = 0;
  std::vector<std::string_view> keys_, ids_, literals_;
  std::vector<std::uint64_t> key_tags_, id_tags_, ts_, time_, since_, epoch_, lsn_, body_size_, id_cuts_, template_,
      body_end_, rid_;
  std::uint64_t templates_ = 0;
  std::vector<Places> places_;
  std::string rid_text_, etag_text_;
};

// How large the columns in such a frame are once they are decoded. Fails with corrupt.
Result<std::uint64_t> plain_columns_size(std::string_view frame);

}  // namespace halley::repo
