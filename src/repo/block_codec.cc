#include "repo/block_codec.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/check.h"

namespace halley::repo {
namespace {

// How a text is kept.
enum Form : std::uint8_t { kEmpty = 0, kUsual = 1, kLiteral = 2 };

// A shape byte: operation, form of the rid, form of the etag, whether there is a digest.
constexpr unsigned kRidShift = 2;
constexpr unsigned kEtagShift = 4;
constexpr std::uint8_t kHasDigest = 0x40;
constexpr std::uint8_t kUnusedBits = 0x80;

// Tags of key and id texts; greater ones are a length and kFirstLength.
constexpr std::uint64_t kSame = 0;     // as in the version before
constexpr std::uint64_t kDerived = 1;  // an id that the key text holds: ["<id>"]
constexpr std::uint64_t kFirstLength = 2;

constexpr std::size_t kAhead = 4;         // versions whose memory is asked for ahead of their turn
constexpr std::size_t kBodyAhead = 1024;  // so much of their bodies
// The least number of versions in a block whose bodies are taken apart.
constexpr std::size_t kWorthSplitting = 16;
constexpr std::size_t kMaxColumns = std::size_t{256} << 20;

void ask_for(const void* begin, std::size_t size) {
  for (std::size_t at = 0; at < size; at += 64) __builtin_prefetch(static_cast<const char*>(begin) + at);
}

Form rid_form(std::uint8_t shape) { return static_cast<Form>(shape >> kRidShift & 3); }
Form etag_form(std::uint8_t shape) { return static_cast<Form>(shape >> kEtagShift & 3); }

bool derives_id(std::string_view key) { return key.size() >= 4 && key.starts_with("[\"") && key.ends_with("\"]"); }
std::string_view derived_id(std::string_view key) { return key.substr(2, key.size() - 4); }

std::uint64_t load_u64(const unsigned char* bytes) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < 8; ++i) value |= static_cast<std::uint64_t>(bytes[i]) << (8 * i);
  return value;
}

Status bad(const char* why) { return fail(Code::corrupt, std::string("a block's columns: ") + why); }

}  // namespace

// Keys and ids.
void BlockEncoder::add_texts(const Version& version, const Version* previous) {
  const bool same_key = previous != nullptr && same_text(previous->partition_key, version.partition_key);
  key_tags_.push_back(same_key ? kSame : version.partition_key.size() + kFirstLength);
  if (!same_key) keys_ += version.partition_key;
  if (same_key && previous->id == version.id) {
    id_tags_.push_back(kSame);
  } else if (derives_id(version.partition_key) && derived_id(version.partition_key) == version.id) {
    id_tags_.push_back(kDerived);
  } else {
    id_tags_.push_back(version.id.size() + kFirstLength);
    ids_ += version.id;
  }
}

// Rid and etag; gives their part of the shape.
std::uint8_t BlockEncoder::add_names(const Version& version) {
  unsigned char bytes[16];
  unsigned shape = 0;
  if (!version.rid.empty()) {
    const bool usual = container_rid_.size() == 8 && parse_rid(version.rid, bytes) &&
                       std::memcmp(bytes, container_rid_.data(), 8) == 0;
    if (usual) rid_.push_back(load_u64(bytes + 8));
    if (!usual) put_string(literals_, version.rid);
    shape |= static_cast<unsigned>(usual ? kUsual : kLiteral) << kRidShift;
  }
  if (!version.etag.empty()) {
    const bool usual = parse_etag(version.etag, bytes);
    if (usual) etags_.append(reinterpret_cast<const char*>(bytes), kGuidSize);
    if (!usual) put_string(literals_, version.etag);
    shape |= static_cast<unsigned>(usual ? kUsual : kLiteral) << kEtagShift;
  }
  return static_cast<std::uint8_t>(shape);
}

