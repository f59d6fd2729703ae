#include "cosmos/signing.h"

#include "codec/base64.h"
#include "codec/hash.h"
#include "cosmos/resource_id.h"
#include "http/message.h"

namespace halley::cosmos {
namespace {

void append_lower(std::string& out, std::string_view text) {
  for (const char c : text) out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string lower(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  append_lower(out, text);
  return out;
}

std::string join(const std::vector<std::string>& segments, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) out += '/';
    out += segments[i];
  }
  return out;
}

// A path is addressed by rids when the segment after "dbs" is the rid of a database: four bytes.
bool is_rid_based(const std::vector<std::string>& segments) {
  if (segments.size() < 2 || segments[0] != "dbs") return false;
  const auto bytes = rid_bytes(segments[1]);
  return bytes && bytes->size() == 4;
}

}  // namespace

std::string master_key_signature(std::string_view key, std::string_view verb, std::string_view resource_type,
                                 std::string_view resource_link, std::string_view date) {
  std::string text;
  text.reserve(verb.size() + resource_type.size() + resource_link.size() + date.size() + 5);
  append_lower(text, verb);
  text += '\n';
  append_lower(text, resource_type);
  text += '\n';
  text += resource_link;
  text += '\n';
  append_lower(text, date);
  text += "\n\n";  // The fifth field is the date header, empty because x-ms-date is sent.
  return codec::base64_encode(codec::hmac_sha256(key, text));
}

std::string master_key_token(std::string_view key, std::string_view verb, std::string_view resource_type,
                             std::string_view resource_link, std::string_view date) {
  return http::percent_encode("type=master&ver=1.0&sig=" +
                              master_key_signature(key, verb, resource_type, resource_link, date));
}

SignedResource signed_resource(const std::vector<std::string>& segments) {
  if (segments.empty()) return {};
  // Deleting a whole logical partition is signed as an operation on its container.
  if (segments.size() == 6 && segments[4] == "operations") return {"colls", join(segments, 4)};
  const bool one_resource = segments.size() % 2 == 0;
  const std::string& type = one_resource ? segments[segments.size() - 2] : segments.back();
  if (type == "offers" || is_rid_based(segments)) {
    if (segments.size() < 2) return {type, ""};
    return {type, lower(one_resource ? segments.back() : segments[segments.size() - 2])};
  }
  return {type, join(segments, one_resource ? segments.size() : segments.size() - 1)};
}

}  // namespace halley::cosmos
