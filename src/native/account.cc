#include "native/account.h"

#include "http/message.h"
#include "native/arm_time.h"

namespace halley::native {
namespace {

// A member of an object, or null.
const json::Value& member(const json::Value& object, std::string_view name) {
  static const json::Value null;
  const json::Value* found = object.is_object() ? object.find(name) : nullptr;
  return found == nullptr ? null : *found;
}

std::string text_at(const json::Value& object, std::string_view name) {
  return object.is_object() ? object.string_at(name) : std::string();
}

std::vector<Region> read_regions(const json::Value& list) {
  std::vector<Region> regions;
  for (const json::Value& each : list.items()) {
    Region region{text_at(each, "locationName"), member(each, "isZoneRedundant").as_bool().value_or(false)};
    if (!region.name.empty()) regions.push_back(std::move(region));
  }
  return regions;
}

void read_backup_policy(const json::Value& policy, AccountState& account) {
  account.continuous = http::equal_ignoring_case(text_at(policy, "type"), "Continuous");
  // Accounts that were made continuous before there were tiers do not name theirs: it is the one of 30 days.
  if (account.continuous) account.tier = text_at(member(policy, "continuousModeProperties"), "tier");
  if (account.continuous && account.tier.empty()) account.tier = tier_name(Tier::days30);
  const json::Value& periodic = member(policy, "periodicModeProperties");
  account.interval_minutes = member(periodic, "backupIntervalInMinutes").as_integer().value_or(0);
  account.retention_hours = member(periodic, "backupRetentionIntervalInHours").as_integer().value_or(0);
  account.redundancy = text_at(periodic, "backupStorageRedundancy");
  const json::Value& migration = member(policy, "migrationState");
  account.migration_status = text_at(migration, "status");
  if (account.migration_status == "Invalid") account.migration_status.clear();
  account.migration_target = text_at(migration, "targetType");
  if (const auto began = parse_arm_time(text_at(migration, "startTime"))) account.migration_began = *began;
}

void read_network(const json::Value& properties, AccountState& account) {
  account.public_network = !http::equal_ignoring_case(text_at(properties, "publicNetworkAccess"), "Disabled");
  account.network_rules = member(properties, "isVirtualNetworkFilterEnabled").as_bool().value_or(false) ||
                          !member(properties, "ipRules").items().empty() ||
                          http::equal_ignoring_case(text_at(properties, "publicNetworkAccess"), "SecuredByPerimeter");
}

}  // namespace

Result<AccountState> read_account(const json::Value& resource) {
  const json::Value& properties = member(resource, "properties");
  if (!properties.is_object()) return fail(Code::corrupt, "Resource Manager's answer is no account");
  AccountState account;
  ASSIGN(account.id, parse_account_id(text_at(resource, "id")));
  account.location = text_at(resource, "location");
  account.instance = text_at(properties, "instanceId");
  account.provisioning_state = text_at(properties, "provisioningState");
  account.endpoint = text_at(properties, "documentEndpoint");
  read_backup_policy(member(properties, "backupPolicy"), account);
  account.all_versions = member(properties, "enableAllVersionsAndDeletesChangeFeed").as_bool();
  read_network(properties, account);
  account.multiple_write_regions = member(properties, "enableMultipleWriteLocations").as_bool().value_or(false);
  account.write_regions = read_regions(member(properties, "writeLocations"));
  account.regions = read_regions(member(properties, "locations"));
  const json::Value& restore = member(properties, "restoreParameters");
  account.restored_from = text_at(restore, "restoreSource");
  if (const auto at = parse_arm_time(text_at(restore, "restoreTimestampInUtc"))) account.restored_at = *at;
  account.restored_without_expiry = member(restore, "restoreWithTtlDisabled").as_bool();
  for (const json::Value& each : member(restore, "databasesToRestore").items()) {
    auto& containers = account.restored_only[text_at(each, "databaseName")];
    for (const json::Value& container : member(each, "collectionNames").items()) containers.push_back(container.text());
  }
  return account;
}

bool same_region(std::string_view a, std::string_view b) {
  const auto plain = [](std::string_view name) {
    std::string text;
    for (const char c : name) {
      if (c != ' ') text += c;
    }
    return text;
  };
  return http::equal_ignoring_case(plain(a), plain(b));
}

}  // namespace halley::native
