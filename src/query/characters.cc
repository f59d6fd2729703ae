#include "query/characters.h"

#include <algorithm>

namespace halley::query {
namespace {

bool is_continuation(char c) { return (c & 0xC0) == 0x80; }

template <char32_t (*Change)(char32_t)>
std::string changed(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); at += character_size(text, at)) {
    append_character(out, Change(decode_character(text, at)));
  }
  return out;
}

}  // namespace

std::size_t character_size(std::string_view text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const std::size_t size = lead < 0xC0 ? 1 : (lead < 0xE0 ? 2 : (lead < 0xF0 ? 3 : 4));
  return std::min(size, text.size() - at);
}

std::size_t character_count(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(c); }));
}

std::size_t byte_of_character(std::string_view text, std::size_t index) {
  std::size_t at = 0;
  for (; index > 0 && at < text.size(); --index) at += character_size(text, at);
  return at;
}

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t size = character_size(text, at);
    const std::size_t wanted = lead < 0x80 ? 1 : (lead < 0xE0 ? 2 : (lead < 0xF0 ? 3 : 4));
    if (size != wanted || (lead >= 0x80 && lead < 0xC2) || lead > 0xF4) return false;
    for (std::size_t i = 1; i < size; ++i) {
      if (!is_continuation(text[at + i])) return false;
    }
    const char32_t character = decode_character(text, at);
    if ((size == 3 && character < 0x800) || (size == 4 && (character < 0x10000 || character > 0x10FFFF))) return false;
    if (character >= 0xD800 && character < 0xE000) return false;
    at += size;
  }
  return true;
}

char32_t decode_character(std::string_view text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const std::size_t size = character_size(text, at);
  if (size == 1) return lead;
  char32_t character = lead & (0x7FU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    character = character << 6U | (static_cast<unsigned char>(text[at + i]) & 0x3FU);
  }
  return character;
}

void append_character(std::string& out, char32_t character) {
  const auto put = [&](char32_t bits) { out += static_cast<char>(static_cast<unsigned char>(bits)); };
  if (character < 0x80) return put(character);
  if (character < 0x800) {
    put(0xC0U | character >> 6U);
  } else if (character < 0x10000) {
    put(0xE0U | character >> 12U);
    put(0x80U | (character >> 6U & 0x3FU));
  } else {
    put(0xF0U | character >> 18U);
    put(0x80U | (character >> 12U & 0x3FU));
    put(0x80U | (character >> 6U & 0x3FU));
  }
  put(0x80U | (character & 0x3FU));
}

char32_t to_upper(char32_t c) {
  if (c >= U'a' && c <= U'z') return c - 32;
  if (c < 0x80) return c;
  if (c >= 0xE0 && c <= 0xFE && c != 0xF7) return c - 32;
  if (c == 0xFF) return 0x178;
  if (c >= 0x100 && c <= 0x17F) {
    const bool odd_is_lower = (c <= 0x137 && c != 0x131) || (c >= 0x14A && c <= 0x177);
    const bool even_is_lower = (c >= 0x139 && c <= 0x148) || c >= 0x179;
    if (odd_is_lower && (c & 1) == 1) return c - 1;
    if (even_is_lower && (c & 1) == 0 && c != 0x138) return c - 1;
    return c;
  }
  if (c >= 0x3B1 && c <= 0x3C9 && c != 0x3C2) return c - 32;
  if (c >= 0x430 && c <= 0x44F) return c - 32;
  if (c >= 0x450 && c <= 0x45F) return c - 80;
  return c;
}

char32_t to_lower(char32_t c) {
  if (c >= U'A' && c <= U'Z') return c + 32;
  if (c < 0x80) return c;
  if (c >= 0xC0 && c <= 0xDE && c != 0xD7) return c + 32;
  if (c >= 0x100 && c <= 0x17F) {
    if (c == 0x178) return 0xFF;
    const bool even_is_upper = (c <= 0x137 && c != 0x130) || (c >= 0x14A && c <= 0x177);
    const bool odd_is_upper = (c >= 0x139 && c <= 0x148) || c >= 0x179;
    if (even_is_upper && (c & 1) == 0) return c + 1;
    if (odd_is_upper && (c & 1) == 1 && c != 0x17F) return c + 1;
    return c;
  }
  if (c >= 0x391 && c <= 0x3A9 && c != 0x3A2) return c + 32;
  if (c >= 0x410 && c <= 0x42F) return c + 32;
  if (c >= 0x400 && c <= 0x40F) return c + 80;
  return c;
}

std::string to_upper(std::string_view text) { return changed<to_upper>(text); }
std::string to_lower(std::string_view text) { return changed<to_lower>(text); }

}  // namespace halley::query
