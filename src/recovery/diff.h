// What is different between two moments, or between a moment and the account as it is now.
#pragma once

#include <atomic>
#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "cosmos/client.h"
#include "recovery/difference_list.h"
#include "recovery/plan.h"

namespace halley::recovery {

// Read it at any time, from any thread.
struct DiffProgress {
  std::atomic<std::uint64_t> containers{0};  // to be compared
  std::atomic<std::uint64_t> containers_done{0};
  std::atomic<std::uint64_t> documents{0};  // looked at, of both sides
};

// A container's or database's own definition, or what belongs to it: throughput, scripts, users, permissions.
struct DefinitionDifference {
  repo::DefinitionKind what = repo::DefinitionKind::container;
  std::string id;  // of a permission "user/permission"
  DifferenceKind kind = DifferenceKind::changed;
};

struct ContainerDiff {
  std::string container;    // "db/container"
  bool was_there = false;   // at the earlier moment
  bool is_there = false;    // at the later one, or now
  bool made_again = false;  // another container of the same name in the same account
  std::uint64_t added = 0;  // documents
  std::uint64_t removed = 0;
  std::uint64_t changed = 0;
  std::uint64_t equal = 0;
  std::vector<DefinitionDifference> definitions;  // where all documents are compared

  bool differs() const {
    return was_there != is_there || made_again || added + removed + changed > 0 || !definitions.empty();
  }
};

struct DatabaseDiff {
  std::string database;
  bool was_there = false;
  bool is_there = false;
  bool made_again = false;
  std::vector<DefinitionDifference> definitions;

  bool differs() const { return was_there != is_there || made_again || !definitions.empty(); }
};

struct DiffReport {
  Second from;
  Second until;                           // the later moment, or the server's time of the comparison
  std::vector<ContainerDiff> containers;  // by name
  std::vector<DatabaseDiff> databases;    // by name; those that are selected whole, where all documents are compared
  std::vector<std::string> notes;
  DifferenceList documents;

  bool differs() const;
};

// Documents are compared by what they mean (value digests), so bodies are not read but where expiry needs them. Both
// sides are streamed in one pass. A container that is there at one moment only counts as added or removed, with its
// documents; one whose keys can't be the selected one has no documents. Fails as make_plan() for either moment, but
// with not_found only where a pattern selects nothing at both, and with invalid_argument only where no container of
// either can have the partition key. What backups left out at the earlier of them is not compared, and a note names it;
// outside_coverage where nothing else was asked for.
Result<DiffReport> diff_moments(repo::Repository& repository, const Moment& from, const Moment& until,
                                const Selection& selection, DiffProgress& progress, std::stop_token stop);

struct LiveDiffOptions {
  // Documents whose digests are held in memory, some 70 bytes each. A container that has more is read once more for
  // each such group of what differs.
  std::uint64_t group_documents = 1'000'000;
};

// The same against what the account holds now, which is read whole through the read feed: not one moment where it is
// written to meanwhile. It may be another account, such as one that was restored to; a note says so. Throughput, users
// and permissions that the service refuses to tell are not compared, and a note says so.
Result<DiffReport> diff_live(repo::Repository& repository, const Moment& from, cosmos::Client& client,
                             const Selection& selection, const LiveDiffOptions& options, DiffProgress& progress,
                             std::stop_token stop);

}  // namespace halley::recovery
