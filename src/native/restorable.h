// What Azure's continuous backup has: accounts, deleted ones too; what happened to their databases and containers; what
// there was at a moment.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "json/value.h"
#include "native/paths.h"

namespace halley::native {

struct RestorableRegion {
  std::string name;
  std::optional<Second> deleted;  // the account left it, or was deleted
};

struct RestorableAccount {
  RestorableId id;
  std::string name;
  std::string location;  // "West US"
  std::string api;       // "Sql", "Table, Sql", "MongoDB"
  Second created;
  std::optional<Second> deleted;
  Second oldest;  // the first moment that can be restored
  std::vector<RestorableRegion> regions;

  // Moments before this cannot be restored.
  Second from() const { return std::max(created, oldest); }
  // Of a deleted account, until its last moment is gone: the service moves `oldest` on as time passes.
  std::optional<std::int64_t> seconds_left() const;
  // Whether the account existed at that moment and the backup still reaches it; `now` bounds live ones.
  bool reaches(Second at, Second now) const;
};
Result<RestorableAccount> read_restorable_account(const json::Value& resource);

// A change of a database or container.
struct ResourceEvent {
  std::string name;
  std::string rid;
  std::string kind;  // Create, Replace, Delete, RecreateAndReplace, …
  Second at;
  std::string can_undelete;  // "restorable" for a deletion that can be taken back
  std::string reason;        // why not, where it is said
  bool is_delete() const { return kind == "Delete"; }
  friend bool operator==(const ResourceEvent&, const ResourceEvent&) = default;
};
Result<ResourceEvent> read_resource_event(const json::Value& resource);

// The databases that there were at a moment, with their containers.
using RestorableResources = std::map<std::string, std::vector<std::string>>;
Result<RestorableResources> read_restorable_resources(const std::vector<json::Value>& list);

// A database or container of that name that was deleted and is not there again: the newest such, with the last whole
// second before it went.
struct Deletion {
  ResourceEvent event;
  Second last_second() const { return event.at - 1; }
  friend bool operator==(const Deletion&, const Deletion&) = default;
};
// By name and rid, of each that was deleted last of all that happened to it.
std::vector<Deletion> deletions_of(std::vector<ResourceEvent> events);
std::optional<Deletion> deletion_of(const std::vector<ResourceEvent>& events, const std::string& name);

// Of the accounts called `name`, the one whose backup reaches `at`; the newest of several. Fails with not_found when
// there is none of that name, and with outside_coverage, naming what can be restored, when none reaches the moment.
// `instance` picks one of several; empty = any.
Result<RestorableAccount> account_at(const std::vector<RestorableAccount>& accounts, const std::string& name,
                                     const std::string& instance, Second at, Second now);

}  // namespace halley::native
