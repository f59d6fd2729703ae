// Applying a restore plan to a target: files, or a Cosmos account.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "cosmos/client.h"
#include "recovery/plan.h"

namespace halley::recovery {

// Read it at any time, from any thread.
struct RestoreProgress {
  std::atomic<std::uint64_t> containers{0};  // planned
  std::atomic<std::uint64_t> containers_done{0};
  std::atomic<std::uint64_t> documents{0};  // written
  std::atomic<std::uint64_t> bytes{0};      // of bodies written
  std::atomic<std::uint64_t> compared{0};   // documents read back
  std::atomic<std::uint64_t> throttled{0};  // answers 429
};

struct RestoredContainer {
  std::string database;
  std::string container;
  Second at;
  std::uint64_t documents = 0;
  std::uint64_t bytes = 0;
  std::uint64_t expired = 0;  // not restored: expired at the moment
  std::string digest;         // repo::SetDigest over (partition key, id, body)
  bool compared = false;      // the target was read back and is equal
  bool done_before = false;   // an earlier, interrupted run had finished it
};

struct RestoreReport {
  Second at;  // of the definitions; each container has its own
  std::uint64_t databases = 0;
  std::uint64_t scripts = 0;
  std::uint64_t documents = 0;
  std::uint64_t bytes = 0;
  double seconds = 0;
  std::vector<RestoredContainer> containers;
  std::vector<std::string> notes;
};

// Where a plan is applied. Calls come from one thread in the order open, put_database…, then for each container
// begin_container, slices, put_document…, finish_documents, read_back, finish_container; at the end close, or abandon.
class RestoreTarget {
 public:
  virtual ~RestoreTarget() = default;

  // Refuses a target that is not fit; reads only. `notes` is added to.
  virtual Status check(const RestorePlan& plan, std::vector<std::string>& notes, std::stop_token stop) = 0;
  // check(), and what must be there before the first database is put.
  virtual Status open(const RestorePlan& plan, std::vector<std::string>& notes, std::stop_token stop) = 0;
  virtual Status put_database(const PlannedDatabase& database, std::stop_token stop) = 0;
  // A value when an interrupted run had finished this container: nothing more is done for it.
  virtual Result<std::optional<RestoredContainer>> begin_container(const PlannedContainer& container,
                                                                   std::stop_token stop) = 0;
  // Hash intervals that together are everything: documents are put interleaved from them, so that a target that is
  // divided is busy in all its parts.
  virtual std::vector<cosmos::HashRange> slices() { return {{}}; }
  // `body` is without system properties and valid during the call only.
  virtual Status put_document(std::string_view partition_key, std::string_view id, std::string_view body,
                              std::stop_token stop) = 0;
  // Everything put is durable when this returns.
  virtual Status finish_documents(std::stop_token stop) = 0;
  // Gives every document there is now to `each`: (partition key, id, digest). A target that can compare what it holds
  // with what was put by itself gives none: false when they are equal, else it fails with difference.
  using EachDocument = std::function<void(std::string_view partition_key, std::string_view id, std::uint64_t digest)>;
  virtual Result<bool> read_back(const PlannedContainer& container, const EachDocument& each, std::stop_token stop) = 0;
  // Scripts, and what was held back of the definition. Fails with difference when definition or scripts are not as
  // planned.
  virtual Status finish_container(const PlannedContainer& container, const RestoredContainer& result,
                                  std::stop_token stop) = 0;
  virtual Status close(std::stop_token stop) = 0;
  // Instead of close() when the restore ends in `why`, at whatever point: undoes what must not stay, even when the
  // restore was stopped. What can't be undone is added to the hint of `why`.
  virtual void abandon(Error& why) { static_cast<void>(why); }
};

// Applies the plan. Interrupted (stop, kill, error), the same plan on the same target completes it. The target is read
// back and compared at the end of each container: differences do not stop the other containers, but the call then fails
// with difference, naming for each container the counts and some documents.
Result<RestoreReport> restore(Runtime& runtime, repo::Repository& repository, const RestorePlan& plan,
                              RestoreTarget& target, RestoreProgress& progress, std::stop_token stop);

// What restore() looks at before it changes anything, alone: fails as it would. Gives the notes there are by then.
Result<std::vector<std::string>> rehearse(repo::Repository& repository, const RestorePlan& plan, RestoreTarget& target,
                                          std::stop_token stop);

// A tree of files:
//   account.json                                         the account's record
//   <database>/database.json, throughput.json, users.json
//   <database>/<container>/container.json, throughput.json
//   <database>/<container>/documents.ndjson              one body a line, in the order of the hash space
//   <database>/<container>/scripts/{sprocs,triggers,udfs}/<id>.json
// Definitions are without the members the service adds (`_…`); throughput.json is the `content` of an offer, where
// there is one; users.json is {"users":[{"user":…,"permissions":[…]}]}, where there are any. A container whose
// documents can't be captured has its container.json only. Every file is written under a temporary name and renamed;
// documents.ndjson is then read and compared with what was written, by hash. The directory is made; one that is not
// empty is refused with already_exists, unless it holds an interrupted restore of the same plan, which is then
// completed container by container.
std::unique_ptr<RestoreTarget> make_directory_target(std::string path);

// A database, container or script name as the name of a file or directory in that tree.
std::string file_name_of(std::string_view name);

struct CosmosTargetOptions {
  // Write into containers that hold documents already: what completes an interrupted restore. Documents that the plan
  // does not have are left, and found by the comparison.
  bool resume = false;
  unsigned requests_in_flight = 4;
  std::size_t request_bytes = 220'000;  // of a bulk request
  std::size_t request_operations = 100;
};

// An account. Databases and containers are made where they are missing; a container that is there must have the same
// partition key, and no documents unless `resume`. defaultTtl is off until everything is in place. A container that is
// there gets the plan's definition and scripts when all of its documents are selected; when only some are, it keeps its
// own, and its defaultTtl is put back however the restore ends (killed, it stays off, and the next restore of a part
// tells so in its notes). `client` must outlive the target; `progress` too.
std::unique_ptr<RestoreTarget> make_cosmos_target(Runtime& runtime, cosmos::Client& client, CosmosTargetOptions options,
                                                  RestoreProgress& progress);

}  // namespace halley::recovery
