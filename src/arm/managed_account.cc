#include "arm/managed_account.h"

#include "json/writer.h"

namespace halley::arm {
namespace {

constexpr std::int64_t kDay = 86400;
constexpr std::string_view kFirstWithFeed = "2024-12-01";

void write_regions(json::Writer& writer, std::string_view key, const ManagedAccount& account, std::size_t count) {
  writer.key(key).begin_array();
  for (std::size_t i = 0; i < count; ++i) {
    const std::string& region = account.regions[i];
    std::string endpoint;
    if (account.emulator && account.provisioning_state != "Creating") {
      endpoint = account.emulator->region_endpoint(region);
      if (endpoint.empty()) endpoint = account.emulator->endpoint();
    }
    const bool made = account.provisioning_state != "Creating";
    writer.begin_object().member("id", account.name + "-" + short_name(region)).member("locationName", region);
    writer.member("documentEndpoint", endpoint).member("provisioningState", made ? "Succeeded" : "Creating");
    writer.member_integer("failoverPriority", static_cast<std::int64_t>(i)).member_boolean("isZoneRedundant", false);
    writer.end_object();
  }
  writer.end_array();
}

void write_backup_policy(json::Writer& writer, const ManagedAccount& account) {
  writer.key("backupPolicy").begin_object();
  if (account.continuous()) {
    writer.member("type", "Continuous").key("continuousModeProperties").begin_object();
    writer.member("tier", account.tier).end_object();
  } else {
    writer.member("type", "Periodic").key("periodicModeProperties").begin_object();
    writer.member_integer("backupIntervalInMinutes", 240).member_integer("backupRetentionIntervalInHours", 8);
    writer.member("backupStorageRedundancy", "Geo").end_object();
  }
  if (account.migrating_since) {
    writer.key("migrationState").begin_object().member("status", "InProgress").member("targetType", "Continuous");
    writer.member("startTime", format_rfc3339(*account.migrating_since)).end_object();
  }
  writer.end_object();
}

void write_properties(json::Writer& writer, const ManagedAccount& account, const Call& call) {
  const bool made = account.emulator != nullptr && account.provisioning_state != "Creating";
  writer.key("properties").begin_object().member("provisioningState", account.provisioning_state);
  if (made) writer.member("documentEndpoint", account.emulator->endpoint());
  writer.member("publicNetworkAccess", account.public_network ? "Enabled" : "Disabled");
  writer.member_boolean("enableAutomaticFailover", false).member_boolean("enableMultipleWriteLocations", false);
  writer.member_boolean("isVirtualNetworkFilterEnabled", account.network_filter);
  writer.key("virtualNetworkRules").raw(account.network_rules.to_text());
  writer.member("EnabledApiTypes", "Sql").member("databaseAccountOfferType", "Standard");
  writer.member("instanceId", account.instance);
  writer.member("createMode", account.restore_parameters.is_null() ? "Default" : "Restore");
  writer.member_boolean("enableFullFidelityChangeFeed", false).member_boolean("disableLocalAuth", false);
  if (call.is_preview() && call.has_version(kFirstWithFeed)) {
    writer.member_boolean("enableAllVersionsAndDeletesChangeFeed",
                          made && account.emulator->account().all_versions_feed());
  }
  writer.key("consistencyPolicy").begin_object().member("defaultConsistencyLevel", "Session");
  writer.member_integer("maxIntervalInSeconds", 5).member_integer("maxStalenessPrefix", 100).end_object();
  writer.key("capabilities").begin_array().end_array().key("ipRules").raw(account.ip_rules.to_text());
  write_regions(writer, "writeLocations", account, 1);
  write_regions(writer, "readLocations", account, account.regions.size());
  write_regions(writer, "locations", account, account.regions.size());
  write_backup_policy(writer, account);
  if (!account.restore_parameters.is_null()) {
    writer.key("restoreParameters").raw(account.restore_parameters.to_text());
  }
  writer.end_object();
}

}  // namespace

int days_of(std::string_view tier) {
  if (tier == "Continuous7Days") return 7;
  if (tier == "Continuous30Days") return 30;
  return tier == "Continuous35Days" ? 35 : 0;
}

std::string ManagedAccount::id() const {
  return path_text({"subscriptions", subscription, "resourceGroups", resource_group, "providers",
                    std::string(kProvider), "databaseAccounts", name});
}

std::string ManagedAccount::restorable_id() const {
  return path_text({"subscriptions", subscription, "providers", std::string(kProvider), "locations",
                    short_name(location()), "restorableDatabaseAccounts", instance});
}

Second ManagedAccount::oldest(Second now) const {
  const Second window = now - days_of(tier) * kDay;
  // The service tells of a deleted account where its window begins, even when the account is younger.
  return deleted ? window : std::max(window, reaches_back_to);
}

bool ManagedAccount::restorable(Second now) const {
  return continuous() && emulator != nullptr && (!deleted || oldest(now) < *deleted);
}

std::string account_json(const ManagedAccount& account, const Call& call) {
  std::string json;
  json::Writer writer(json);
  writer.begin_object().member("id", account.id()).member("name", account.name).member("location", account.location());
  writer.member("type", "Microsoft.DocumentDB/databaseAccounts").member("kind", "GlobalDocumentDB");
  writer.key("tags").raw(account.tags.to_text());
  write_properties(writer, account, call);
  writer.end_object();
  return json;
}

std::string restorable_account_json(const ManagedAccount& account, Second now) {
  std::string json;
  json::Writer writer(json);
  writer.begin_object().member("name", account.instance).member("location", account.location());
  writer.member("type", "Microsoft.DocumentDB/locations/restorableDatabaseAccounts");
  writer.member("id", account.restorable_id()).key("properties").begin_object();
  writer.member("accountName", account.name).member("apiType", "Sql");
  writer.member("creationTime", format_rfc3339(account.created));
  if (account.deleted) writer.member("deletionTime", format_rfc3339(*account.deleted));
  writer.member("oldestRestorableTime", format_rfc3339(account.oldest(now)));
  writer.key("restorableLocations").begin_array();
  for (const std::string& region : account.regions) {
    writer.begin_object().member("locationName", region);
    writer.member("regionalDatabaseAccountInstanceId", account.instance);
    writer.member("creationTime", format_rfc3339(account.created));
    if (account.deleted) writer.member("deletionTime", format_rfc3339(*account.deleted));
    writer.end_object();
  }
  writer.end_array().end_object().end_object();
  return json;
}

}  // namespace halley::arm
