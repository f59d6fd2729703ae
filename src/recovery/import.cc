#include "recovery/import.h"

#include <algorithm>
#include <mutex>

#include "recovery/bulk_writer.h"
#include "recovery/documents.h"

namespace halley::recovery {
namespace {

Result<cosmos::PartitionKeyDefinition> read_key_definition(cosmos::Client& client, const cosmos::ContainerName& name,
                                                           std::stop_token stop) {
  const auto container = client.read_container(name, std::move(stop));
  if (!container && container.error().code == Code::not_found) {
    return fail(Code::not_found, "there is no container " + name.text() + " in the account",
                "make it first, with its partition key, or `halley restore --to cosmos` one");
  }
  if (!container) return fail(container.error());
  const json::Value* const key = container->value.find("partitionKey");
  if (key == nullptr) return fail(Code::unsupported, "container " + name.text() + " has no partition key");
  return cosmos::PartitionKeyDefinition::parse(*key);
}

class Import {
 public:
  Import(Runtime& runtime, cosmos::Client& client, const cosmos::ContainerName& name, ImportReader& reader,
         const ImportOptions& options, ImportProgress& progress, std::stop_token stop)
      : runtime_(runtime),
        client_(client),
        name_(name),
        reader_(reader),
        options_(options),
        progress_(progress),
        stop_(std::move(stop)) {}

  Result<ImportReport> run() {
    const SteadyTime began = runtime_.steady_now();
    ASSIGN(const cosmos::PartitionKeyDefinition key, read_key_definition(client_, name_, stop_));
    std::unique_ptr<BulkWriter> writer;
    if (!options_.dry_run) {
      ASSIGN(writer, start_writer(key));
    }
    json::DocumentScanner scanner(key.paths);
    ImportItem item;
    while (true) {
      const auto more = reader_.next(item);
      progress_.bytes = reader_.bytes_read();
      if (!more && more.error().code != Code::corrupt) return fail(more.error());
      if (!more) {
        report_.read_whole = false;
        add_problem({0, reader_.bytes_read(), {}, {}, more.error().message});
        break;
      }
      if (!*more) break;
      if (stop_.stop_requested()) return fail(Code::cancelled, "interrupted");
      TRY(take(item, scanner, writer.get()));
    }
    if (writer != nullptr) {
      TRY(writer->finish());
      report_.kept = writer->kept();
    }
    check_count();
    report_.format = reader_.format();
    report_.written = given_ - refused_ - report_.kept;
    report_.seconds = std::chrono::duration<double>(runtime_.steady_now() - began).count();
    return std::move(report_);
  }

 private:
  Result<std::unique_ptr<BulkWriter>> start_writer(const cosmos::PartitionKeyDefinition& key) {
    BulkWriterOptions options;
    options.requests_in_flight = options_.requests_in_flight;
    options.keep_existing = options_.keep_existing;
    options.refused = [this](std::string_view partition_key, std::string_view id, const Error& why) {
      add_problem({0, 0, std::string(id), std::string(partition_key), why.message}, true);
    };
    return BulkWriter::start(runtime_, client_, name_, key, options, progress_.throttled, stop_);
  }

  Status take(const ImportItem& item, json::DocumentScanner& scanner, BulkWriter* writer) {
    ++report_.documents;
    progress_.documents = report_.documents;
    ImportProblem problem{item.line, item.offset, {}, {}, {}};
    if (item.oversized) {
      problem.why = "it is larger than a document can be";
      add_problem(std::move(problem));
      return {};
    }
    const auto scanned = scanner.scan_document(item.text);
    if (!scanned) {
      problem.why = scanned.error().message;
      if (item.line == 1 && reader_.format() == ImportFormat::ndjson && item.text.starts_with('{')) {
        problem.why += " (one JSON text over several lines? then give --format json)";
      }
      add_problem(std::move(problem));
      return {};
    }
    const json::ScannedDocument& document = **scanned;
    problem.id = document.id;
    const auto key = cosmos::canonical_key(document.key_values);
    ASSIGN(const std::string_view body, scanned_body(document, body_));
    problem.why = fault_of(document, body, key.has_value());
    if (!problem.why.empty()) {
      add_problem(std::move(problem));
      return {};
    }
    const auto missing = [](std::string_view value) { return value == "{}"; };
    if (std::any_of(document.key_values.begin(), document.key_values.end(), missing)) ++report_.without_key;
    ++given_;
    report_.bytes += body.size();
    return writer == nullptr ? Status() : writer->upsert(*key, document.id, body);
  }

  // Why a document can't be written; empty when it can.
  static std::string fault_of(const json::ScannedDocument& document, std::string_view body, bool has_key) {
    if (!document.has_id) {
      return document.text.find("\"items\"") == std::string_view::npos
                 ? "it has no id"
                 : "it has no id (an export with `items`? then give --format json)";
    }
    if (document.id.empty()) return "its id is empty";
    if (document.bad_key || !has_key) return "its partition key is an object or an array";
    if (body.size() > kMaxDocumentBytes) {
      return "it has " + std::to_string(body.size()) + " bytes, and 2 MB are the service's limit";
    }
    return {};
  }

  // A file says how many documents it has so that a cut one is noticed.
  void check_count() {
    const auto declared = reader_.declared_count();
    if (!report_.read_whole || !declared || *declared == report_.documents) return;
    add_problem({0,
                 0,
                 {},
                 {},
                 "`count` says " + std::to_string(*declared) + ", but there are " + std::to_string(report_.documents) +
                     " items"});
  }

  void add_problem(ImportProblem problem, bool refused = false) {
    const std::lock_guard lock(mutex_);
    if (refused) ++refused_;
    ++report_.problem_count;
    if (report_.problems.size() < kMaxProblems) report_.problems.push_back(std::move(problem));
  }

  Runtime& runtime_;
  cosmos::Client& client_;
  const cosmos::ContainerName& name_;
  ImportReader& reader_;
  const ImportOptions& options_;
  ImportProgress& progress_;
  const std::stop_token stop_;
  std::string body_;
  std::uint64_t given_ = 0;  // to the writer

  std::mutex mutex_;  // guards the problems in report_, and what follows
  std::uint64_t refused_ = 0;
  ImportReport report_;
};

}  // namespace

Result<ImportReport> import_documents(Runtime& runtime, cosmos::Client& client, const cosmos::ContainerName& name,
                                      ImportReader& reader, const ImportOptions& options, ImportProgress& progress,
                                      std::stop_token stop) {
  return Import(runtime, client, name, reader, options, progress, std::move(stop)).run();
}

}  // namespace halley::recovery
