// Master-key signatures (docs/wire-protocol.md, authentication). Used by the client to sign and by the embedded
// server to verify.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace halley::cosmos {

// The key every Cosmos emulator ships with; not a secret.
inline constexpr std::string_view kEmulatorKey =
    "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw==";

// The base64 signature. `verb` in any case; `resource_link` raw (not percent-encoded; rid-based links already
// lower-cased); `date` is the value of x-ms-date. `key` is the decoded key.
std::string master_key_signature(std::string_view key, std::string_view verb, std::string_view resource_type,
                                 std::string_view resource_link, std::string_view date);

// The whole authorization header value, URL-encoded.
std::string master_key_token(std::string_view key, std::string_view verb, std::string_view resource_type,
                             std::string_view resource_link, std::string_view date);

// What of a path is signed: the resource type and link of a request (docs/wire-protocol.md has the rules).
struct SignedResource {
  std::string type;
  std::string link;
};
// `decoded_segments` are the path's segments after percent-decoding.
SignedResource signed_resource(const std::vector<std::string>& decoded_segments);

}  // namespace halley::cosmos