// Where the id stands in the body, as written there; npos when it does not.
std::size_t BlockEncoder::find_id(const Version& version) {
  if (version.id.empty() || version.body.empty()) return std::string_view::npos;
  const auto offset =
      reinterpret_cast<std::uintptr_t>(version.id.data()) - reinterpret_cast<std::uintptr_t>(version.body.data());
  // As captured the id is a view of the body.
  if (offset < version.body.size() && version.id.size() <= version.body.size() - offset) return offset;
  needle_ = "\"id\":\"";
  const std::size_t before = needle_.size();
  needle_.append(version.id).append("\"");
  const void* const found = ::memmem(version.body.data(), version.body.size(), needle_.data(), needle_.size());
  if (found == nullptr) return std::string_view::npos;
  return static_cast<std::size_t>(static_cast<const char*>(found) - version.body.data()) + before;
}

// A template and values, or the body without its id, which the columns have already.
void BlockEncoder::add_body(const Version& version, bool split) {
  template_.push_back(split ? splitter_.add(version) : 0);
  if (template_.back() != 0) {
    id_cuts_.push_back(0);
    body_size_.push_back(0);
    return;
  }
  const std::string_view body = version.body;
  const std::size_t at = find_id(version);
  if (at == std::string_view::npos) {
    bodies_ += body;
    id_cuts_.push_back(0);
    body_size_.push_back(body.size());
    return;
  }
  bodies_ += body.substr(0, at);
  bodies_ += body.substr(at + version.id.size());
  id_cuts_.push_back(at + 1);
  body_size_.push_back(body.size() - version.id.size());
}

std::string_view BlockEncoder::encode(const std::vector<Version>& versions, std::span<const std::uint32_t> order) {
  for (auto* column :
       {&key_tags_, &id_tags_, &ts_, &time_, &since_, &epoch_, &lsn_, &body_size_, &id_cuts_, &template_, &rid_}) {
    column->clear();
  }
  for (auto* text : {&shapes_, &layouts_, &keys_, &ids_, &etags_, &literals_, &digests_, &columns_, &frame_, &bodies_})
    text->clear();
  splitter_.clear();
  const bool split = order.size() >= kWorthSplitting;
  const Version* previous = nullptr;
  for (std::size_t i = 0; i < order.size(); ++i) {
    // In this order versions lie scattered over memory.
    if (i + 2 * kAhead < order.size()) ask_for(&versions[order[i + 2 * kAhead]], sizeof(Version));
    if (i + kAhead < order.size()) {
      const Version& later = versions[order[i + kAhead]];
      ask_for(later.body.data(), std::min(later.body.size(), kBodyAhead));
      ask_for(later.values.data(), std::min(later.values.size_bytes(), kBodyAhead));
      ask_for(later.rid.data(), later.rid.size());
      ask_for(later.etag.data(), later.etag.size());
    }
    const Version& version = versions[order[i]];
    CHECK(version.operation <= Operation::expire);
    add_texts(version, previous);
    std::uint8_t shape = static_cast<std::uint8_t>(static_cast<unsigned>(version.operation) | add_names(version));
    if (version.digest != 0) {
      shape |= kHasDigest;
      put_u64(digests_, version.digest);
    }
    put_u8(shapes_, shape);
    put_u8(layouts_, version.layout);
    const auto ts = static_cast<std::uint64_t>(version.ts.value);
    const auto time = static_cast<std::uint64_t>(version.time.value);
    ts_.push_back(ts);
    time_.push_back(time - ts);
    since_.push_back(time - static_cast<std::uint64_t>(version.since.value));
    epoch_.push_back(version.position.epoch);
    lsn_.push_back(version.position.lsn);
    add_body(version, split);
    previous = &version;
  }
  columns_ += shapes_;
  columns_ += layouts_;
  for (const auto* column :
       {&ts_, &time_, &since_, &epoch_, &lsn_, &body_size_, &id_cuts_, &template_, &key_tags_, &id_tags_, &rid_}) {
    put_planes(columns_, *column);
  }
  splitter_.append_to(bodies_);
  const std::size_t etags = etags_.size() / kGuidSize;
  const std::size_t at = columns_.size();
  columns_.resize(at + etags_.size());
  char* const planes = columns_.data() + at;
  for (std::size_t i = 0; i < etags; ++i) {
    for (std::size_t plane = 0; plane < kGuidSize; ++plane) planes[plane * etags + i] = etags_[i * kGuidSize + plane];
  }
  columns_ += keys_;
  columns_ += ids_;
  columns_ += literals_;
  put_u32(frame_, static_cast<std::uint32_t>(digests_.size()));
  frame_ += digests_;  // as they are: nothing compresses them
  compressor_.compress(columns_, frame_);
  return frame_;
}

