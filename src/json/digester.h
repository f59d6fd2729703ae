// The digest of JSON values, docs/body-digest.md. Inline: it sees every token of every document that is backed up.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

#include "json/number_text.h"
#include "json/string_text.h"
#include "json/structure.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace halley::json {

// The constants of docs/body-digest.md: the first digits of pi's fraction, in hexadecimal.
inline constexpr std::uint64_t kNullDigest = 0x243F6A8885A308D3;
inline constexpr std::uint64_t kFalseDigest = 0x13198A2E03707344;
inline constexpr std::uint64_t kTrueDigest = 0xA4093822299F31D0;
inline constexpr std::uint64_t kNumberMask = 0x082EFA98EC4E6C89;
inline constexpr std::uint64_t kNumberFactor = 0x452821E638D01377;
inline constexpr std::uint64_t kArrayStart = 0xBE5466CF34E90C6C;
inline constexpr std::uint64_t kArrayFactor = 0xC0AC29B7C97C50DD;
inline constexpr std::uint64_t kNameMask = 0x3F84D5B5B5470917;
inline constexpr std::uint64_t kMemberMask = 0x9216D5D98979FB1B;
inline constexpr std::uint64_t kObjectMask = 0xD1310BA698DFB5AC;
inline constexpr std::uint64_t kObjectFactor = 0x2FFD72DBD01ADFB7;

// The two halves of the 128-bit product, one xor the other.
inline std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
  __extension__ using Product = unsigned __int128;
  const Product product = static_cast<Product>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

inline std::uint64_t string_digest(std::string_view decoded) { return XXH3_64bits(decoded.data(), decoded.size()); }
inline std::uint64_t number_digest(double value) {
  return fold(std::bit_cast<std::uint64_t>(value + 0.0) ^ kNumberMask, kNumberFactor);  // -0 + 0 is 0
}
inline std::uint64_t member_digest(std::uint64_t name, std::uint64_t value) {
  return fold(name ^ kNameMask, value ^ kMemberMask);
}
inline std::uint64_t object_digest(std::uint64_t sum_of_members) {
  return fold(sum_of_members ^ kObjectMask, kObjectFactor);
}

// Reads values off a cursor, checking all their grammar, and digests them. Each function is false where the text is not JSON,
// is nested too deeply or has a number outside the double range; the cursor is then at or just behind the place.
class Digester {
 public:
  explicit Digester(Cursor cursor) : cursor_(cursor) {}

  Cursor& cursor() { return cursor_; }
  // Enters and leaves an array or object that the caller reads by itself.
  bool enter() { return ++depth_ <= kMaxDepth; }
  void leave() { --depth_; }

  bool value(std::uint64_t& digest) {
    switch (cursor_.peek()) {
      case '"':
        return string(digest);
      case '{':
        return object(digest);
      case '[':
        return array(digest);
      case 't':
        return literal("true", kTrueDigest, digest);
      case 'f':
        return literal("false", kFalseDigest, digest);
      case 'n':
        return literal("null", kNullDigest, digest);
      case '\0':
        return false;
      default:
        return number(digest);
    }
  }

  bool string(std::uint64_t& digest) {
    std::string_view decoded;
    if (!take_decoded(decoded)) return false;
    digest = string_digest(decoded);
    return true;
  }

  // A string, decoded; valid until the next one.
  bool take_decoded(std::string_view& decoded) {
    if (!cursor_.take_string(decoded)) return false;
    return !cursor_.is_escaped(decoded) || decode(decoded);
  }

 private:
  bool number(std::uint64_t& digest) {
    const std::string_view text = cursor_.plain();
    double value = 0;
    if (!read_number(text.data(), text.data() + text.size(), value)) return false;
    cursor_.step();
    digest = number_digest(value);
    return true;
  }

  bool literal(std::string_view expected, std::uint64_t constant, std::uint64_t& digest) {
    if (cursor_.plain() != expected) return false;
    cursor_.step();
    digest = constant;
    return true;
  }

  bool decode(std::string_view& text);
  bool object(std::uint64_t& digest);
  bool array(std::uint64_t& digest);

  Cursor cursor_;
  int depth_ = 0;
  std::string decoded_;
};

}  // namespace halley::json
