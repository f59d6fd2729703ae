#include "recovery/listing.h"

#include "recovery/definitions_at.h"
#include "recovery/documents.h"
#include "recovery/good_moments.h"
#include "recovery/outside.h"

namespace halley::recovery {
namespace {

// The refusal of a moment of which no definitions are known, with a hint of moments at which all that would be listed
// can be restored. Where there is none, at least of those that can be listed.
Error unknown_at(repo::Repository& repository, const Moment& moment, std::string_view database, Error why) {
  const auto account = repository.read_lane(repo::LaneId(repo::kAccountLane));
  if (why.code != Code::outside_coverage || moment.latest || !account) return why;
  const auto known = repo::restorable_seconds(*account);
  if (known.empty()) return why;
  Selection selection;
  if (!database.empty()) selection.include = {std::string(database)};
  const auto good = good_moments(repository, *account, selection);
  if (good && !good->empty()) return std::move(why).with_hint(nearest_good(good, moment.at));
  const repo::Nearest nearest = repo::nearest(known, moment.at);
  std::string text;
  for (const auto& each : {nearest.before, nearest.after}) {
    if (each) text += (text.empty() ? "" : " and ") + format_rfc3339(*each);
  }
  return std::move(why).with_hint("the nearest moments that can be listed, though not all of it be restored: " + text);
}

}  // namespace

Result<Listing> list_containers(repo::Repository& repository, const Moment& moment, std::string_view database) {
  auto known = DefinitionsAt::read(repository, moment, false);
  if (!known) return fail(unknown_at(repository, moment, database, std::move(known).error()));
  const DefinitionsAt& definitions = *known;
  Listing listing;
  listing.notes = definitions.losses();
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
  ASSIGN(Documents documents, Documents::open(repository, container, selection, false, stop));
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
