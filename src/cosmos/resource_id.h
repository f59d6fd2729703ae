// _rid: the binary addresses of resources (docs/wire-protocol.md, resource ids).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace halley::cosmos {

// Kinds of a container's children: the top nibble of byte 15.
enum class ChildKind : std::uint8_t { document = 0, conflict = 4, range = 5, udf = 6, trigger = 7, sproc = 8 };

// Text (base64 with '/' as '-') <-> bytes. Fails with invalid_argument for a text that is no rid.
std::string rid_text(std::string_view bytes);
Result<std::string> rid_bytes(std::string_view text);

// A database (4 bytes), a container in it (8), a child of a container (16), all from numbers the caller counts up.
// Rids are taken and returned as texts. Container numbers stay below 2^31, child numbers below 2^60; the document
// rids of a container sort by their numbers.
std::string database_rid(std::uint32_t number);
std::string container_rid(std::string_view database_rid, std::uint32_t number);
std::string child_rid(std::string_view container_rid, ChildKind kind, std::uint64_t number);

}  // namespace halley::cosmos
