// Restoring an account, or a part of it, as a new account.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "native/account_queries.h"

namespace halley::native {

struct AccountRestoreWish {
  std::string subscription;
  std::string account;   // of which the backup is
  std::string instance;  // which of several backups of that name; empty = the one that reaches the moment
  Second at;
  std::string to_resource_group;
  std::string to_account;  // empty = named after the account and the moment
  std::string region;      // empty = where the account was
  // Databases with the containers of each that are wanted (none: all); empty = everything.
  std::map<std::string, std::vector<std::string>> databases;
  bool public_network = false;
  bool keep_time_to_live = false;
};

struct AccountRestorePlan {
  RestorableAccount source;
  AccountId target;
  AccountRestore restore;
  RestorableResources resources;  // what comes back
  Request request;
};

// Checks the wish against what there is. Fails with not_found (account, database or container, naming those there
// are), outside_coverage, invalid_argument (a name that no account can have, a region without a backup).
Result<AccountRestorePlan> plan_account_restore(ArmClient& arm, const AccountRestoreWish& wish, std::stop_token stop);

// Begins it, unless the target is there already: made by the same restore (of the same backup,
// moment and databases, with or without expiry) it is that restore, which goes on, so the same command may be given
// again after it was interrupted; made otherwise it is already_exists. When the answer
// to the request is lost the target tells whether it was begun.
Result<Operation> begin_account_restore(ArmClient& arm, const AccountRestorePlan& plan, std::stop_token stop);

// "kraftd-db-r20260117t100000", shortened to the 44 characters that an account may have.
std::string restored_name(const std::string& account, Second at);

}  // namespace halley::native