Result<std::uint64_t> plain_columns_size(std::string_view frame) {
  ByteReader outer(frame);
  const std::size_t digests = outer.u32();
  outer.bytes(digests);
  if (outer.failed()) return fail(bad("they end too early").error());
  ASSIGN(const std::uint64_t size, codec::content_size(outer.rest()));
  if (size > kMaxColumns) return fail(bad("they are too large").error());
  return digests + size;
}

Status BlockDecoder::decode(std::string_view frame, std::size_t count, std::uint8_t format,
                            codec::Decompressor& decompressor) {
  ByteReader outer(frame);
  digests_ = outer.bytes(outer.u32());
  if (outer.failed()) return bad("they end too early");
  columns_.clear();
  TRY(decompressor.decompress(outer.rest(), kMaxColumns, columns_));
  ByteReader in(columns_);
  shapes_ = in.bytes(count);
  layouts_ = in.bytes(count);
  if (in.failed()) return bad("they end too early");
  TRY(check_shapes());
  TRY(place_names());
  for (auto* column : {&ts_, &time_, &since_, &epoch_, &lsn_, &body_size_, &id_cuts_}) get_planes(in, count, *column);
  template_.assign(count, 0);  // the first format has none
  if (format > 1) get_planes(in, count, template_);
  for (auto* column : {&key_tags_, &id_tags_}) get_planes(in, count, *column);
  get_planes(in, rid_.size(), rid_);
  etags_ = in.bytes(etag_count_ * kGuidSize);
  if (in.failed()) return bad("they end too early");
  TRY(add_body_ends());
  TRY(check_templates());
  TRY(read_texts(in));
  return read_literals(in);
}

Status BlockDecoder::check_shapes() const {
  for (const char c : shapes_) {
    const auto shape = static_cast<std::uint8_t>(c);
    if ((shape & 3) > static_cast<unsigned>(Operation::expire) || rid_form(shape) > kLiteral ||
        etag_form(shape) > kLiteral || (shape & kUnusedBits) != 0) {
      return bad("a shape that is not known");
    }
  }
  return {};
}

// Counts what the shapes announce, which says where each version's part stands.
Status BlockDecoder::place_names() {
  std::uint32_t rids = 0;
  std::uint32_t etags = 0;
  std::uint32_t literals = 0;
  std::uint32_t digests = 0;
  places_.clear();
  for (const char c : shapes_) {
    const auto shape = static_cast<std::uint8_t>(c);
    Places& at = places_.emplace_back();
    if (rid_form(shape) != kEmpty) at.rid = rid_form(shape) == kUsual ? rids++ : literals++;
    if (etag_form(shape) != kEmpty) at.etag = etag_form(shape) == kUsual ? etags++ : literals++;
    if ((shape & kHasDigest) != 0) at.digest = digests++;
  }
  if (digests_.size() != std::size_t{8} * digests) return bad("their digests are not as many as they should be");
  if (rids > 0 && container_rid_.size() != 8) return bad("they shorten resource ids by a container that is not told");
  rid_.resize(rids);
  etag_count_ = etags;
  literals_.resize(literals);
  return {};
}

