#include "server/page.h"

#include <fmt/format.h>

#include "json/value.h"
#include "json/writer.h"

namespace halley::server {
namespace {

constexpr std::size_t kFrameBytes = 192;  // with room for what readers want behind a page
constexpr std::size_t kLsnBytes = 40;
constexpr std::size_t kMetadataBytes = 192;

class PageText {
 public:
  PageText(std::string_view rid, std::string_view envelope, std::size_t bytes) {
    text_.reserve(bytes + kFrameBytes);
    text_ += R"({"_rid":")";
    text_ += rid;
    text_ += R"(",")";
    text_ += envelope;
    text_ += R"(":[)";
  }

  // The text to append the next item to.
  std::string& next() {
    if (count_++ > 0) text_ += ',';
    return text_;
  }

  std::string finish() {
    fmt::format_to(std::back_inserter(text_), R"(],"_count":{}}})", count_);
    return std::move(text_);
  }

 private:
  std::string text_;
  std::size_t count_ = 0;
};

std::string_view operation_name(Change change) {
  switch (change) {
    case Change::create:
      return "create";
    case Change::replace:
      return "replace";
    case Change::remove:
    case Change::expire:
      break;
  }
  return "delete";
}

// The partition key of a deleted document: path -> value, absent values left out.
void append_key(std::string& out, const Document& document, const cosmos::PartitionKeyDefinition& key) {
  const auto values = json::parse(document.key);
  json::Value object = json::Value::object();
  for (std::size_t i = 0; values && i < key.paths.size() && i < values->items().size(); ++i) {
    if (values->items()[i].is_object()) continue;
    object.set(fmt::format("{}", fmt::join(key.paths[i], "/")), values->items()[i]);
  }
  object.append_to(out);
}

void append_version(std::string& out, const LogEntry& entry, const cosmos::PartitionKeyDefinition& key) {
  const bool deleted = entry.change == Change::remove || entry.change == Change::expire;
  out += R"({"current":)";
  out += deleted ? std::string_view("{}") : std::string_view(entry.document->text);
  fmt::format_to(std::back_inserter(out), R"(,"metadata":{{"operationType":"{}","lsn":{},"crts":{})",
                 operation_name(entry.change), entry.lsn, entry.time.value);
  if (entry.previous_lsn != 0) fmt::format_to(std::back_inserter(out), R"(,"previousImageLSN":{})", entry.previous_lsn);
  if (deleted) {
    out += R"(,"id":)";
    json::append_string(out, entry.document->id);
    out += R"(,"partitionKey":)";
    append_key(out, *entry.document, key);
    if (entry.change == Change::expire) out += R"(,"timeToLiveExpired":true)";
  }
  out += "}}";
}

}  // namespace

std::string documents_page(std::string_view container_rid, const std::vector<DocumentPtr>& documents) {
  std::size_t bytes = 0;
  for (const DocumentPtr& document : documents) bytes += document->text.size() + 1;
  PageText page(container_rid, "Documents", bytes);
  for (const DocumentPtr& document : documents) page.next() += document->text;
  return page.finish();
}

std::string latest_page(std::string_view container_rid, const std::vector<LogEntry>& entries, bool envelopes) {
  std::size_t bytes = 0;
  for (const LogEntry& entry : entries) bytes += entry.document->text.size() + (envelopes ? kMetadataBytes : kLsnBytes);
  PageText page(container_rid, "Documents", bytes);
  for (const LogEntry& entry : entries) {
    std::string& out = page.next();
    if (envelopes) out += R"({"current":)";
    out += entry.document->text;
    if (envelopes) {
      fmt::format_to(std::back_inserter(out), R"(,"metadata":{{"lsn":{},"crts":{}}}}})", entry.lsn, entry.time.value);
    } else {
      const fmt::format_int lsn(entry.lsn);
      out.pop_back();
      out += R"(,"_lsn":)";
      out.append(lsn.data(), lsn.size());
      out += '}';
    }
  }
  return page.finish();
}

std::string all_versions_page(std::string_view container_rid, const std::vector<LogEntry>& entries,
                              const cosmos::PartitionKeyDefinition& key) {
  std::size_t bytes = 0;
  for (const LogEntry& entry : entries) bytes += entry.document->text.size() + kMetadataBytes;
  PageText page(container_rid, "Documents", bytes);
  for (const LogEntry& entry : entries) append_version(page.next(), entry, key);
  return page.finish();
}

std::string resources_page(std::string_view parent_rid, std::string_view envelope,
                           const std::vector<std::shared_ptr<const std::string>>& texts) {
  PageText page(parent_rid, envelope, 0);
  for (const auto& text : texts) page.next() += *text;
  return page.finish();
}

}  // namespace halley::server
