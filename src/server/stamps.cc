#include "server/stamps.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace halley::server {

std::string Stamps::next_etag(Second at) {
  const std::uint64_t number = ++written_;
  return fmt::format("\"{:08x}-{:04x}-0d00-0000-{:08x}0000\"", number & 0xffffffff, number >> 32 & 0xffff,
                     static_cast<std::uint32_t>(at.value));
}

void Stamps::go_on_from(std::uint64_t etags) { written_ = std::max(written_.load(), etags); }

void Stamps::note_etag(std::string_view etag) {
  std::uint32_t low = 0;
  std::uint32_t high = 0;
  if (etag.size() < 14) return;
  std::from_chars(etag.data() + 1, etag.data() + 9, low, 16);
  std::from_chars(etag.data() + 10, etag.data() + 14, high, 16);
  go_on_from(std::uint64_t{high} << 32 | low);
}

}  // namespace halley::server