Status BlockDecoder::add_body_ends() {
  std::uint64_t end = 0;
  body_end_.clear();
  for (std::size_t i = 0; i < body_size_.size(); ++i) {
    if (epoch_[i] > std::numeric_limits<std::uint32_t>::max()) return bad("an epoch is out of range");
    if (id_cuts_[i] > body_size_[i] + 1) return bad("an id is cut out of a body behind its end");
    if (body_size_[i] > kMaxColumns || (end += body_size_[i]) > kMaxColumns) return bad("a body is too large");
    body_end_.push_back(end);
  }
  return {};
}

// Their numbers begin with 1, and each is one more than those before it, or one of those.
Status BlockDecoder::check_templates() {
  templates_ = 0;
  for (std::size_t i = 0; i < template_.size(); ++i) {
    if (template_[i] > templates_ + 1) return bad("a template is left out");
    templates_ = std::max(templates_, template_[i]);
    if (template_[i] != 0 && body_size_[i] + id_cuts_[i] != 0) return bad("a body that is stored twice");
  }
  return {};
}

Status BlockDecoder::read_texts(ByteReader& in) {
  const std::size_t count = shapes_.size();
  keys_.resize(count);
  ids_.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t tag = key_tags_[i];
    if (tag < kFirstLength && (tag != kSame || i == 0)) return bad("a key without a text");
    keys_[i] = tag == kSame ? keys_[i - 1] : in.bytes(tag - kFirstLength);
  }
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t tag = id_tags_[i];
    if (tag == kSame) {
      if (i == 0) return bad("an id without a text");
      ids_[i] = ids_[i - 1];
    } else if (tag == kDerived) {
      if (!derives_id(keys_[i])) return bad("an id that its key does not hold");
      ids_[i] = derived_id(keys_[i]);
    } else {
      ids_[i] = in.bytes(tag - kFirstLength);
    }
  }
  return {};
}

Status BlockDecoder::read_literals(ByteReader& in) {
  for (std::string_view& literal : literals_) literal = in.string();
  return in.finish("a block's columns");
}

void BlockDecoder::read(std::size_t i, Version& out) {
  const auto shape = static_cast<std::uint8_t>(shapes_[i]);
  const Places& at = places_[i];
  out.partition_key = keys_[i];
  out.id = ids_[i];
  out.rid = {};
  out.etag = {};
  if (rid_form(shape) == kUsual) {
    unsigned char bytes[kRidSize];
    std::memcpy(bytes, container_rid_.data(), 8);
    for (unsigned byte = 0; byte < 8; ++byte)
      bytes[8 + byte] = static_cast<unsigned char>(rid_[at.rid] >> (8 * byte) & 0xFF);
    rid_text_.clear();
    append_rid(rid_text_, bytes);
    out.rid = rid_text_;
  } else if (rid_form(shape) == kLiteral) {
    out.rid = literals_[at.rid];
  }
  if (etag_form(shape) == kUsual) {
    unsigned char bytes[kGuidSize];
    for (std::size_t plane = 0; plane < kGuidSize; ++plane) {
      bytes[plane] = static_cast<unsigned char>(etags_[plane * etag_count_ + at.etag]);
    }
    etag_text_.clear();
    append_etag(etag_text_, bytes);
    out.etag = etag_text_;
  } else if (etag_form(shape) == kLiteral) {
    out.etag = literals_[at.etag];
  }
  out.ts = {static_cast<std::int64_t>(ts_[i])};
  out.time = time(i);
  out.since = {static_cast<std::int64_t>(ts_[i] + time_[i] - since_[i])};
  out.position = position(i);
  out.operation = operation(i);
  out.layout = static_cast<SystemLayout>(layouts_[i]);
  out.digest = (shape & kHasDigest) != 0
                   ? ByteReader(std::string_view(digests_).substr(std::size_t{8} * at.digest, 8)).u64()
                   : 0;
  out.body = {};
  out.values = {};
}

}  // namespace halley::repo
