// The hash space of partition keys: docs/wire-protocol.md, effective partition keys.
#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "base/bytes.h"
#include "cosmos/murmur_hash.h"
#include "cosmos/partition_key.h"

namespace halley::cosmos {
namespace {

enum Marker : std::uint8_t { kUndefined = 0, kNull = 1, kFalse = 2, kTrue = 3, kNumber = 5, kString = 8 };

constexpr std::size_t kVersion1StringBytes = 100;  // Version 1 hashes and orders no more of a string.

Marker marker_of(const json::Value& component) {
  switch (component.kind()) {
    case json::Kind::null:
      return kNull;
    case json::Kind::boolean:
      return *component.as_bool() ? kTrue : kFalse;
    case json::Kind::number:
      return kNumber;
    case json::Kind::string:
      return kString;
    default:
      return kUndefined;
  }
}

bool is_component(const json::Value& value) {
  if (value.is_array() || (value.is_object() && !value.members().empty())) return false;
  return value.kind() != json::Kind::number || value.as_double().has_value();
}

std::string_view version_1_string(const json::Value& component) {
  return std::string_view(component.text()).substr(0, kVersion1StringBytes);
}

// What is hashed of a component: its marker, then its payload; a string ends with `string_end`.
void append_hashed(std::string& out, const json::Value& component, std::string_view string, char string_end) {
  const Marker marker = marker_of(component);
  put_u8(out, marker);
  if (marker == kNumber) put_u64(out, std::bit_cast<std::uint64_t>(*component.as_double()));
  if (marker == kString) {
    out += string;
    out += string_end;
  }
}

std::string version_2_hash(std::string_view hashed) {
  const auto [h1, h2] = murmur3_128(hashed);
  std::string bytes;
  put_u64(bytes, h1);
  put_u64(bytes, h2);
  std::reverse(bytes.begin(), bytes.end());
  bytes[0] = static_cast<char>(bytes[0] & 0x3F);  // The top quarters of the space stay free.
  return bytes;
}

// A number in the order-preserving encoding: eight bits, then groups of seven whose low bit says that more follow.
void append_ordered_number(std::string& out, double number) {
  const auto bits = std::bit_cast<std::uint64_t>(number);
  constexpr std::uint64_t kSign = std::uint64_t{1} << 63;
  std::uint64_t payload = bits < kSign ? bits ^ kSign : ~bits + 1;
  put_u8(out, kNumber);
  put_u8(out, static_cast<std::uint8_t>(payload >> 56));
  payload <<= 8;
  std::uint8_t last = 0;
  for (bool first = true; payload != 0; payload <<= 7, first = false) {
    if (!first) put_u8(out, last);
    last = static_cast<std::uint8_t>(payload >> 56 | 1);
  }
  put_u8(out, last & 0xFE);
}

void append_ordered(std::string& out, const json::Value& component) {
  const Marker marker = marker_of(component);
  if (marker == kNumber) return append_ordered_number(out, *component.as_double());
  put_u8(out, marker);
  if (marker != kString) return;
  for (const char c : version_1_string(component)) put_u8(out, static_cast<std::uint8_t>(c + 1));
  put_u8(out, 0);
}

std::string version_1_epk(const std::vector<json::Value>& components) {
  std::string hashed;
  for (const json::Value& component : components) append_hashed(hashed, component, version_1_string(component), '\0');
  std::string epk;
  append_ordered_number(epk, murmur3_32(hashed));
  for (const json::Value& component : components) append_ordered(epk, component);
  return epk;
}

// The most common key by far, one string without escapes, needs no parser.
bool is_one_plain_string(std::string_view key) {
  return key.size() >= 4 && key.starts_with("[\"") && key.ends_with("\"]") &&
         key.find('\\') == std::string_view::npos && key.find('"', 2) == key.size() - 2;
}

std::string version_2_epk(const PartitionKeyDefinition& definition, const std::vector<json::Value>& components) {
  std::string hashed;
  std::string epk;
  for (const json::Value& component : components) {
    append_hashed(hashed, component, component.text(), '\xFF');
    if (definition.kind == KeyKind::multi_hash) {
      epk += version_2_hash(hashed);
      hashed.clear();
    }
  }
  return definition.kind == KeyKind::multi_hash ? epk : version_2_hash(hashed);
}

}  // namespace

Result<std::string> effective_partition_key(const PartitionKeyDefinition& definition, std::string_view canonical_key) {
  const bool version_2 =
      definition.kind == KeyKind::multi_hash || (definition.kind == KeyKind::hash && definition.version == 2);
  if (version_2 && is_one_plain_string(canonical_key)) {
    std::string hashed(1, static_cast<char>(kString));
    hashed += canonical_key.substr(2, canonical_key.size() - 4);
    hashed += '\xFF';
    return version_2_hash(hashed);
  }
  auto key = json::parse(canonical_key);
  if (!key) return fail(Code::invalid_argument, "partition key: " + key.error().message);
  if (!key->is_array()) return fail(Code::invalid_argument, "a partition key is a JSON array");
  const auto& components = key->items();
  if (!std::all_of(components.begin(), components.end(), is_component)) {
    return fail(Code::invalid_argument, "a partition key holds only scalars, or {} for an absent property");
  }
  if (components.size() > definition.paths.size()) {
    return fail(Code::invalid_argument, "a partition key with more values than its definition has paths");
  }
  if (components.empty()) return std::string();  // The key of documents without one, in migrated containers.
  if (version_2) return version_2_epk(definition, components);
  if (definition.kind == KeyKind::hash) return version_1_epk(components);
  std::string epk;  // Range, the legacy kind: ordered, not hashed.
  for (const json::Value& component : components) append_ordered(epk, component);
  return epk;
}

}  // namespace halley::cosmos
