// Documents of a file into a container of an account, in bulk.
#pragma once

#include <atomic>
#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "cosmos/client.h"
#include "recovery/import_reader.h"

namespace halley::recovery {

// The service's limit of a document.
inline constexpr std::size_t kMaxDocumentBytes = 2 << 20;

struct ImportOptions {
  bool keep_existing = false;  // else a document that is there is replaced
  bool dry_run = false;        // read and check everything, write nothing
  unsigned requests_in_flight = 4;
};

struct ImportProgress {
  std::atomic<std::uint64_t> documents{0};  // taken from the file
  std::atomic<std::uint64_t> bytes{0};      // of the file
  std::atomic<std::uint64_t> throttled{0};  // answers 429
};

// A document that was not written, and why; or, without an id, what is wrong with the file.
struct ImportProblem {
  std::uint64_t line = 0;  // 0: refused by the account, which is told by id and key
  std::uint64_t offset = 0;
  std::string id;
  std::string partition_key;
  std::string why;
};
inline constexpr std::size_t kMaxProblems = 100;  // that are told one by one

struct ImportReport {
  ImportFormat format = ImportFormat::json;
  std::uint64_t documents = 0;    // in the file
  std::uint64_t written = 0;      // of a dry run: that would be
  std::uint64_t kept = 0;         // were there already, or earlier in the file, with keep_existing
  std::uint64_t without_key = 0;  // have no value at a partition key path: allowed, and seldom meant
  std::uint64_t bytes = 0;        // of documents given to the account
  std::uint64_t problem_count = 0;
  std::vector<ImportProblem> problems;  // the first ones
  bool read_whole = true;               // false: what follows the last problem could not be read
  double seconds = 0;
};

// Writes what it can: a document that is none, has no id, is too large or is refused is a problem, and the others go
// on. System properties are taken off. Interrupted, the same import completes it. The container must exist; its
// expiry counts from now on. Of documents in the file with the same key and id the last remains; with keep_existing the
// first, and the others count as kept. Fails with what the account fails with; what was written until then stays.
Result<ImportReport> import_documents(Runtime& runtime, cosmos::Client& client, const cosmos::ContainerName& name,
                                      ImportReader& reader, const ImportOptions& options, ImportProgress& progress,
                                      std::stop_token stop);

}  // namespace halley::recovery
