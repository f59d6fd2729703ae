#include "server/document.h"

#include <fmt/format.h>

#include <algorithm>

#include "json/document_scanner.h"
#include "json/number.h"
#include "json/value.h"
#include "json/writer.h"
#include "server/refusal.h"

namespace halley::server {
namespace {

constexpr std::size_t kMaxIdBytes = 1023;
constexpr std::size_t kMaxKeyBytes = 2048;

Status check_id(std::string_view id) {
  if (id.size() > kMaxIdBytes) return refuse(400, fmt::format("The id is longer than {} bytes.", kMaxIdBytes));
  if (id.find_first_of("/\\") != std::string_view::npos) return refuse(400, "The id contains a / or a \\.");
  return {};
}

// The values of a canonical key have their longest length.
Status check_key_length(std::string_view key) {
  if (key.size() <= kMaxKeyBytes) return {};  // the text is never shorter than the values
  ASSIGN(const json::Value values, json::parse(key));
  for (const json::Value& value : values.items()) {
    if (value.text().size() > kMaxKeyBytes) {
      return refuse(400, fmt::format("A partition key value is longer than {} bytes.", kMaxKeyBytes));
    }
  }
  return {};
}

bool has_system_property(const json::ScannedDocument& document) {
  return std::any_of(document.system.begin(), document.system.end(), [](auto value) { return !value.empty(); });
}

// The member `ttl`: 0 when absent (or invalid, when TTL is off in the container).
Result<std::int64_t> read_ttl(std::string_view body, bool ttl_on) {
  if (body.find("\"ttl\"") == std::string_view::npos) return 0;
  ASSIGN(const std::string_view text, json::member_slice(body, "ttl"));
  if (text.empty()) return 0;
  const auto value = json::parse(text);
  const auto seconds = value ? value->as_integer() : std::nullopt;
  if (seconds && (*seconds == -1 || (*seconds > 0 && *seconds <= kMaxTtl))) return *seconds;
  if (!ttl_on) return 0;
  return refuse(400, fmt::format("The input ttl '{}' is invalid. It must be a positive integer or -1.", text));
}

Error as_bad_request(Error error) {
  error.status = 400;
  return error;
}

}  // namespace

Result<Draft> read_draft(std::string_view body, const DraftRules& rules) {
  if (body.size() > kMaxDocumentBytes) return refuse(413, "Request size is too large");
  auto normalised = json::normalise(body);
  if (!normalised) return fail(as_bad_request(std::move(normalised).error()));
  Draft draft;
  draft.body = std::move(*normalised);
  if (!draft.body.starts_with('{')) return refuse(400, "The body of a document must be a JSON object.");
  draft.body.reserve(draft.body.size() + json::kPadding);

  json::DocumentScanner scanner(rules.key.paths);
  auto scanned = scanner.scan_document(draft.body);
  if (scanned && has_system_property(**scanned)) {
    ASSIGN(draft.body,
           json::without_members(draft.body, {json::kSystemPropertyNames.begin(), json::kSystemPropertyNames.end()}));
    draft.body.reserve(draft.body.size() + json::kPadding);
    scanned = scanner.scan_document(draft.body);
  }
  if (!scanned) return fail(as_bad_request(std::move(scanned).error()));
  const json::ScannedDocument& document = **scanned;
  if (!document.has_id || document.id.empty()) {
    return refuse(400, "The input content is invalid because the required property 'id' is missing or not a string.");
  }
  TRY(check_id(document.id));
  if (document.bad_key) return refuse(400, "A partition key value is an object or an array.");
  draft.id = document.id;

  auto key = cosmos::canonical_key(document.key_values);
  if (!key) return fail(as_bad_request(std::move(key).error()));
  draft.key = std::move(*key);
  TRY(check_key_length(draft.key));
  auto epk = cosmos::effective_partition_key(rules.key, draft.key);
  if (!epk) return fail(as_bad_request(std::move(epk).error()));
  draft.epk = std::move(*epk);
  ASSIGN(draft.ttl, read_ttl(draft.body, rules.ttl_on));
  ASSIGN(draft.unique_texts, rules.unique_keys.texts_of(draft.key, draft.body));
  return draft;
}

Document make_document(Draft draft, std::string_view rid, std::string_view self, std::string etag, Second ts) {
  std::string text = std::move(draft.body);
  text.reserve(text.size() + rid.size() + self.size() + etag.size() + 96);
  text.pop_back();  // the closing brace
  if (text.size() > 1) text += ',';
  text += R"("_rid":")";
  text += rid;
  text += R"(","_self":")";
  text += self;
  text += R"(","_etag":)";
  json::append_string(text, etag);
  text += R"(,"_attachments":"attachments/","_ts":)";
  text += std::to_string(ts.value);
  text += '}';
  text.shrink_to_fit();
  Document document;
  document.id = std::move(draft.id);
  document.key = std::move(draft.key);
  document.epk = std::move(draft.epk);
  document.ts = ts;
  document.ttl = draft.ttl;
  document.etag = std::move(etag);
  document.unique_texts = std::move(draft.unique_texts);
  document.text = std::move(text);
  return document;
}

std::optional<Second> TimeToLive::expiry(const Document& document) const {
  const std::int64_t seconds = document.ttl != 0 ? document.ttl : container_default;
  if (!on() || seconds < 0) return std::nullopt;
  return document.ts + seconds;
}

bool TimeToLive::expired(const Document& document, Second now) const {
  if (!on()) return false;
  const auto end = expiry(document);
  return end && *end <= now;
}

}  // namespace halley::server
