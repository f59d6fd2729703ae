// Partition keys: their definition in a container, their canonical text, and the hash space they live in.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/value.h"

namespace halley::cosmos {

enum class KeyKind : std::uint8_t { hash, multi_hash, range };

struct PartitionKeyDefinition {
  std::vector<std::vector<std::string>> paths;  // each path's property names, outermost first
  KeyKind kind = KeyKind::hash;
  int version = 1;  // 1 when the definition has none
  bool system_key = false;

  // Parses the member `partitionKey` of a container definition. Fails with corrupt for a shape it does not know.
  static Result<PartitionKeyDefinition> parse(const json::Value& partition_key);

  friend bool operator==(const PartitionKeyDefinition&, const PartitionKeyDefinition&) = default;
};

// A partition key value is kept as the text of a compact JSON array with one element per path: a scalar as the
// service writes it, or {} where the property is absent: `["a"]`, `[5,{}]`, `[null]`. This is also the form of the
// x-ms-documentdb-partitionkey header, but for non-ASCII characters (header_text). Numbers are canonical
// (json::canonical_number), strings minimally escaped (quotation marks, backslashes, control characters, lone
// surrogates), so equal keys have equal texts. Fails with invalid_argument when an element is an object with members,
// an array, or not JSON.
Result<std::string> canonical_key(const std::vector<std::string_view>& raw_values);
Result<std::string> canonical_key(std::string_view json_array);
// The same text in pure ASCII, as the header needs it.
std::string header_text(std::string_view canonical_key);

// The effective partition key of a canonical key, as bytes (two hex digits of the wire's text each), ordered as the
// service orders it. A key with fewer components than a MultiHash definition has gives the prefix that all its keys
// share. Fails with invalid_argument for more components than paths. Facts: docs/wire-protocol.md, effective
// partition keys.
Result<std::string> effective_partition_key(const PartitionKeyDefinition& definition, std::string_view canonical_key);

// A half-open interval of the hash space. Bounds are bytes as above; "" is the minimum, "\xFF" the maximum.
struct HashRange {
  std::string min;
  std::string max = "\xFF";

  bool contains(std::string_view epk) const { return min <= epk && epk < std::string_view(max); }
  bool contains(const HashRange& other) const { return min <= other.min && other.max <= max; }
  bool overlaps(const HashRange& other) const { return min < other.max && other.min < max; }
  friend auto operator<=>(const HashRange&, const HashRange&) = default;
};

// Bytes <-> the upper-case hex of the wire.
std::string epk_to_hex(std::string_view epk);
Result<std::string> epk_from_hex(std::string_view hex);

}  // namespace halley::cosmos
