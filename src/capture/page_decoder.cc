#include "capture/page_decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "capture/margins.h"
#include "json/number_text.h"

namespace halley::capture {
namespace {

using json::SystemProperty;

std::string_view system_value(const json::ScannedDocument& document, SystemProperty property) {
  return document.system[static_cast<std::size_t>(property)];
}

std::optional<std::int64_t> integer_of(std::string_view text) {
  constexpr std::size_t kSafeDigits = 18;
  std::int64_t value = 0;
  bool plain = !text.empty() && text.size() <= kSafeDigits;
  for (std::size_t i = 0; plain && i < text.size(); ++i) {
    plain = json::is_digit(text[i]);
    value = value * 10 + (text[i] - '0');
  }
  if (plain) return value;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The text of a JSON string that holds no escapes; nothing for anything else.
std::optional<std::string_view> plain_string(std::string_view raw) {
  if (raw.size() < 2 || raw.front() != '"' || raw.back() != '"') return std::nullopt;
  const std::string_view text = raw.substr(1, raw.size() - 2);
  if (text.find('\\') != std::string_view::npos) return std::nullopt;
  return text;
}

repo::SystemLayout layout_of(const json::ScannedDocument& document) {
  if (!document.standard_layout) return repo::kVerbatim;
  unsigned mask = 0;
  for (std::size_t i = 0; i < json::kSystemProperties; ++i) {
    if (!document.system[i].empty()) mask |= 1U << i;
  }
  return static_cast<repo::SystemLayout>(mask);
}

Error bad_item(std::string_view id, std::string_view what) {
  return Error(Code::corrupt, fmt::format("the service gave item '{}' {}", id, what),
               "run the command again; if it stays so, this account answers in a form this version does not know");
}

// Raises the time of a version to the running maximum and notes what is unusual. A time from far beyond the page's Date
// is none: it would be the range's newest for ever.
Result<Second> raise(Second committed, std::string_view id, DecodeContext& context) {
  if (context.server_time.value != 0 && committed > context.server_time + kMaxSecondsAhead) {
    return fail(bad_item(id, fmt::format("with the commit time {}, at {} by the service's clock",
                                         format_rfc3339(committed), format_rfc3339(context.server_time))));
  }
  if (context.there_by.value != 0) committed = std::min(committed, context.there_by);
  if (context.newest.value != 0) context.step_back = std::max(context.step_back, context.newest - committed);
  context.newest = std::max(context.newest, committed);
  if (context.newest < context.claimed_until) context.late.push_back(context.newest);
  return context.newest;
}

// The key values of a delete: an object (path name -> value) or an array of values.
Result<std::string> key_of_delete(const json::Value* key, const cosmos::PartitionKeyDefinition& definition) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < definition.paths.size(); ++i) {
    const json::Value* value = nullptr;
    if (key != nullptr && key->is_array() && i < key->items().size()) value = &key->items()[i];
    if (key != nullptr && key->is_object()) {
      std::string joined;
      for (const std::string& part : definition.paths[i]) joined += (joined.empty() ? "" : "/") + part;
      value = key->find(joined);
      if (value == nullptr) value = key->find("/" + joined);
      if (value == nullptr) value = key->find(definition.paths[i].back());
      // A nested object in the shape of the document.
      if (value != nullptr && value->is_object() && !value->members().empty()) value = nullptr;
      const json::Value* nested = key;
      for (const std::string& part : definition.paths[i]) nested = nested == nullptr ? nullptr : nested->find(part);
      if (value == nullptr) value = nested;
    }
    texts.push_back(value == nullptr ? "{}" : value->to_text());
  }
  return cosmos::canonical_key(std::vector<std::string_view>(texts.begin(), texts.end()));
}

}  // namespace

PageDecoder::PageDecoder(const cosmos::PartitionKeyDefinition& key) : key_(key), scanner_(key.paths) {}

std::string& PageDecoder::begin(std::string page, repo::VersionBatch& batch) {
  std::string& text = batch.adopt(std::move(page));
  page_ = text.data();
  edits_.clear();
  last_values_.clear();
  return text;
}

void PageDecoder::make_edits(std::string& text) const {
  for (const Edit& edit : edits_) text[edit.offset] = edit.value;
}

