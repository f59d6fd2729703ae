// Offline copies of one container, of a moment or of the live account.
//
// Format ndjson: one document a line. Format json: one object {"exported_at": RFC 3339, "database", "container",
// "at": RFC 3339, "count": N, "items": […]}, `count` being right while memory stays constant: in a file it is written
// in place at the end; on a stream an export of a moment counts first, one of the live account has `count` behind
// `items`. Documents are without system properties unless asked for.
#pragma once

#include <atomic>
#include <stop_token>
#include <string>

#include "cosmos/client.h"
#include "recovery/output_file.h"
#include "recovery/plan.h"

namespace halley::recovery {

enum class ExportFormat : std::uint8_t { json, ndjson };

struct ExportOptions {
  ExportFormat format = ExportFormat::json;
  bool system_properties = false;  // documents exactly as the service returned them
};

struct ExportProgress {
  std::atomic<std::uint64_t> documents{0};
  std::atomic<std::uint64_t> bytes{0};  // of documents
};

struct ExportReport {
  std::uint64_t documents = 0;
  std::uint64_t bytes = 0;  // written
  Second at;                // the moment; of a live export the server's time when it began
};

// As of the plan's moment, in the order of the hash space. Commits `out`.
Result<ExportReport> export_moment(Runtime& runtime, repo::Repository& repository, const PlannedContainer& container,
                                   const ExportOptions& options, OutputFile& out, ExportProgress& progress,
                                   std::stop_token stop);

// What the account holds now, each document once, in the order of the read feed; not of one moment where it is
// written to meanwhile. Fails with gone when the container's partitions change meanwhile. Commits `out`.
Result<ExportReport> export_live(Runtime& runtime, cosmos::Client& client, const cosmos::ContainerName& container,
                                 const ExportOptions& options, OutputFile& out, ExportProgress& progress,
                                 std::stop_token stop);

}  // namespace halley::recovery
