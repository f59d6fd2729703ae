// Azure's restore of an account as a new one, for the commands that offer it.
#pragma once

#include "cli/azure.h"
#include "native/account_restore.h"

namespace halley::cli {

// What options and configuration name; which databases aside. Fails with invalid_argument.
Result<native::AccountRestoreWish> account_restore_wish(const Context& context, const Configuration& configuration);

// Says what would become of it, and unless it is --dry-run begins it, with --wait waits for it, and prints the result.
Result<ExitCode> restore_account(Context& context, const Azure& azure, const native::AccountRestorePlan& plan);

}  // namespace halley::cli
