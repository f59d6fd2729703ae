// One pass of capture over an account: everything the first time, the changes afterwards. docs/guarantees.md has the
// rules it keeps.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "cosmos/client.h"
#include "repo/repository.h"

namespace halley::capture {

enum class ModeChoice : std::uint8_t { automatic, all_versions, latest };

struct BackupOptions {
  std::vector<std::string> include;  // "db/container" patterns with *, "db" means "db/*"; empty = everything
  std::vector<std::string> exclude;
  ModeChoice mode = ModeChoice::automatic;
  bool wait = true;                    // poll until the moment the pass began is inside coverage
  std::size_t flush_bytes = 48 << 20;  // captured bytes a lane holds before it commits
  unsigned containers_at_once = 2;
  unsigned ranges_at_once = 4;  // per container
  unsigned reads_at_once = 16;  // of documents by name, per container
  // Gives what the account's management tells of it, a JSON object, to be kept among the definitions. It is asked once
  // in a pass; where it fails, what was kept stays, and an event of the report says why. Empty = nothing is kept.
  std::function<Result<std::string>(std::stop_token stop)> describe = {};
};

// Read it at any time, from any thread.
struct BackupProgress {
  std::atomic<std::uint64_t> containers{0};  // to be captured in this pass
  std::atomic<std::uint64_t> containers_done{0};
  std::atomic<std::uint64_t> documents{0};  // read, whether or not they are kept yet
  std::atomic<std::uint64_t> deletes{0};
  std::atomic<std::uint64_t> documents_kept{0};  // in commits
  std::atomic<std::uint64_t> deletes_kept{0};
  std::atomic<std::uint64_t> bytes_read{0};
  std::atomic<std::uint64_t> bytes_stored{0};
  std::atomic<std::uint64_t> commits{0};
};

// A container, or definitions, that could not be captured, or not wholly, and why.
struct Incomplete {
  std::string what;
  Error error;
};

struct BackupReport {
  std::uint64_t documents = 0;     // versions captured that are documents
  std::uint64_t deletes = 0;       // versions captured that are deletes or expiries
  std::uint64_t bytes_read = 0;    // of response bodies
  std::uint64_t bytes_stored = 0;  // of repository objects
  double request_units = 0;
  std::uint64_t commits = 0;
  double seconds = 0;
  // The newest second that every container of the pass can be restored to; before the pass there may have been newer
  // ones at which there was a container that is dropped now.
  std::optional<Second> restorable_until;
  std::vector<Incomplete> incomplete;
  std::vector<std::string> events;  // what the owner should know of
};

// Fails as a whole when the account can't be read, has several write regions (unsupported), is not the one the
// repository is pinned to (precondition), no container of it is selected though a part was asked for
// (invalid_argument), or the repository can't be written. What fails for one container is listed in `incomplete` and
// does not stop the others; so are definitions that the service refuses to tell, which are taken as they were, and are
// not known any further, and an include pattern that never matched a container.
// Nothing captured before a failure is lost: the next pass goes on from the last commit of each lane.
Result<BackupReport> backup(Runtime& runtime, cosmos::Client& client, repo::Repository& repository,
                            const BackupOptions& options, BackupProgress& progress, std::stop_token stop);

}  // namespace halley::capture