Status PageDecoder::decode(cosmos::FeedMode mode, std::string page, DecodeContext& context, repo::VersionBatch& batch) {
  std::string& text = begin(std::move(page), batch);
  batch.versions().reserve(batch.versions().size() + items_of_last_);
  const std::size_t before = batch.versions().size();
  const bool all_versions = mode == cosmos::FeedMode::all_versions;
  TRY(scanner_.scan_page(text, all_versions, [&](json::ScannedDocument& document) {
    return all_versions ? add_all_versions(document, context, batch) : add_latest(document, context, batch);
  }));
  make_edits(text);
  items_of_last_ = batch.versions().size() - before;
  return {};
}

Status PageDecoder::decode_document(std::string text, std::uint64_t lsn, DecodeContext& context,
                                    repo::VersionBatch& batch) {
  std::string& adopted = begin(std::move(text), batch);
  ASSIGN(const json::ScannedDocument* const document, scanner_.scan_document(adopted));
  const auto ts = integer_of(system_value(*document, SystemProperty::ts));
  if (!ts) return fail(bad_item(document->id, "without a whole number in _ts"));
  TRY(add_upsert(*document, lsn, Second{*ts}, context, batch));
  make_edits(adopted);
  return {};
}

Status PageDecoder::add_latest(const json::ScannedDocument& document, DecodeContext& context,
                               repo::VersionBatch& batch) {
  const auto lsn = integer_of(system_value(document, SystemProperty::lsn));
  if (!lsn || *lsn < 0) return fail(bad_item(document.id, "without a whole number in _lsn"));
  if (static_cast<std::uint64_t>(*lsn) < context.from_lsn) return {};
  if (static_cast<std::uint64_t>(*lsn) > context.skip_beyond_lsn) {
    ++context.skipped;
    return {};
  }
  const auto ts = integer_of(system_value(document, SystemProperty::ts));
  if (!ts) return fail(bad_item(document.id, "without a whole number in _ts"));
  return add_upsert(document, static_cast<std::uint64_t>(*lsn), Second{*ts}, context, batch);
}

Status PageDecoder::add_all_versions(const json::ScannedDocument& document, DecodeContext& context,
                                     repo::VersionBatch& batch) {
  auto metadata = json::parse(document.metadata);
  if (!metadata || !metadata->is_object()) return fail(bad_item(document.id, "without metadata"));
  const json::Value* lsn_value = metadata->find("lsn");
  const auto lsn = lsn_value == nullptr ? std::nullopt : lsn_value->as_integer();
  if (!lsn || *lsn < 0) return fail(bad_item(document.id, "without a whole number in metadata.lsn"));
  if (static_cast<std::uint64_t>(*lsn) < context.from_lsn) return {};
  if (static_cast<std::uint64_t>(*lsn) > context.skip_beyond_lsn) {
    ++context.skipped;
    return {};
  }
  const json::Value* crts = metadata->find("crts");
  auto committed = crts == nullptr ? std::nullopt : crts->as_integer();
  const auto ts = integer_of(system_value(document, SystemProperty::ts));
  if (!committed) committed = ts;
  if (!committed) return fail(bad_item(document.id, "without a commit time in metadata.crts or _ts"));
  const std::string operation = metadata->string_at("operationType");
  if (operation == "delete") {
    context.kinds.push_back(ChangeKind::remove);
    return add_remove(document, *metadata, static_cast<std::uint64_t>(*lsn), Second{*committed}, context, batch);
  }
  if (document.text.empty() || !document.has_id) {
    return fail(bad_item(document.id, fmt::format("of operation '{}' without its current version", operation)));
  }
  context.kinds.push_back(operation == "create" ? ChangeKind::create : ChangeKind::replace);
  return add_upsert(document, static_cast<std::uint64_t>(*lsn), Second{*committed}, context, batch);
}

