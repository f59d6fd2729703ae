#include "repo/version.h"

#include "json/document_scanner.h"
#include "json/value.h"
#include "json/writer.h"

namespace halley::repo {
namespace {

bool has_members(std::string_view body_without_brace) {
  const std::size_t last = body_without_brace.find_last_not_of(" \t\r\n");
  return last != std::string_view::npos && body_without_brace[last] != '{';
}

void append_property(std::string& out, json::SystemProperty property, const Version& version,
                     std::string_view container_rid_path) {
  using enum json::SystemProperty;
  switch (property) {
    case rid:
      return json::append_string(out, version.rid);
    case self:
      return json::append_string(out, std::string(container_rid_path).append("docs/").append(version.rid).append("/"));
    case etag:
      return json::append_string(out, version.etag);
    case attachments:
      return json::append_string(out, "attachments/");
    case ts:
      out += std::to_string(version.ts.value);
      return;
    case lsn:
      out += std::to_string(version.position.lsn);
      return;
  }
}

}  // namespace

std::string original_text(const Version& version, std::string_view container_rid_path) {
  std::string out(version.body);
  if (version.operation != Operation::upsert || version.layout == kVerbatim || version.layout == 0) return out;
  const std::size_t brace = out.rfind('}');
  if (brace == std::string::npos) return out;
  out.resize(brace);
  bool comma = has_members(out);
  for (std::size_t i = 0; i < json::kSystemProperties; ++i) {
    if ((version.layout >> i & 1) == 0) continue;
    if (comma) out += ',';
    comma = true;
    json::append_string(out, json::kSystemPropertyNames[i]);
    out += ':';
    append_property(out, static_cast<json::SystemProperty>(i), version, container_rid_path);
  }
  return out += '}';
}

std::string body_text(const Version& version) {
  if (version.layout != kVerbatim) return std::string(version.body);
  auto text =
      json::without_members(version.body, {json::kSystemPropertyNames.begin(), json::kSystemPropertyNames.end()});
  return text ? std::move(*text) : std::string(version.body);
}

}  // namespace halley::repo
