#include "recovery/get.h"

#include <set>

#include "recovery/document_key.h"
#include "recovery/documents.h"
#include "recovery/uncertain.h"

namespace halley::recovery {
namespace {

constexpr std::size_t kMostKeys = 1000;  // of one id that are looked for

// The key under which there is a document of that id.
Result<std::string> find_key(repo::Repository& repository, const PlannedContainer& container, std::string_view id) {
  std::string key = key_of_id(container.key, id);
  if (!key.empty()) return key;
  Selection selection;
  selection.ids = {std::string(id)};
  ASSIGN(Documents documents, Documents::open(repository, container, selection, false));
  std::set<std::string> keys;
  repo::Version version;
  while (keys.size() < kMostKeys) {
    ASSIGN(const bool more, documents.next(version));
    if (!more) break;
    keys.emplace(version.partition_key);
  }
  return only_key(keys, id, container.name() + " at " + format_rfc3339(container.at));
}

// What a restore would tell of the document and its lane.
Result<std::vector<std::string>> notes_of(repo::Repository& repository, const Moment& moment,
                                          const PlannedContainer& planned, const repo::LaneState& lane,
                                          const DocumentName& document) {
  std::vector<std::string> notes;
  if (!lane.damage.empty()) notes.push_back(lost_behind(planned, lane));
  if (moment.latest) return notes;
  ASSIGN(const auto doubts, sync_point_notes(repository, lane, planned.at, &document));
  notes.insert(notes.end(), doubts.begin(), doubts.end());
  return notes;
}

Error absent(std::string what, const std::vector<std::string>& notes) {
  std::string hint;
  for (const std::string& note : notes) hint += (hint.empty() ? "" : "; ") + note;
  return {Code::not_found, "there was no " + std::move(what), std::move(hint)};
}

}  // namespace

Result<FoundDocument> get_document(repo::Repository& repository, const Moment& moment, std::string_view database,
                                   std::string_view container, std::string_view id,
                                   std::optional<std::string_view> partition_key) {
  ASSIGN(const PlannedContainer planned, plan_container(repository, moment, database, container));
  ASSIGN(const std::string key,
         partition_key ? read_key(*partition_key, planned.key, planned.name()) : find_key(repository, planned, id));
  ASSIGN(const repo::LaneState lane, repository.read_lane(planned.lane));
  FoundDocument document;
  ASSIGN(document.notes, notes_of(repository, moment, planned, lane, {key, std::string(id)}));
  repo::ReadOptions options;
  options.cut = planned.cut;
  options.partition_key = key;
  options.id = id;
  ASSIGN(const auto stream, repository.snapshot(lane, options));
  repo::Version version;
  ASSIGN(const bool found, stream->next(version));
  const std::string what = "document '" + std::string(id) + "' of " + key;
  const std::string in_container = " in " + planned.name() + " at " + format_rfc3339(planned.at);
  if (!found) return fail(absent(what + in_container, document.notes));
  if (version.operation != repo::Operation::upsert) {
    const char* const how = version.operation == repo::Operation::expire ? " had expired by " : " was deleted at ";
    return fail(absent(what + in_container + ": it" + how + format_rfc3339(version.time), document.notes));
  }
  ASSIGN(const bool expired, is_expired(planned.expiry, version.ts, version.body, planned.at));
  if (expired) {
    return fail(absent(what + in_container + ": it had expired, and was last written at " + format_rfc3339(version.ts),
                       document.notes));
  }
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
