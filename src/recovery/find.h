// Looking for documents by their keys and the times they changed at. Bodies are not read.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "recovery/plan.h"

namespace halley::recovery {

struct FindQuery {
  Selection selection;    // containers and, with a partition key or ids, documents
  std::string id_prefix;  // only ids that begin so
};

struct FoundKey {
  std::string container;  // "db/container"
  std::string_view partition_key;
  std::string_view id;
  repo::Operation operation = repo::Operation::upsert;  // the newest one
  Second time;                                          // of the newest operation; of find_documents() the _ts
  Second since;  // a delete found by reconciliation was after this; else equal to `time`
  // Of find_changes().
  Second first;               // of the oldest operation between the moments
  std::uint64_t changes = 1;  // how many there were
};
using EachFound = std::function<bool(const FoundKey&)>;  // false stops; views are valid during the call

struct FindReport {
  std::uint64_t documents = 0;
  std::vector<std::string> notes;   // why changes may be missing; of find_documents() those of the plan
  std::vector<std::string> losses;  // backups that the repository no longer has: what they held is missing
  // Of find_changes(): the newest second at which all of these containers that were not dropped can be restored;
  // nothing where one of them can't be at any. What is later may be missing.
  std::optional<Second> through;
};

// The documents that were there at a moment, container by container in the order of the hash space. Fails as
// make_plan().
Result<FindReport> find_documents(repo::Repository& repository, const Moment& moment, const FindQuery& query,
                                  const EachFound& each, std::stop_token stop);

// The documents that were written, deleted or let go at or after `from` and at or before `until`, as far as it was
// captured; in dropped containers, too. What a new base has read again unchanged was not written. Only what was stored
// of that time is read, and where a base may have been read in it, the metadata of what was stored before. Fails as
// incarnations(), and with invalid_argument where no container can have the partition key.
Result<FindReport> find_changes(repo::Repository& repository, std::optional<Second> from, std::optional<Second> until,
                                const FindQuery& query, const EachFound& each, std::stop_token stop);

}  // namespace halley::recovery
