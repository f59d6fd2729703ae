#include "recovery/export.h"

#include "cosmos/read_feed.h"
#include "json/document_scanner.h"
#include "json/writer.h"
#include "recovery/documents.h"

namespace halley::recovery {
namespace {

constexpr std::size_t kCountWidth = 20;  // digits of the largest count

// Writes documents in the chosen format, and what stands around them.
class ExportWriter {
 public:
  ExportWriter(OutputFile& out, ExportFormat format, ExportProgress& progress)
      : out_(out), format_(format), progress_(progress) {}

  // `count` when it is known already.
  Status begin(Second exported_at, std::string_view database, std::string_view container, Second at,
               std::optional<std::uint64_t> count) {
    if (format_ == ExportFormat::ndjson) return {};
    std::string head;
    json::Writer writer(head);
    writer.begin_object().member("exported_at", format_rfc3339(exported_at)).member("database", database);
    writer.member("container", container).member("at", format_rfc3339(at));
    if (count) {
      writer.key("count").unsigned_integer(*count);
    } else if (out_.rewritable()) {
      head += ",\"count\":";
      place_of_count_ = out_.size() + head.size();
      head.append(kCountWidth, ' ');
    } else {
      count_behind_ = true;
    }
    head += ",\"items\":[";
    return out_.append(head);
  }

  Status add(std::string_view document) {
    if (format_ == ExportFormat::json) TRY(out_.append(documents_ == 0 ? "\n" : ",\n"));
    // Raw line ends can only be white space between tokens; on a line of its own a document has none.
    if (format_ == ExportFormat::ndjson && document.find_first_of("\r\n") != std::string_view::npos) {
      line_ = document;
      for (char& c : line_) c = c == '\n' || c == '\r' ? ' ' : c;
      document = line_;
    }
    TRY(out_.append(document));
    if (format_ == ExportFormat::ndjson) TRY(out_.append("\n"));
    ++documents_;
    progress_.documents.fetch_add(1, std::memory_order_relaxed);
    progress_.bytes.fetch_add(document.size(), std::memory_order_relaxed);
    return {};
  }

  Status finish() {
    if (format_ == ExportFormat::json) {
      const std::string count = std::to_string(documents_);
      TRY(out_.append(count_behind_ ? "\n],\"count\":" + count + "}\n" : std::string("\n]}\n")));
      if (place_of_count_ != 0) TRY(out_.rewrite(place_of_count_ + kCountWidth - count.size(), count));
    }
    return out_.commit();
  }

  std::uint64_t documents() const { return documents_; }

 private:
  OutputFile& out_;
  const ExportFormat format_;
  ExportProgress& progress_;
  std::uint64_t documents_ = 0;
  std::uint64_t place_of_count_ = 0;
  bool count_behind_ = false;
  std::string line_;
};

Result<std::uint64_t> count_documents(repo::Repository& repository, const PlannedContainer& container,
                                      std::stop_token stop) {
  const Selection all;
  ASSIGN(Documents documents, Documents::open(repository, container, all, false, stop));
  std::uint64_t count = 0;
  repo::Version version;
  while (true) {
    ASSIGN(const bool more, documents.next(version));
    if (!more) return count;
    if (stop.stop_requested()) return fail(Code::cancelled, "interrupted");
    ++count;
  }
}

}  // namespace

Result<ExportReport> export_moment(Runtime& runtime, repo::Repository& repository, const PlannedContainer& container,
                                   const ExportOptions& options, OutputFile& out, ExportProgress& progress,
                                   std::stop_token stop) {
  std::optional<std::uint64_t> count;
  if (options.format == ExportFormat::json && !out.rewritable()) {
    ASSIGN(count, count_documents(repository, container, stop));
  }
  const Selection all;
  ASSIGN(Documents documents, Documents::open(repository, container, all, true, stop));
  ExportWriter writer(out, options.format, progress);
  TRY(writer.begin(runtime.wall_second(), container.database, container.container, container.at, count));
  const std::string rid_path = documents.rid_path();
  std::string scratch;
  repo::Version version;
  while (true) {
    ASSIGN(const bool more, documents.next(version));
    if (!more) break;
    if (stop.stop_requested()) return fail(Code::cancelled, "interrupted");
    if (options.system_properties) {
      scratch = repo::original_text(version, rid_path);
      TRY(writer.add(scratch));
    } else {
      TRY(writer.add(document_body(version, scratch)));
    }
  }
  if (count && *count != writer.documents()) {
    return fail(Code::incomplete, "the lane of " + container.name() + " changed between counting and writing",
                "export again, or to a file");
  }
  TRY(writer.finish());
  return ExportReport{writer.documents(), out.size(), container.at};
}

Result<ExportReport> export_live(Runtime& runtime, cosmos::Client& client, const cosmos::ContainerName& container,
                                 const ExportOptions& options, OutputFile& out, ExportProgress& progress,
                                 std::stop_token stop) {
  ASSIGN(const auto ranges, client.partition_key_ranges(container, stop));
  const Second at = client.newest_server_time();
  ExportWriter writer(out, options.format, progress);
  TRY(writer.begin(runtime.wall_second(), container.database, container.container, at, std::nullopt));
  json::DocumentScanner scanner({});
  std::string scratch;
  const auto add = [&](json::ScannedDocument& document) -> Status {
    if (options.system_properties) return writer.add(document.text);
    ASSIGN(const std::string_view body, scanned_body(document, scratch));
    return writer.add(body);
  };
  const auto scan = [&](const cosmos::ReadPage& page) { return scanner.scan_page(page.body, false, add); };
  for (const cosmos::PartitionKeyRange& range : ranges) {
    TRY(cosmos::read_range(client, container, range.id, scan, stop));
  }
  TRY(writer.finish());
  return ExportReport{writer.documents(), out.size(), at};
}

}  // namespace halley::recovery
