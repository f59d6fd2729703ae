#include "cosmos/partition_key.h"

#include <algorithm>

#include "base/bytes.h"
#include "json/number.h"
#include "json/writer.h"

namespace halley::cosmos {
namespace {

Status bad_path(std::string_view path) {
  return fail(Code::corrupt, "partition key path `" + std::string(path) + "` is not understood");
}

// Property names of a path such as /a/"b-c"/d. Quoted names are taken between their quotes as they stand, as the SDKs
// do.
Result<std::vector<std::string>> parse_path(std::string_view path) {
  std::vector<std::string> names;
  std::string_view rest = path;
  while (!rest.empty()) {
    if (rest.front() != '/' || rest.size() == 1) return fail(bad_path(path).error());
    rest.remove_prefix(1);
    const char quote = rest.front();
    std::size_t end;
    if (quote == '"' || quote == '\'') {
      rest.remove_prefix(1);
      end = rest.find(quote);
      while (end != std::string_view::npos && end > 0 && rest[end - 1] == '\\') end = rest.find(quote, end + 1);
      if (end == std::string_view::npos) return fail(bad_path(path).error());
      names.emplace_back(rest.substr(0, end));
      rest.remove_prefix(end + 1);
    } else {
      end = std::min(rest.find('/'), rest.size());
      if (end == 0) return fail(bad_path(path).error());
      names.emplace_back(rest.substr(0, end));
      rest.remove_prefix(end);
    }
  }
  if (names.empty()) return fail(bad_path(path).error());
  return names;
}

Result<KeyKind> parse_kind(const std::string& text) {
  if (text.empty() || text == "Hash") return KeyKind::hash;
  if (text == "MultiHash") return KeyKind::multi_hash;
  if (text == "Range") return KeyKind::range;
  return fail(Code::corrupt, "partition key kind `" + text + "` is not known");
}

// Whole numbers of up to 15 digits are canonical as they stand.
bool is_plain_integer(std::string_view text) {
  if (text == "0") return true;
  if (!text.empty() && text.front() == '-') text.remove_prefix(1);
  return !text.empty() && text.size() <= 15 && text.front() != '0' &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Status append_component(std::string& out, const json::Value& value) {
  switch (value.kind()) {
    case json::Kind::null:
      out += "null";
      return {};
    case json::Kind::boolean:
      out += *value.as_bool() ? "true" : "false";
      return {};
    case json::Kind::number: {
      ASSIGN(const std::string number, json::canonical_number(value.text()));
      out += number;
      return {};
    }
    case json::Kind::string:
      json::append_string(out, value.text());
      return {};
    case json::Kind::object:
      if (!value.members().empty()) break;
      out += "{}";
      return {};
    case json::Kind::array:
      break;
  }
  return fail(Code::invalid_argument, "a partition key holds only scalars, or {} for an absent property");
}

Status append_raw_component(std::string& out, std::string_view raw) {
  const bool plain_string = raw.size() >= 2 && raw.front() == '"' && raw.find('\\') == std::string_view::npos;
  if (plain_string || raw == "{}" || is_plain_integer(raw)) {
    out += raw;
    return {};
  }
  auto value = json::parse(raw);
  if (!value) return fail(Code::invalid_argument, "partition key value: " + value.error().message);
  return append_component(out, *value);
}

}  // namespace

Result<PartitionKeyDefinition> PartitionKeyDefinition::parse(const json::Value& partition_key) {
  const json::Value* paths = partition_key.find("paths");
  if (!partition_key.is_object() || paths == nullptr || !paths->is_array() || paths->items().empty()) {
    return fail(Code::corrupt, "a partition key definition without paths");
  }
  PartitionKeyDefinition definition;
  for (const json::Value& path : paths->items()) {
    if (!path.is_string()) return fail(Code::corrupt, "a partition key path that is no string");
    ASSIGN(auto names, parse_path(path.text()));
    definition.paths.push_back(std::move(names));
  }
  ASSIGN(definition.kind, parse_kind(partition_key.string_at("kind")));
  if (const json::Value* version = partition_key.find("version"); version != nullptr && !version->is_null()) {
    const std::int64_t number = version->as_integer().value_or(0);
    if (number < 1 || number > 2) return fail(Code::corrupt, "a partition key version that is neither 1 nor 2");
    definition.version = static_cast<int>(number);
  }
  if (const json::Value* system = partition_key.find("systemKey"); system != nullptr) {
    definition.system_key = system->as_bool().value_or(false);
  }
  return definition;
}

Result<std::string> canonical_key(const std::vector<std::string_view>& raw_values) {
  std::string out = "[";
  for (const std::string_view raw : raw_values) {
    if (out.size() > 1) out += ',';
    TRY(append_raw_component(out, raw));
  }
  return out += ']';
}

Result<std::string> canonical_key(std::string_view json_array) {
  auto value = json::parse(json_array);
  if (!value) return fail(Code::invalid_argument, "partition key: " + value.error().message);
  if (!value->is_array()) return fail(Code::invalid_argument, "a partition key is a JSON array");
  std::string out = "[";
  for (const json::Value& item : value->items()) {
    if (out.size() > 1) out += ',';
    TRY(append_component(out, item));
  }
  return out += ']';
}

std::string header_text(std::string_view canonical_key) {
  const auto plain = [](char c) { return c >= ' ' && c <= '~'; };
  std::string out;
  std::size_t at = 0;
  while (at < canonical_key.size()) {
    if (canonical_key[at] == '\x7f') {  // ASCII, but not allowed in a header
      out += "\\u007f";
      ++at;
    } else if (plain(canonical_key[at])) {
      out += canonical_key[at++];
    } else {
      // Such characters stand only inside JSON strings, so a run of them can be escaped by itself.
      std::size_t end = at;
      while (end < canonical_key.size() && !plain(canonical_key[end]) && canonical_key[end] != '\x7f') ++end;
      std::string escaped;
      json::append_ascii_string(escaped, canonical_key.substr(at, end - at));
      out.append(escaped, 1, escaped.size() - 2);
      at = end;
    }
  }
  return out;
}

std::string epk_to_hex(std::string_view epk) {
  std::string hex = to_hex(epk);
  for (char& c : hex) {
    if (c >= 'a' && c <= 'f') c = static_cast<char>(c - 'a' + 'A');
  }
  return hex;
}

Result<std::string> epk_from_hex(std::string_view hex) {
  std::string lower(hex);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
  }
  return from_hex(lower);
}

}  // namespace halley::cosmos
