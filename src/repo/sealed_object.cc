#include "repo/sealed_object.h"

#include <fmt/format.h>

#include <limits>

#include "base/bytes.h"
#include "base/check.h"

namespace halley::repo {
namespace {

constexpr std::string_view kMagic("HALLEY\r\n", 8);
constexpr std::string_view kEndMagic("YELLAH\r\n", 8);
constexpr std::uint8_t kSymmetricWrap = 1;
constexpr std::size_t kKeyIdSize = 16;
constexpr std::size_t kWrappedSize = codec::kNonceSize + codec::kKeySize + codec::kTagSize;
static_assert(kHeaderSize == kMagic.size() + 4 + kKeyIdSize + kWrappedSize);

const std::string& wrapping_key(const KeyEpoch& epoch, ObjectKind kind) {
  return kind == ObjectKind::segment ? epoch.data_key : epoch.control_key;
}

// What every frame of an object is bound to; the name stands last, so no two contexts are the same bytes.
std::string context_of(const KeyRing& keys, ObjectKind kind, std::uint8_t format, std::string_view name) {
  std::string context = keys.repository_id();
  put_u8(context, static_cast<std::uint8_t>(kind));
  put_u8(context, format);
  context += name;
  return context;
}

std::string nonce_of(std::uint64_t frame) {
  std::string nonce;
  put_u64(nonce, frame);
  put_u32(nonce, 0);
  return nonce;
}

std::string frame_context(std::uint64_t frame, bool last, std::string_view context) {
  std::string out;
  out.reserve(9 + context.size());
  put_u64(out, frame);
  put_u8(out, last ? 1 : 0);
  out += context;
  return out;
}

Error damaged_object(std::string_view name, std::string_view why) {
  return {Code::corrupt, fmt::format("`{}` is damaged: {}", name, why)};
}

}  // namespace

SealedWriter::SealedWriter(Runtime& runtime, const KeyRing& keys, ObjectKind kind, std::string_view name,
                           std::uint8_t format)
    : context_(context_of(keys, kind, format, name)), aead_([&] {
        const std::string key = runtime.random_bytes(codec::kKeySize);
        const std::string nonce = runtime.random_bytes(codec::kNonceSize);
        bytes_ = kMagic;
        put_u8(bytes_, static_cast<std::uint8_t>(kind));
        put_u8(bytes_, format);
        put_u8(bytes_, kSymmetricWrap);
        put_u8(bytes_, 0);
        bytes_ += keys.newest().id;
        bytes_ += nonce;
        codec::Aead(wrapping_key(keys.newest(), kind)).seal(nonce, context_, key, bytes_);
        return codec::Aead(key);
      }()) {}

void SealedWriter::seal(std::string_view content, bool last) {
  aead_.seal(nonce_of(frames_), frame_context(frames_, last, context_), content, bytes_);
  ++frames_;
}

std::size_t SealedWriter::add_frame(std::string_view content) {
  const std::size_t before = bytes_.size();
  seal(content, false);
  return bytes_.size() - before;
}

std::string SealedWriter::finish(std::string_view content) {
  constexpr std::size_t kMax = std::numeric_limits<std::uint32_t>::max();
  CHECK(content.size() < kMax - codec::kTagSize && frames_ < kMax);
  seal(content, true);
  put_u32(bytes_, static_cast<std::uint32_t>(frames_ - 1));
  put_u32(bytes_, static_cast<std::uint32_t>(content.size() + codec::kTagSize));
  bytes_ += kEndMagic;
  return std::move(bytes_);
}

Result<SealedReader> SealedReader::open(const KeyRing& keys, ObjectKind kind, std::string_view name,
                                        std::string_view header) {
  if (header.size() < kHeaderSize) return fail(damaged_object(name, "it is too short"));
  ByteReader reader(header.substr(0, kHeaderSize));
  if (reader.bytes(kMagic.size()) != kMagic) return fail(damaged_object(name, "it does not begin as objects do"));
  const std::uint8_t found_kind = reader.u8();
  const std::uint8_t format = reader.u8();
  const std::uint8_t wrap = reader.u8();
  const std::uint8_t zero = reader.u8();
  if (found_kind != static_cast<std::uint8_t>(kind)) {
    return fail(damaged_object(
        name, fmt::format("it is of kind {} where kind {} belongs", found_kind, static_cast<int>(kind))));
  }
  if (format == 0 || format > newest_format(kind) || wrap != kSymmetricWrap || zero != 0) {
    return fail(Code::unsupported,
                fmt::format("`{}` has format {}.{}.{}, which is not known here", name, format, wrap, zero),
                "It is damaged, or a newer version of Halley wrote it.");
  }
  const std::string_view key_id = reader.bytes(kKeyIdSize);
  const KeyEpoch* const epoch = keys.find(key_id);
  if (epoch == nullptr) {
    return fail(damaged_object(
        name, fmt::format("it is sealed under key {}, which the password does not open", to_hex(key_id))));
  }
  const std::string_view nonce = reader.bytes(codec::kNonceSize);
  std::string context = context_of(keys, kind, format, name);
  std::string key;
  if (!codec::Aead(wrapping_key(*epoch, kind)).open(nonce, context, reader.rest(), key)) {
    return fail(damaged_object(name, "its header does not belong to it"));
  }
  return SealedReader(std::string(name), format, std::move(context), key);
}

Status SealedReader::open_frame(std::uint64_t number, bool last, std::string_view sealed, std::string& out) {
  if (!aead_.open(nonce_of(number), frame_context(number, last, context_), sealed, out)) {
    return fail(damaged(fmt::format("frame {} does not belong to it", number)));
  }
  return {};
}

Error SealedReader::damaged(std::string_view why) const { return damaged_object(name_, why); }

Result<Trailer> parse_trailer(std::string_view trailer, std::string_view name) {
  if (trailer.size() != kTrailerSize || !trailer.ends_with(kEndMagic)) {
    return fail(damaged_object(name, "it does not end as objects do"));
  }
  ByteReader reader(trailer);
  Trailer result;
  result.last_frame = reader.u32();
  result.last_frame_size = reader.u32();
  return result;
}

Result<OpenedObject> open_whole(const KeyRing& keys, ObjectKind kind, std::string_view name, std::string_view bytes) {
  ASSIGN(SealedReader reader, SealedReader::open(keys, kind, name, bytes));
  if (bytes.size() < kHeaderSize + kTrailerSize) return fail(reader.damaged("it is too short"));
  ASSIGN(const Trailer trailer, parse_trailer(bytes.substr(bytes.size() - kTrailerSize), name));
  const std::string_view middle = bytes.substr(kHeaderSize, bytes.size() - kHeaderSize - kTrailerSize);
  if (trailer.last_frame != 0 || trailer.last_frame_size > middle.size()) {
    return fail(reader.damaged("its trailer is wrong"));
  }
  OpenedObject object;
  object.plain = middle.substr(0, middle.size() - trailer.last_frame_size);
  TRY(reader.open_frame(0, true, middle.substr(object.plain.size()), object.content));
  return object;
}

}  // namespace halley::repo
