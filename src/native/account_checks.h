// The safety net: what is not as it should be with an account's continuous backup. Pure functions over what was read;
// whoever watches accounts calls them and raises what they find.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "native/account.h"
#include "native/restorable.h"

namespace halley::native {

enum class AccountEventKind {
  continuous_backup_off,  // periodic, or a migration failed
  tier_lowered,           // the window is shorter than is wanted
  restorable_time_lags,   // a container was not backed up for too long
  all_versions_off,       // the feed that the repository's exactness rests on
  account_deleted,        // with the days until its backup is gone
  restored_but_public,    // made by a restore, and open to everybody
  redundancy_lower,       // than is wanted
};
// "tier_lowered"
std::string_view account_event_name(AccountEventKind kind);

enum class Severity {
  warning,   // recovery is worse than is wanted, or something is open that should not be
  critical,  // there is no recovery by this backup, or there will be none soon
};
std::string_view severity_name(Severity severity);  // "warning"
Severity severity_of(AccountEventKind kind);

struct AccountEvent {
  AccountEventKind kind;
  std::string subject;  // an account or a container
  std::string message;  // a sentence that says what is and what should be
  std::string hint;     // what to do
};

// How it should be. What is not wanted is not checked.
struct AccountExpectation {
  std::optional<Tier> tier;
  bool all_versions = false;
  std::int64_t longest_lag = 3600;  // seconds that a container's latest restorable time may be behind
  bool zone_redundant = false;      // backups are as redundant as the region they are in
  std::string redundancy;           // of periodic backup: Geo, Zone or Local
};

// `latest`: the latest restorable time of each container, by name; nothing where there is none yet, which counts as a
// lag only of a container that `made` says has been there for longer than the lag that is allowed.
std::vector<AccountEvent> check_account(const AccountState& account, const AccountExpectation& expected,
                                        const std::map<std::string, std::optional<Second>>& latest,
                                        const std::map<std::string, Second>& made, Second now);

// Of the accounts whose names are `watched` those that are deleted, while their backups last, unless one of that name
// is there again.
std::vector<AccountEvent> check_deleted(const std::vector<RestorableAccount>& accounts,
                                        const std::vector<std::string>& watched);

}  // namespace halley::native
