// Questions about an account and its backup, each answered by Resource Manager.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "native/account.h"
#include "native/arm_client.h"
#include "native/restorable.h"

namespace halley::native {

// The account, with what only a preview of the API tells (all_versions) where this cloud has that preview.
Result<AccountState> account_state(ArmClient& arm, const AccountId& account, std::stop_token stop);

// All accounts of the API for NoSQL in the subscription that have a continuous backup, deleted ones too.
Result<std::vector<RestorableAccount>> restorable_accounts(ArmClient& arm, const std::string& subscription,
                                                           std::stop_token stop);

// What happened to the databases, and to the containers of one (by its rid), newest first.
Result<std::vector<ResourceEvent>> database_events(ArmClient& arm, const RestorableId& backup, std::stop_token stop);
Result<std::vector<ResourceEvent>> container_events(ArmClient& arm, const RestorableId& backup,
                                                    const std::string& database_rid, std::stop_token stop);

Result<RestorableResources> resources_at(ArmClient& arm, const RestorableId& backup, const std::string& region,
                                         Second at, std::stop_token stop);

// The last moment of a container that can be restored in a region; nothing when there is none yet, as in the first
// minutes of a container or of continuous backup (the service says 1970 then).
Result<std::optional<Second>> latest_restorable(ArmClient& arm, const AccountId& account, const std::string& database,
                                                const std::string& container, const std::string& region,
                                                std::stop_token stop);

// The key that reads and writes the account's data: a secret.
Result<std::string> account_key(ArmClient& arm, const AccountId& account, std::stop_token stop);

// Names of what is there now.
Result<std::vector<std::string>> database_names(ArmClient& arm, const AccountId& account, std::stop_token stop);
Result<std::vector<std::string>> container_names(ArmClient& arm, const AccountId& account, const std::string& database,
                                                 std::stop_token stop);

}  // namespace halley::native
