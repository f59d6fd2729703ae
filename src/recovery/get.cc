#include "recovery/get.h"

#include <set>

#include "recovery/document_key.h"
#include "recovery/documents.h"

namespace halley::recovery {
namespace {

constexpr std::size_t kMostKeys = 1000;  // of one id that are looked for

// The only key under which there is a document of that id.
Result<std::string> find_key(repo::Repository& repository, const PlannedContainer& container, std::string_view id,
                             const std::stop_token& stop) {
  Selection selection;
  selection.ids = {std::string(id)};
  ASSIGN(Documents documents, Documents::open(repository, container, selection, false, stop));
  std::set<std::string> keys;
  repo::Version version;
  while (keys.size() < kMostKeys) {
    if (stop.stop_requested()) return fail(Code::cancelled, "interrupted");
    ASSIGN(const bool more, documents.next(version));
    if (!more) break;
    keys.emplace(version.partition_key);
  }
  return only_key(keys, id, container.name() + " at " + format_rfc3339(container.at));
}

Error with_notes(Error absent, const std::vector<std::string>& notes) {
  for (const std::string& note : notes) absent.hint += (absent.hint.empty() ? "" : "; ") + note;
  return absent;
}

}  // namespace

Result<FoundDocument> get_document(repo::Repository& repository, const Moment& moment, std::string_view database,
                                   std::string_view container, std::string_view id,
                                   std::optional<std::string_view> partition_key, std::stop_token stop) {
  ASSIGN(const PlannedContainer planned, plan_container(repository, moment, database, container));
  DocumentName name{key_of_id(planned.key, id), std::string(id)};
  if (partition_key) {
    ASSIGN(name.partition_key, read_key(*partition_key, planned.key, planned.name()));
  }
  FoundDocument document;
  ASSIGN(document.notes, notes_of(repository, planned, &name, stop));
  if (name.partition_key.empty()) {
    auto key = find_key(repository, planned, id, stop);
    if (!key && key.error().code == Code::not_found) {
      return fail(with_notes(std::move(key).error(), document.notes));
    }
    if (!key) return fail(std::move(key).error());
    name.partition_key = std::move(*key);
  }
  ASSIGN(const repo::LaneState lane, repository.read_lane(planned.lane));
  repo::ReadOptions options;
  options.cut = planned.cut;
  options.partition_key = name.partition_key;
  options.id = id;
  options.stop = std::move(stop);
  ASSIGN(const auto stream, repository.snapshot(lane, options));
  repo::Version version;
  ASSIGN(const bool found, stream->next(version));
  const auto absent = [&](const std::string& why) {
    return fail(with_notes({Code::not_found, "there was no document '" + name.id + "' of " + name.partition_key +
                                                 " in " + planned.name() + " at " + format_rfc3339(planned.at) + why},
                           document.notes));
  };
  if (!found) return absent("");
  if (version.operation != repo::Operation::upsert) {
    const char* const how =
        version.operation == repo::Operation::expire ? ": it had expired by " : ": it was deleted at ";
    return absent(how + format_rfc3339(version.time));
  }
  ASSIGN(const bool expired, is_expired(planned.expiry, version.ts, version.body, planned.at));
  if (expired) return absent(": it had expired, and was last written at " + format_rfc3339(version.ts));
  document.text =
      repo::original_text(version, "dbs/" + lane.identity.database_rid + "/colls/" + lane.identity.container_rid + "/");
  document.id = version.id;
  document.partition_key = version.partition_key;
  document.rid = version.rid;
  document.etag = version.etag;
  document.ts = version.ts;
  document.lsn = version.position.lsn;
  document.at = planned.at;
  return document;
}

}  // namespace halley::recovery
