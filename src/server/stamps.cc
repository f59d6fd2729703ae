#include "server/stamps.h"

#include <fmt/format.h>

namespace halley::server {

std::string Stamps::next_etag(Second at) {
  const std::uint64_t number = ++written_;
  return fmt::format("\"{:08x}-{:04x}-0d00-0000-{:08x}0000\"", number & 0xffffffff, number >> 32 & 0xffff,
                     static_cast<std::uint32_t>(at.value));
}

}  // namespace halley::server
