// Columns of a segment's block: integers in byte planes, texts behind their lengths (docs/repository-format.md,
// columns).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace halley::repo {

// The smallest value, the width of the differences to it in bytes, then one plane of bytes for each of these, lowest
// first. Values wrap around, so every 64-bit integer, signed ones too, comes back exactly.
void put_planes(std::string& out, const std::vector<std::uint64_t>& values);
// Appends `count` values to `values` after clearing it; sets the reader's failed() for what is no such column.
void get_planes(ByteReader& in, std::size_t count, std::vector<std::uint64_t>& values);

// The sixteen bytes of texts such as "\"0000d826-0000-0700-0000-5f3e0a1c0000\"", quotes included, lower case. False
// for any other text.
inline constexpr std::size_t kGuidSize = 16;
bool parse_etag(std::string_view text, unsigned char* bytes);
void append_etag(std::string& out, const unsigned char* bytes);

// Resource ids of documents: 24 characters of base64 with '-' for '/', canonical, for 16 bytes. False for any other
// text.
inline constexpr std::size_t kRidSize = 16;
bool parse_rid(std::string_view text, unsigned char* bytes);
void append_rid(std::string& out, const unsigned char* bytes);

}  // namespace halley::repo
