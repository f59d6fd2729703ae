#include "repo/columns.h"

#include <algorithm>
#include <array>
#include <bit>

namespace halley::repo {
namespace {

constexpr std::size_t kEtagText = 38;
constexpr std::size_t kRidText = 24;
constexpr char kRidDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-";
constexpr char kHexDigits[] = "0123456789abcdef";
constexpr std::uint8_t kNoDigit = 0xFF;

constexpr std::array<std::uint8_t, 256> digit_values(const char* digits) {
  std::array<std::uint8_t, 256> values{};
  for (auto& value : values) value = kNoDigit;
  for (std::uint8_t i = 0; digits[i] != '\0'; ++i) values[static_cast<unsigned char>(digits[i])] = i;
  return values;
}
constexpr auto kRidValues = digit_values(kRidDigits);
constexpr auto kHexValues = digit_values(kHexDigits);

bool is_dash(std::size_t at) { return at == 9 || at == 14 || at == 19 || at == 24; }

}  // namespace

void put_planes(std::string& out, const std::vector<std::uint64_t>& values) {
  std::uint64_t lowest = 0;
  std::uint64_t spread = 0;
  if (!values.empty()) {
    const auto [least, greatest] = std::minmax_element(values.begin(), values.end());
    lowest = *least;
    spread = *greatest - lowest;
  }
  const auto width = static_cast<unsigned>((std::bit_width(spread) + 7) / 8);
  put_varint(out, lowest);
  put_u8(out, static_cast<std::uint8_t>(width));
  const std::size_t at = out.size();
  out.resize(at + width * values.size());
  char* plane = out.data() + at;
  for (unsigned shift = 0; shift < 8 * width; shift += 8) {
    for (std::size_t i = 0; i < values.size(); ++i) plane[i] = static_cast<char>((values[i] - lowest) >> shift & 0xFF);
    plane += values.size();
  }
}

void get_planes(ByteReader& in, std::size_t count, std::vector<std::uint64_t>& values) {
  const std::uint64_t lowest = in.varint();
  const std::uint8_t width = in.u8();
  values.assign(in.failed() ? 0 : count, lowest);
  if (width > 8) {
    in.bytes(in.rest().size() + 1);  // no such column: the reader fails
    return;
  }
  for (unsigned shift = 0; shift < 8U * width; shift += 8) {
    const std::string_view plane = in.bytes(count);
    if (plane.size() != count) return;
    for (std::size_t i = 0; i < count; ++i) {
      values[i] += static_cast<std::uint64_t>(static_cast<unsigned char>(plane[i])) << shift;
    }
  }
}

bool parse_etag(std::string_view text, unsigned char* bytes) {
  if (text.size() != kEtagText || text.front() != '"' || text.back() != '"') return false;
  for (std::size_t at = 1; at < kEtagText - 1;) {
    if (is_dash(at)) {
      if (text[at++] != '-') return false;
      continue;
    }
    const std::uint8_t high = kHexValues[static_cast<unsigned char>(text[at])];
    const std::uint8_t low = kHexValues[static_cast<unsigned char>(text[at + 1])];
    if (high == kNoDigit || low == kNoDigit) return false;
    *bytes++ = static_cast<unsigned char>(high << 4 | low);
    at += 2;
  }
  return true;
}

void append_etag(std::string& out, const unsigned char* bytes) {
  const std::size_t begin = out.size();
  out += '"';
  for (std::size_t i = 0; i < kGuidSize; ++i) {
    if (is_dash(out.size() - begin)) out += '-';
    out += kHexDigits[bytes[i] >> 4];
    out += kHexDigits[bytes[i] & 15];
  }
  out += '"';
}

bool parse_rid(std::string_view text, unsigned char* bytes) {
  if (text.size() != kRidText || !text.ends_with("==")) return false;
  std::uint32_t held = 0;
  unsigned bits = 0;
  for (std::size_t i = 0; i < kRidText - 2; ++i) {
    const std::uint8_t digit = kRidValues[static_cast<unsigned char>(text[i])];
    if (digit == kNoDigit) return false;
    held = held << 6 | digit;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      *bytes++ = static_cast<unsigned char>(held >> bits & 0xFF);
    }
  }
  return (held & 0xF) == 0;  // 22 digits hold 132 bits; the last four must be zero
}

void append_rid(std::string& out, const unsigned char* bytes) {
  std::uint32_t held = 0;
  unsigned bits = 0;
  for (std::size_t i = 0; i < kRidSize; ++i) {
    held = held << 8 | bytes[i];
    bits += 8;
    while (bits >= 6) {
      bits -= 6;
      out += kRidDigits[held >> bits & 0x3F];
    }
  }
  out += kRidDigits[held << (6 - bits) & 0x3F];
  out += "==";
}

}  // namespace halley::repo
