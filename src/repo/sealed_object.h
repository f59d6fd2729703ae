// Sealed objects: a header with a wrapped key of their own, frames of AES-256-GCM, a trailer
// (docs/repository-format.md, sealed objects).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "codec/seal.h"
#include "repo/key_ring.h"
#include "runtime/runtime.h"

namespace halley::repo {

enum class ObjectKind : std::uint8_t { segment = 1, commit = 2, rollup = 3, span = 4 };

// What a writer writes. Of segments readers know every one from 1, of the others this one.
constexpr std::uint8_t newest_format(ObjectKind kind) { return kind == ObjectKind::segment ? 2 : 1; }

inline constexpr std::size_t kHeaderSize = 88;
inline constexpr std::size_t kTrailerSize = 16;

// Writes one object. Each writer has a fresh key, so the same content sealed twice shares nothing.
class SealedWriter {
 public:
  SealedWriter(Runtime& runtime, const KeyRing& keys, ObjectKind kind, std::string_view name)
      : SealedWriter(runtime, keys, kind, name, newest_format(kind)) {}
  SealedWriter(Runtime& runtime, const KeyRing& keys, ObjectKind kind, std::string_view name, std::uint8_t format);

  // Appends bytes as they are: the segment that rides in a commit. Only before the first frame.
  void add_plain(std::string_view bytes) { bytes_.append(bytes); }
  // Appends the next frame; gives its sealed size.
  std::size_t add_frame(std::string_view content);
  // Appends the last frame and the trailer; gives the object.
  std::string finish(std::string_view content);

 private:
  void seal(std::string_view content, bool last);

  std::string context_;
  std::string bytes_;
  codec::Aead aead_;
  std::uint64_t frames_ = 0;
};

// Opens the frames of one object. Everything that fails is corrupt (or unsupported, for a format of the future) and
// names the object.
class SealedReader {
 public:
  // `header`: the first kHeaderSize bytes.
  static Result<SealedReader> open(const KeyRing& keys, ObjectKind kind, std::string_view name,
                                   std::string_view header);

  // Appends the content of frame `number` to `out`.
  Status open_frame(std::uint64_t number, bool last, std::string_view sealed, std::string& out);
  std::uint8_t format() const { return format_; }
  Error damaged(std::string_view why) const;

 private:
  SealedReader(std::string name, std::uint8_t format, std::string context, std::string_view key)
      : name_(std::move(name)), format_(format), context_(std::move(context)), aead_(key) {}

  std::string name_;
  std::uint8_t format_;
  std::string context_;
  codec::Aead aead_;
};

// What the last kTrailerSize bytes of an object say.
struct Trailer {
  std::uint32_t last_frame = 0;       // its number
  std::uint32_t last_frame_size = 0;  // sealed
};
Result<Trailer> parse_trailer(std::string_view trailer, std::string_view name);

// A whole object of one frame: what lies between header and frame (`plain`), and the frame's content.
struct OpenedObject {
  std::string_view plain;  // into the bytes
  std::string content;
};
Result<OpenedObject> open_whole(const KeyRing& keys, ObjectKind kind, std::string_view name, std::string_view bytes);

}  // namespace halley::repo
