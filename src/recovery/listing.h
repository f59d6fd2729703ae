// What is in a repository at a moment: databases, containers, documents.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "recovery/plan.h"

namespace halley::recovery {

struct ListedContainer {
  std::string database;
  std::string container;
  std::string rid;
};

struct Listing {
  Second at;
  std::vector<std::string> databases;
  std::vector<ListedContainer> containers;
  std::vector<std::string> notes;  // that newer backups are lost
};

// Databases and containers that were there at the moment, as the definitions say: containers need not be covered. Empty
// `database` lists all. Fails with outside_coverage where no definitions are known; the hint names the nearest moments
// at which all of it can be restored or, where there is none, the nearest that can be listed.
Result<Listing> list_containers(repo::Repository& repository, const Moment& moment, std::string_view database);

struct ListedDocument {
  std::string_view id;
  std::string_view partition_key;
  Second ts;
};

// The documents of a container in the order of the hash space, streamed; stops when `each` returns false. Gives how
// many were listed.
Result<std::uint64_t> list_documents(repo::Repository& repository, const PlannedContainer& container,
                                     const Selection& selection, const std::function<bool(const ListedDocument&)>& each,
                                     std::stop_token stop);

}  // namespace halley::recovery
