// Where Resource Manager has the resources of Cosmos DB. Names are percent-encoded here.
#pragma once

#include <string>

#include "base/result.h"

namespace halley::native {

struct AccountId {
  std::string subscription;
  std::string resource_group;
  std::string name;
};

// The backup of an account, which outlives the account: one for each time an account of that name was made.
struct RestorableId {
  std::string subscription;
  std::string location;  // "West US" and "westus" are the same
  std::string instance;
};

enum class ScriptKind { stored_procedure, trigger, user_defined_function };

std::string account_path(const AccountId& account);
std::string account_keys_path(const AccountId& account);
std::string accounts_path(const std::string& subscription);
std::string databases_path(const AccountId& account);
std::string database_path(const AccountId& account, const std::string& database);
std::string containers_path(const AccountId& account, const std::string& database);
std::string container_path(const AccountId& account, const std::string& database, const std::string& container);

// Below the path of a container.
std::string latest_backup_path(const std::string& container);
std::string scripts_path(const std::string& container, ScriptKind kind);
std::string script_path(const std::string& container, ScriptKind kind, const std::string& id);
// Below the path of a database or container.
std::string throughput_path(const std::string& resource);
std::string autoscale_migration_path(const std::string& resource);
std::string manual_migration_path(const std::string& resource);

// Roles for data, which the account keeps itself.
std::string role_definitions_path(const AccountId& account);
std::string role_definition_path(const AccountId& account, const std::string& id);
std::string role_assignments_path(const AccountId& account);
std::string role_assignment_path(const AccountId& account, const std::string& id);

std::string restorable_accounts_path(const std::string& subscription);
std::string restorable_account_path(const RestorableId& backup);
std::string restorable_databases_path(const RestorableId& backup);
std::string restorable_containers_path(const RestorableId& backup);
std::string restorable_resources_path(const RestorableId& backup);

// The parts of a resource id such as answers hold; its fixed words are compared without case. Fail with corrupt.
Result<AccountId> parse_account_id(const std::string& id);
Result<RestorableId> parse_restorable_id(const std::string& id);

}  // namespace halley::native
