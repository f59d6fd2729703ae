// The digest of JSON values, docs/body-digest.md. Inline: it sees every token of every document that is backed up.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "json/number_text.h"
#include "json/string_text.h"
#include "json/structure.h"
#include "json/value_places.h"

namespace halley::json {

// The constants of docs/body-digest.md: the first digits of pi's fraction, in hexadecimal.
inline constexpr std::uint64_t kNullDigest = 0x243F6A8885A308D3;
inline constexpr std::uint64_t kFalseDigest = 0x13198A2E03707344;
inline constexpr std::uint64_t kTrueDigest = 0xA4093822299F31D0;
inline constexpr std::uint64_t kNumberMask = 0x082EFA98EC4E6C89;
inline constexpr std::uint64_t kNumberFactor = 0x452821E638D01377;
inline constexpr std::uint64_t kStringStart = 0xBE5466CF34E90C6C;
inline constexpr std::uint64_t kStringMask = 0xC0AC29B7C97C50DD;
inline constexpr std::uint64_t kArrayStart = 0x3F84D5B5B5470917;
inline constexpr std::uint64_t kArrayFactor = 0x9216D5D98979FB1B;
inline constexpr std::uint64_t kNameMask = 0xD1310BA698DFB5AC;
inline constexpr std::uint64_t kMemberMask = 0x2FFD72DBD01ADFB7;
inline constexpr std::uint64_t kObjectMask = 0xB8E1AFED6A267E96;
inline constexpr std::uint64_t kObjectFactor = 0xBA7C9045F12C7F99;

// The two halves of the 128-bit product, one xor the other.
inline std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
  __extension__ using Product = unsigned __int128;
  const Product product = static_cast<Product>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// Eight bytes as a little-endian integer.
inline std::uint64_t load64(const char* bytes) {
  std::uint64_t value;
  std::memcpy(&value, bytes, sizeof value);
  if constexpr (std::endian::native == std::endian::big) value = __builtin_bswap64(value);
  return value;
}

// `readable_end`: up to there memory may be read, which makes it quicker than at the very end of memory.
inline std::uint64_t string_digest(std::string_view decoded, const char* readable_end) {
  const char* at = decoded.data();
  std::size_t left = decoded.size();
  std::uint64_t digest = kStringStart ^ left;
  for (; left > 16; at += 16, left -= 16) digest = fold(load64(at) ^ digest, load64(at + 8) ^ kStringMask);
  if (readable_end - at >= 16) {
    // The 16 bytes that begin 16 - left bytes into this are `left` bytes of ones, then zeros.
    static constexpr unsigned char kMasks[32] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                                 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    const char* const mask = reinterpret_cast<const char*>(kMasks) + (16 - left);
    return fold((load64(at) & load64(mask)) ^ digest, (load64(at + 8) & load64(mask + 8)) ^ kStringMask);
  }
  char last[16] = {};
  if (left > 0) std::memcpy(last, at, left);
  return fold(load64(last) ^ digest, load64(last + 8) ^ kStringMask);
}

inline std::uint64_t number_digest(double value) {
  return fold(std::bit_cast<std::uint64_t>(value + 0.0) ^ kNumberMask, kNumberFactor);  // -0 + 0 is 0
}
inline std::uint64_t element_digest(std::uint64_t before, std::uint64_t element) {
  return fold(before ^ element, kArrayFactor);
}
inline std::uint64_t member_digest(std::uint64_t name, std::uint64_t value) {
  return fold(name ^ kNameMask, value ^ kMemberMask);
}
inline std::uint64_t object_digest(std::uint64_t sum_of_members) {
  return fold(sum_of_members ^ kObjectMask, kObjectFactor);
}

// Reads values, checking all their grammar, and digests them. Places are passed and given back by value: kept in a
// member they would go through memory at every token.
class Digester {
 public:
  explicit Digester(const Tokens& tokens) : tokens_(tokens), backslashes_(tokens) {}

  // A digest and the place behind what it is of. `next` is null where the text is not JSON, is nested more than
  // kMaxDepth levels or has a number outside the double range; failed_at() then tells about where.
  struct Step {
    const Token* next;
    std::uint64_t digest;
  };

  // The value at `at`, which is inside `depth` levels.
  Step value(const Token* at, int depth) {
    switch (tokens_.peek(at)) {
      case '"':
        return noted(at, string(at));
      case '{':
        return object(at, depth);
      case '[':
        return array(at, depth);
      case 't':
        return literal(at, "true", kTrueDigest);
      case 'f':
        return literal(at, "false", kFalseDigest);
      case 'n':
        return literal(at, "null", kNullDigest);
      case '\0':
        return fail(at);
      default:
        return number(at);
    }
  }

  Step string(const Token* at) {
    std::string_view text;
    if (!tokens_.string(at, text)) return fail(at);
    if (!backslashes_.is_in(text)) return {at + 1, string_digest(text, tokens_.text_end())};
    return decode(text) ? Step{at + 1, string_digest(text, text.data() + text.size())} : fail(at);
  }

  // The string at `at`, decoded; valid until the next string. False if there is none.
  bool decoded_string(const Token* at, std::string_view& text) {
    return tokens_.string(at, text) && (!backslashes_.is_in(text) || decode(text));
  }

  // Where the values stand that value() reads, once begin() was called on it.
  ValuePlaces& places() { return places_; }

  Step fail(const Token* at) {
    failed_at_ = at;
    return {nullptr, 0};
  }
  const Token* failed_at() const { return failed_at_; }

 private:
  // The string at `at`, whose step this is, as a value.
  Step noted(const Token* at, Step step) {
    if (step.next != nullptr) places_.note(tokens_.here(at), tokens_.end_before(at + 1));
    return step;
  }

  Step number(const Token* at) {
    const std::string_view text = tokens_.plain(at);
    places_.note(text.data(), text.data() + text.size());
    double value = 0;
    if (!read_number(text.data(), text.data() + text.size(), value)) return fail(at);
    return {at + 1, number_digest(value)};
  }

  Step literal(const Token* at, std::string_view expected, std::uint64_t digest) {
    const std::string_view text = tokens_.plain(at);
    places_.note(text.data(), text.data() + text.size());
    return text == expected ? Step{at + 1, digest} : fail(at);
  }

  bool decode(std::string_view& text);
  Step object(const Token* at, int depth);
  Step array(const Token* at, int depth);

  const Tokens tokens_;
  BackslashFinder backslashes_;
  ValuePlaces places_;
  const Token* failed_at_ = nullptr;
  std::string decoded_;
};

}  // namespace halley::json
