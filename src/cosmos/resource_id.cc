#include "cosmos/resource_id.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/check.h"
#include "codec/base64.h"

namespace halley::cosmos {
namespace {

std::string big_endian(std::uint32_t number) {
  return {static_cast<char>(number >> 24), static_cast<char>(number >> 16), static_cast<char>(number >> 8),
          static_cast<char>(number)};
}

// The bytes of a rid this program made itself.
std::string own_bytes(std::string_view text, std::size_t size) {
  auto bytes = rid_bytes(text);
  CHECK(bytes && bytes->size() == size);
  return std::move(*bytes);
}

}  // namespace

std::string rid_text(std::string_view bytes) {
  std::string text = codec::base64_encode(bytes);
  std::replace(text.begin(), text.end(), '/', '-');
  return text;
}

Result<std::string> rid_bytes(std::string_view text) {
  if (text.find('/') != std::string_view::npos) return fail(Code::invalid_argument, "a rid holds no '/'");
  std::string base64(text);
  std::replace(base64.begin(), base64.end(), '-', '/');
  return codec::base64_decode(base64);
}

std::string database_rid(std::uint32_t number) { return rid_text(big_endian(number)); }

std::string container_rid(std::string_view database_rid, std::uint32_t number) {
  constexpr std::uint32_t kContainerMark = 0x80000000;  // Tells a container from a user of the database.
  CHECK(number < kContainerMark);
  return rid_text(own_bytes(database_rid, 4) + big_endian(number | kContainerMark));
}

std::string child_rid(std::string_view container_rid, ChildKind kind, std::uint64_t number) {
  CHECK(number < std::uint64_t{1} << 60);
  std::string bytes = own_bytes(container_rid, 8);
  put_u64(bytes, number | static_cast<std::uint64_t>(kind) << 60);
  return rid_text(bytes);
}

}  // namespace halley::cosmos
