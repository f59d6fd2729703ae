// Byte strings and their plain encodings: little-endian integers, varints (LEB128), hex.
// A byte string is a std::string; a view of one is a std::string_view.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace halley {

void put_u8(std::string& out, std::uint8_t value);
void put_u32(std::string& out, std::uint32_t value);  // little-endian
void put_u64(std::string& out, std::uint64_t value);  // little-endian
void put_varint(std::string& out, std::uint64_t value);
void put_zigzag(std::string& out, std::int64_t value);      // signed varint
void put_string(std::string& out, std::string_view value);  // varint length, then the bytes

// Reads encodings off the front of a view. A read past the end or a malformed varint sets failed(), after which every
// read gives zero or empty; check failed() (or use finish()) before believing anything that was read.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  std::uint8_t u8();
  std::uint32_t u32();
  std::uint64_t u64();
  std::uint64_t varint();
  std::int64_t zigzag();
  std::string_view bytes(std::size_t count);
  std::string_view string();

  std::string_view rest() const { return rest_; }
  bool failed() const { return failed_; }
  bool at_end() const { return rest_.empty(); }

  // Code::corrupt naming `what` unless everything was read and nothing failed.
  Status finish(std::string_view what) const;

 private:
  std::string_view rest_;
  bool failed_ = false;
};

// Lower-case hex.
std::string to_hex(std::string_view bytes);
Result<std::string> from_hex(std::string_view text);

}  // namespace halley
