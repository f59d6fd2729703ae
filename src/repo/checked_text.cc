#include "repo/checked_text.h"

#include "base/bytes.h"
#include "base/check.h"
#include "codec/hash.h"

namespace halley::repo {
namespace {

constexpr std::string_view kBefore = ",\"checksum\":\"";
constexpr std::string_view kAfter = "\"}\n";

}  // namespace

std::string with_checksum(std::string object_text) {
  CHECK(object_text.size() > 2 && object_text.ends_with('}'));
  object_text.pop_back();
  const std::string checksum = to_hex(codec::sha256(object_text));
  return object_text.append(kBefore).append(checksum).append(kAfter);
}

Result<json::Value> parse_checked(std::string_view file, std::string_view name) {
  const auto damaged = [&] {
    return fail(Code::corrupt, "`" + std::string(name) + "` is damaged",
                "Bring it back from another copy of the repository.");
  };
  const std::size_t at = file.rfind(kBefore);
  if (at == std::string_view::npos || at < 2) return damaged();
  if (with_checksum(std::string(file.substr(0, at)) + "}") != file) return damaged();
  auto value = json::parse(file);
  if (!value || !value->is_object()) return damaged();
  return value;
}

}  // namespace halley::repo
