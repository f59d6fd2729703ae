#include "recovery/get.h"

#include "recovery/documents.h"

namespace halley::recovery {
namespace {

// The canonical key of a JSON array, or of one scalar.
Result<std::string> key_of(std::string_view text, const PlannedContainer& container) {
  const std::string array = text.starts_with('[') ? std::string(text) : "[" + std::string(text) + "]";
  auto key = cosmos::canonical_key(array);
  if (!key) {
    return fail(
        std::move(key).error().with_hint("give the key as JSON: a string in quotes, e.g. '\"a\"' or '[\"a\",5]'"));
  }
  ASSIGN(const json::Value components, json::parse(*key));
  if (components.items().size() != container.key.paths.size()) {
    return fail(Code::invalid_argument, container.name() + " has partition keys of " +
                                            std::to_string(container.key.paths.size()) + " values, not " +
                                            std::to_string(components.items().size()));
  }
  return std::move(*key);
}

}  // namespace

Result<FoundDocument> get_document(repo::Repository& repository, const Moment& moment, std::string_view database,
                                   std::string_view container, std::string_view id, std::string_view partition_key) {
  ASSIGN(const PlannedContainer planned, plan_container(repository, moment, database, container));
  ASSIGN(const std::string key, key_of(partition_key, planned));
  ASSIGN(const repo::LaneState lane, repository.read_lane(planned.lane));
  repo::ReadOptions options;
  options.cut = planned.cut;
  options.partition_key = key;
  options.id = id;
  ASSIGN(const auto stream, repository.snapshot(lane, options));
  repo::Version version;
  ASSIGN(const bool found, stream->next(version));
  const std::string what = "document '" + std::string(id) + "' of " + key;
  const std::string in_container = " in " + planned.name() + " at " + format_rfc3339(planned.at);
  if (!found) return fail(Code::not_found, "there was no " + what + in_container);
  if (version.operation != repo::Operation::upsert) {
    const char* const how = version.operation == repo::Operation::expire ? " had expired by " : " was deleted at ";
    return fail(Code::not_found, "there was no " + what + in_container + ": it" + how + format_rfc3339(version.time));
  }
  ASSIGN(const bool expired, is_expired(planned.expiry, version.ts, version.body, planned.at));
  if (expired) {
    return fail(Code::not_found, "there was no " + what + in_container + ": it had expired, and was last written at " +
                                     format_rfc3339(version.ts));
  }
  FoundDocument document;
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
