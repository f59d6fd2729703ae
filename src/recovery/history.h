// Every version of one document that the repository has. What a new base has read again unchanged is no other version.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "json/json_difference.h"
#include "recovery/incarnations.h"

namespace halley::recovery {

struct HistoryQuery {
  std::string database;
  std::string container;
  std::string id;
  std::optional<std::string> partition_key;  // JSON; not needed where the id is under one key only
  std::optional<Second> from;                // only versions at or after it
  std::optional<Second> until;               // only versions at or before it
};

// What a version is to the one before it.
enum class Happening : std::uint8_t {
  first,      // nothing before it is known: created, or there when the first backup came
  created,    // the document was deleted before, or is another one (another _rid) of the same id
  changed,    // other content
  rewritten,  // written again with the same content
  removed,
  expired
};
std::string_view happening_name(Happening happening);  // "first", "created", …, "deleted", "expired"

struct HistoryEntry {
  const Incarnation* incarnation = nullptr;
  Happening happening = Happening::first;
  Second time;   // what moments are compared with
  Second ts;     // _ts; of a delete its time
  Second since;  // a delete found by reconciliation was after this; else equal to `time`
  std::uint64_t lsn = 0;
  std::string rid;
  std::string etag;
  std::string text;  // as it was captured, system properties included; empty for deletes
  std::string body;  // the same without them
  // Of `changed`: against the body of the version before, which the views are of; valid during the call.
  std::vector<json::Change> changes;

  // A delete that reconciliation found: it was somewhere in (since, time].
  bool uncertain() const { return happening == Happening::removed && since != time; }
};

struct HistoryReport {
  std::string partition_key;  // canonical
  std::uint64_t versions = 0;
  bool gaps = false;                 // captured in latest-version mode: versions between two backups are not known
  std::vector<std::string> losses;   // backups that the repository no longer has: their versions are missing
  std::optional<Second> expired_by;  // the newest version had expired by then, and its purge was not captured
};

// Gives the versions to `each`, newest first, of the newest incarnation of the container first; false stops. Two
// versions are held at a time. Only blocks that may hold the document are read. Fails with not_found when there is no
// such version, corrupt when its backups are lost, invalid_argument naming the keys when the id is under several and
// none was given: finding that out reads all keys of the container, but no bodies.
Result<HistoryReport> document_history(repo::Repository& repository, const HistoryQuery& query,
                                       const std::function<bool(const HistoryEntry&)>& each, std::stop_token stop);

}  // namespace halley::recovery