Status PageDecoder::add_upsert(const json::ScannedDocument& document, std::uint64_t lsn, Second committed,
                               DecodeContext& context, repo::VersionBatch& batch) {
  if (!document.has_id) return fail(bad_item("", "without an id"));
  if (document.bad_key) return fail(bad_item(document.id, "with an object or array on its partition key path"));
  ASSIGN(const std::string_view key, key_of(document, batch));
  const auto rid = plain_string(system_value(document, SystemProperty::rid));
  if (!rid) return fail(bad_item(document.id, "without a _rid"));
  const auto ts = integer_of(system_value(document, SystemProperty::ts));

  repo::Version version;
  version.partition_key = key;
  version.id =
      document.id.data() >= document.text.data() && document.id.data() < document.text.data() + document.text.size()
          ? document.id
          : batch.keep(document.id);
  version.rid = *rid;
  version.etag = etag_of(document, batch);
  version.ts = ts ? Second{*ts} : committed;
  ASSIGN(version.time, raise(committed, document.id, context));
  version.since = version.time;
  version.position = {context.epoch, lsn};
  version.layout = layout_of(document);
  version.digest = document.digest;
  version.body = body_of(document);
  version.values = batch.keep(document.values);
  batch.add(version);
  ++context.upserts;
  return {};
}

Status PageDecoder::add_remove(const json::ScannedDocument& document, const json::Value& metadata, std::uint64_t lsn,
                               Second committed, DecodeContext& context, repo::VersionBatch& batch) {
  const json::Value* metadata_id = metadata.find("id");
  const bool named = metadata_id != nullptr && metadata_id->is_string();
  if (!named && !document.has_id) return fail(bad_item("", "for a delete that names no id"));
  const std::string_view id = named ? std::string_view(metadata_id->text()) : document.id;
  const json::Value* key_value = metadata.find("partitionKey");
  std::string key;
  if (key_value != nullptr) {
    ASSIGN(key, key_of_delete(key_value, key_));
  } else if (document.has_id && !document.bad_key) {
    ASSIGN(key, cosmos::canonical_key(document.key_values));
  } else {
    return fail(bad_item(id, "for a delete that names no partition key"));
  }
  const json::Value* expired = metadata.find("timeToLiveExpired");

  repo::Version version;
  version.partition_key = batch.keep(key);
  version.id = batch.keep(id);
  if (const auto rid = plain_string(system_value(document, SystemProperty::rid))) version.rid = *rid;
  version.ts = committed;
  ASSIGN(version.time, raise(committed, id, context));
  version.since = version.time;
  version.position = {context.epoch, lsn};
  version.operation =
      expired != nullptr && expired->as_bool().value_or(false) ? repo::Operation::expire : repo::Operation::remove;
  batch.add(version);
  ++context.removes;
  return {};
}

// Keys repeat from item to item: one copy of a run is kept.
Result<std::string_view> PageDecoder::key_of(const json::ScannedDocument& document, repo::VersionBatch& batch) {
  if (last_values_ != document.key_values) {
    ASSIGN(const std::string key, cosmos::canonical_key(document.key_values));
    last_key_ = batch.keep(key);
    last_values_ = document.key_values;
  }
  return last_key_;
}

// `"\"x\""` holds the text `"x"`: with a quote in place of the last backslash it stands in the page as it is. Only
// where the body ends before it; else a copy is kept.
std::string_view PageDecoder::etag_of(const json::ScannedDocument& document, repo::VersionBatch& batch) {
  const std::string_view raw = system_value(document, SystemProperty::etag);
  if (const auto plain = plain_string(raw)) return *plain;
  const bool usual = raw.size() >= 6 && raw.substr(0, 3) == "\"\\\"" && raw.substr(raw.size() - 3) == "\\\"\"" &&
                     raw.substr(3, raw.size() - 6).find('\\') == std::string_view::npos;
  if (usual && document.standard_layout) {
    edits_.push_back({static_cast<std::size_t>(raw.data() - page_) + raw.size() - 3, '"'});
    return raw.substr(2, raw.size() - 4);
  }
  const auto decoded = json::parse(raw);
  return decoded && decoded->is_string() ? batch.keep(decoded->text()) : std::string_view();
}

// The body proper ends where the system properties begin: a brace in place of the comma closes it.
std::string_view PageDecoder::body_of(const json::ScannedDocument& document) {
  if (!document.standard_layout) return document.text;
  edits_.push_back({static_cast<std::size_t>(document.prefix.data() - page_) + document.prefix.size(), '}'});
  return {document.prefix.data(), document.prefix.size() + 1};
}

}  // namespace halley::capture
