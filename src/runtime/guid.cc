#include "runtime/guid.h"

#include "base/bytes.h"

namespace halley {

std::string new_guid(Runtime& runtime) {
  std::string bytes = runtime.random_bytes(16);
  bytes[6] = static_cast<char>((bytes[6] & 0x0F) | 0x40);
  bytes[8] = static_cast<char>((bytes[8] & 0x3F) | 0x80);
  std::string guid = to_hex(bytes);
  for (const std::size_t at : {20U, 16U, 12U, 8U}) guid.insert(at, 1, '-');
  return guid;
}

}  // namespace halley
