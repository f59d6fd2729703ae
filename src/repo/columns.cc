#include "repo/columns.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

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

bool is_dash(std::size_t at) { return at == 9 || at == 14 || at == 19 || at == 24; }

// Eight digits of lower-case hexadecimal become four bytes; false for other characters. All eight at once: every etag
// of every document comes by here.
bool parse_hex8(const char* digits, unsigned char* bytes) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kTops = 0x80 * kOnes;
  std::uint64_t text = 0;
  std::memcpy(&text, digits, sizeof text);
  if constexpr (std::endian::native == std::endian::big) text = __builtin_bswap64(text);
  if ((text & kTops) != 0) return false;
  // Of a byte below 0x80, adding 0x80 - n sets the top bit where it is n or more.
  const std::uint64_t from_0 = text + (0x80 - '0') * kOnes;
  const std::uint64_t beyond_9 = text + (0x80 - '9' - 1) * kOnes;
  const std::uint64_t from_a = text + (0x80 - 'a') * kOnes;
  const std::uint64_t beyond_f = text + (0x80 - 'f' - 1) * kOnes;
  const std::uint64_t letters = from_a & ~beyond_f & kTops;
  if ((((from_0 & ~beyond_9) | letters) & kTops) != kTops) return false;
  const std::uint64_t values = (text & 0x0F * kOnes) + (letters >> 7) * 9;
  // Both digits of a byte come together in every other byte, from the first; then these move together.
  std::uint64_t pairs = (values << 4 | values >> 8) & 0x00FF00FF00FF00FF;
  pairs = (pairs | pairs >> 8) & 0x0000FFFF0000FFFF;
  auto result = static_cast<std::uint32_t>(pairs | pairs >> 16);
  if constexpr (std::endian::native == std::endian::big) result = __builtin_bswap32(result);
  std::memcpy(bytes, &result, sizeof result);
  return true;
}

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
  const char* const at = text.data();
  if (at[9] != '-' || at[14] != '-' || at[19] != '-' || at[24] != '-') return false;
  // "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx" as four times eight digits.
  char middle[16];
  std::memcpy(middle, at + 10, 4);
  std::memcpy(middle + 4, at + 15, 4);
  std::memcpy(middle + 8, at + 20, 4);
  std::memcpy(middle + 12, at + 25, 4);
  return parse_hex8(at + 1, bytes) && parse_hex8(middle, bytes + 4) && parse_hex8(middle + 8, bytes + 8) &&
         parse_hex8(at + 29, bytes + 12);
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
  const auto value = [&](std::size_t i) { return std::uint32_t{kRidValues[static_cast<unsigned char>(text[i])]}; };
  std::uint32_t seen = 0;  // what is no digit has bits that no digit has
  std::size_t at = 0;
  for (; at + 4 < kRidText; at += 4) {  // four digits are three bytes
    const std::uint32_t a = value(at), b = value(at + 1), c = value(at + 2), d = value(at + 3);
    seen |= a | b | c | d;
    const std::uint32_t held = a << 18 | b << 12 | c << 6 | d;
    for (unsigned shift : {16U, 8U, 0U}) *bytes++ = static_cast<unsigned char>(held >> shift);
  }
  const std::uint32_t last = value(at) << 6 | value(at + 1);
  *bytes = static_cast<unsigned char>(last >> 4);
  return ((seen | value(at) | value(at + 1)) & 0xC0) == 0 && (last & 0xF) == 0;  // 132 bits: the last four are zero
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
