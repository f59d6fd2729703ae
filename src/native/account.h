// What Resource Manager tells of an account.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "json/value.h"
#include "native/bodies.h"
#include "native/paths.h"

namespace halley::native {

struct Region {
  std::string name;  // "West US"
  bool zone_redundant = false;
};

struct AccountState {
  AccountId id;
  std::string location;
  std::string instance;            // of its backup: RestorableId::instance
  std::string provisioning_state;  // "Succeeded", "Updating", …
  std::string endpoint;

  bool continuous = false;
  std::string tier;  // as the service calls it; empty when periodic
  // Of periodic backup.
  std::int64_t interval_minutes = 0;
  std::int64_t retention_hours = 0;
  std::string redundancy;  // Geo, Zone, Local

  // A change from periodic to continuous, while it goes on or when it failed.
  std::string migration_status;  // InProgress, Completed, Failed; empty = none was
  std::string migration_target;
  std::optional<Second> migration_began;

  std::optional<bool> all_versions;  // the feed with deletes; nothing when this version of the API does not tell
  bool public_network = true;
  bool network_rules = false;  // only some addresses or networks are let in
  bool multiple_write_regions = false;
  std::vector<Region> write_regions;
  std::vector<Region> regions;

  // Of an account that was made by a restore.
  std::string restored_from;  // the id of a restorable account; empty = it was not
  std::optional<Second> restored_at;
  std::map<std::string, std::vector<std::string>> restored_only;  // databases with their containers; empty = everything
  std::optional<bool> restored_without_expiry;                    // nothing where this version of the API does not tell

  RestorableId backup() const { return {id.subscription, location, instance}; }
  std::string write_region() const { return write_regions.empty() ? location : write_regions.front().name; }
};

// Fails with corrupt when it is not an account.
Result<AccountState> read_account(const json::Value& resource);

// Whether two names of a region are the same: "West US", "westus".
bool same_region(std::string_view a, std::string_view b);

}  // namespace halley::native
