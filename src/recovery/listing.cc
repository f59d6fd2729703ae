#include "recovery/listing.h"

#include "recovery/definitions_at.h"
#include "recovery/documents.h"

namespace halley::recovery {

Result<Listing> list_containers(repo::Repository& repository, const Moment& moment, std::string_view database) {
  ASSIGN(const DefinitionsAt definitions, DefinitionsAt::read(repository, moment, false));
  Listing listing;
  listing.at = definitions.at();
  for (const repo::Definition* each : definitions.databases()) {
    if (database.empty() || each->key.id == database) listing.databases.push_back(each->key.id);
  }
  for (const repo::Definition* each : definitions.containers()) {
    if (database.empty() || each->key.database == database) {
      listing.containers.push_back({each->key.database, each->key.id, each->rid});
    }
  }
  if (!database.empty() && listing.databases.empty()) {
    ASSIGN(std::string when, when_it_was_there(repository, definitions.account_lane(), database, ""));
    if (when.empty()) {
      std::vector<std::string> names;
      for (const repo::Definition* each : definitions.databases()) names.push_back(each->key.id);
      when = what_there_is(names);
    }
    return fail(Code::not_found, "there was no database " + std::string(database) + " at " + format_rfc3339(listing.at),
                when);
  }
  return listing;
}

Result<std::uint64_t> list_documents(repo::Repository& repository, const PlannedContainer& container,
                                     const Selection& selection, const std::function<bool(const ListedDocument&)>& each,
                                     std::stop_token stop) {
  ASSIGN(Documents documents, Documents::open(repository, container, selection, false));
  std::uint64_t count = 0;
  repo::Version version;
  while (true) {
    ASSIGN(const bool more, documents.next(version));
    if (!more) break;
    if (stop.stop_requested()) return fail(Code::cancelled, "interrupted");
    ++count;
    if (!each({version.id, version.partition_key, version.ts})) break;
  }
  return count;
}

}  // namespace halley::recovery
