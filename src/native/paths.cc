#include "native/paths.h"

#include <vector>

#include "http/message.h"

namespace halley::native {
namespace {

constexpr std::string_view kProvider = "/providers/Microsoft.DocumentDB";

std::string step(std::string_view kind, const std::string& name) {
  return "/" + std::string(kind) + "/" + http::percent_encode(name);
}

std::string subscription_path(const std::string& subscription) {
  return step("subscriptions", subscription) + std::string(kProvider);
}

std::string_view word(ScriptKind kind) {
  switch (kind) {
    case ScriptKind::stored_procedure:
      return "storedProcedures";
    case ScriptKind::trigger:
      return "triggers";
    case ScriptKind::user_defined_function:
      return "userDefinedFunctions";
  }
  return "";
}

// The names in `id` between the fixed words, which must be these in this order.
Result<std::vector<std::string>> names_between(const std::string& id, const std::vector<std::string_view>& words) {
  std::vector<std::string> names;
  std::size_t at = 0;
  for (const std::string_view fixed : words) {
    const auto segment = [&]() -> std::string {
      if (at >= id.size() || id[at] != '/') return {};
      const std::size_t end = std::min(id.find('/', at + 1), id.size());
      std::string text = id.substr(at + 1, end - at - 1);
      at = end;
      return text;
    };
    if (!http::equal_ignoring_case(segment(), fixed))
      return fail(Code::corrupt, "'" + id + "' is another resource's id");
    auto name = http::percent_decode(segment());
    if (!name || name->empty()) return fail(Code::corrupt, "'" + id + "' is no resource id");
    names.push_back(*std::move(name));
  }
  if (at != id.size()) return fail(Code::corrupt, "'" + id + "' is another resource's id");
  return names;
}

}  // namespace

std::string account_path(const AccountId& account) {
  return step("subscriptions", account.subscription) + step("resourceGroups", account.resource_group) +
         std::string(kProvider) + step("databaseAccounts", account.name);
}

std::string account_keys_path(const AccountId& account) { return account_path(account) + "/listKeys"; }

std::string accounts_path(const std::string& subscription) {
  return subscription_path(subscription) + "/databaseAccounts";
}

std::string databases_path(const AccountId& account) { return account_path(account) + "/sqlDatabases"; }

std::string database_path(const AccountId& account, const std::string& database) {
  return account_path(account) + step("sqlDatabases", database);
}

std::string containers_path(const AccountId& account, const std::string& database) {
  return database_path(account, database) + "/containers";
}

std::string container_path(const AccountId& account, const std::string& database, const std::string& container) {
  return database_path(account, database) + step("containers", container);
}

std::string latest_backup_path(const std::string& container) {
  return container + "/retrieveContinuousBackupInformation";
}

std::string scripts_path(const std::string& container, ScriptKind kind) {
  return container + "/" + std::string(word(kind));
}

std::string script_path(const std::string& container, ScriptKind kind, const std::string& id) {
  return container + step(word(kind), id);
}

std::string throughput_path(const std::string& resource) { return resource + "/throughputSettings/default"; }

std::string autoscale_migration_path(const std::string& resource) {
  return throughput_path(resource) + "/migrateToAutoscale";
}

std::string manual_migration_path(const std::string& resource) {
  return throughput_path(resource) + "/migrateToManualThroughput";
}

std::string role_definitions_path(const AccountId& account) { return account_path(account) + "/sqlRoleDefinitions"; }

std::string role_definition_path(const AccountId& account, const std::string& id) {
  return account_path(account) + step("sqlRoleDefinitions", id);
}

std::string role_assignments_path(const AccountId& account) { return account_path(account) + "/sqlRoleAssignments"; }

std::string role_assignment_path(const AccountId& account, const std::string& id) {
  return account_path(account) + step("sqlRoleAssignments", id);
}

std::string restorable_accounts_path(const std::string& subscription) {
  return subscription_path(subscription) + "/restorableDatabaseAccounts";
}

std::string restorable_account_path(const RestorableId& backup) {
  return subscription_path(backup.subscription) + step("locations", backup.location) +
         step("restorableDatabaseAccounts", backup.instance);
}

std::string restorable_databases_path(const RestorableId& backup) {
  return restorable_account_path(backup) + "/restorableSqlDatabases";
}

std::string restorable_containers_path(const RestorableId& backup) {
  return restorable_account_path(backup) + "/restorableSqlContainers";
}

std::string restorable_resources_path(const RestorableId& backup) {
  return restorable_account_path(backup) + "/restorableSqlResources";
}

Result<AccountId> parse_account_id(const std::string& id) {
  ASSIGN(auto names, names_between(id, {"subscriptions", "resourceGroups", "providers", "databaseAccounts"}));
  return AccountId{names[0], names[1], names[3]};
}

Result<RestorableId> parse_restorable_id(const std::string& id) {
  ASSIGN(auto names, names_between(id, {"subscriptions", "providers", "locations", "restorableDatabaseAccounts"}));
  return RestorableId{names[0], names[2], names[3]};
}

}  // namespace halley::native
