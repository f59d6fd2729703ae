// Requests to Resource Manager, by what they are about. Each takes those of its paths and refuses others with 404.
#pragma once

#include "arm/subscription.h"

namespace halley::arm {

// …/resourceGroups/G/providers/Microsoft.DocumentDB/databaseAccounts[/A[/listKeys]]
Result<Reply> serve_accounts(const Call& call, Subscription& subscription);

// …/databaseAccounts/A/sqlDatabases[/D[/containers[/C[/retrieveContinuousBackupInformation]]]]
Result<Reply> serve_databases(const Call& call, Subscription& subscription);

// What is below a database or container: throughputSettings/default[/migrateTo…], storedProcedures, triggers,
// userDefinedFunctions[/NAME]
struct Place;
Result<Reply> serve_settings(const Call& call, Subscription& subscription, std::shared_ptr<ManagedAccount> account,
                             const Place& place);

// …/databaseAccounts/A/sqlRoleDefinitions[/ID], sqlRoleAssignments[/ID]
Result<Reply> serve_roles(const Call& call, Subscription& subscription);

// /subscriptions/S/providers/Microsoft.DocumentDB/[locations/L/]restorableDatabaseAccounts…
Result<Reply> serve_restorable(const Call& call, Subscription& subscription);

// Where the parts of a path of a resource group are.
inline constexpr std::size_t kGroupAt = 3;
inline constexpr std::size_t kAccountAt = 7;
inline constexpr std::size_t kDatabaseAt = 9;
inline constexpr std::size_t kContainerAt = 11;

Result<std::shared_ptr<ManagedAccount>> account_of(const Call& call, const Subscription& subscription);

// Begins an operation about the resource that is asked for; `reply` with the headers to ask about it by. One that
// changes nothing is asked about by a Location only, and is in no other's way.
Reply begin_operation(const Call& call, Subscription& subscription, const ManagedAccount& account, Operation operation,
                      Reply reply, bool changes = true);

// Of the databases there were at a moment those that a restore names; all when it names none. `wanted` is
// databasesToRestore. Fails with 400 when something named was not there.
Result<std::vector<server::PastDatabase>> choose_databases(std::vector<server::PastDatabase> there,
                                                           const json::Value& wanted);

}  // namespace halley::arm
