#include "native/account_checks.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/check.h"
#include "http/message.h"

namespace halley::native {
namespace {

using Kind = AccountEventKind;

// More of it is better. What is not known is not compared.
int redundancy_rank(const std::string& redundancy) {
  if (http::equal_ignoring_case(redundancy, "Local")) return 1;
  if (http::equal_ignoring_case(redundancy, "Zone")) return 2;
  return http::equal_ignoring_case(redundancy, "Geo") ? 3 : 0;
}

void check_mode(const AccountState& account, const AccountExpectation& expected, std::vector<AccountEvent>& events) {
  const std::string& name = account.id.name;
  if (!account.continuous) {
    const bool failed = http::equal_ignoring_case(account.migration_status, "Failed");
    events.push_back({Kind::continuous_backup_off, name,
                      failed ? "the change of " + name + " to continuous backup failed: its backup is periodic"
                             : "the backup of " + name + " is periodic: nobody but Azure's support can restore from it",
                      "run 'halley native enable'"});
    return;
  }
  const auto has = parse_tier(account.tier);
  if (!expected.tier || !has || tier_days(*has) >= tier_days(*expected.tier)) return;
  events.push_back(
      {Kind::tier_lowered, name,
       fmt::format("the backup of {} reaches back {} days, not {}", name, tier_days(*has), tier_days(*expected.tier)),
       "run 'halley native enable --tier " + std::string(tier_name(*expected.tier)) + "'"});
}

void check_redundancy(const AccountState& account, const AccountExpectation& expected,
                      std::vector<AccountEvent>& events) {
  const std::string& name = account.id.name;
  if (!account.continuous) {
    const int has = redundancy_rank(account.redundancy);
    if (has == 0 || has >= redundancy_rank(expected.redundancy)) return;
    events.push_back({Kind::redundancy_lower, name,
                      "the backup of " + name + " is stored with the redundancy " + account.redundancy + ", not " +
                          expected.redundancy,
                      "change it: az cosmosdb update --backup-redundancy " + expected.redundancy});
    return;
  }
  if (!expected.zone_redundant) return;
  for (const Region& region : account.regions) {
    if (region.zone_redundant) continue;
    events.push_back({Kind::redundancy_lower, name,
                      name + " and its backup in " + region.name + " are in one availability zone",
                      "add a region with zone redundancy, and take this one away"});
  }
}

}  // namespace

std::string_view severity_name(Severity severity) { return severity == Severity::critical ? "critical" : "warning"; }

Severity severity_of(AccountEventKind kind) {
  const bool critical = kind == Kind::continuous_backup_off || kind == Kind::account_deleted;
  return critical ? Severity::critical : Severity::warning;
}

std::string_view account_event_name(AccountEventKind kind) {
  switch (kind) {
    case Kind::continuous_backup_off:
      return "continuous_backup_off";
    case Kind::tier_lowered:
      return "tier_lowered";
    case Kind::restorable_time_lags:
      return "restorable_time_lags";
    case Kind::all_versions_off:
      return "all_versions_off";
    case Kind::account_deleted:
      return "account_deleted";
    case Kind::restored_but_public:
      return "restored_but_public";
    case Kind::redundancy_lower:
      return "redundancy_lower";
  }
  CHECK(false);
  return {};
}

std::vector<AccountEvent> check_account(const AccountState& account, const AccountExpectation& expected,
                                        const std::map<std::string, std::optional<Second>>& latest,
                                        const std::map<std::string, Second>& made, Second now) {
  std::vector<AccountEvent> events;
  check_mode(account, expected, events);
  for (const auto& [container, moment] : latest) {
    const auto since = made.find(container);
    const std::optional<Second> from = moment                ? moment
                                       : since == made.end() ? std::nullopt
                                                             : std::optional(since->second);
    if (!from || now - *from <= expected.longest_lag) continue;
    events.push_back({Kind::restorable_time_lags, container,
                      container + (moment ? " can be restored up to " + format_rfc3339(*moment) + " only"
                                          : " was made at " + format_rfc3339(*from) + " and cannot be restored yet"),
                      "if it lasts, ask Azure's support; the repository goes on"});
  }
  if (expected.all_versions && account.all_versions == false) {
    events.push_back({Kind::all_versions_off, account.id.name,
                      "the all-versions change feed of " + account.id.name + " is off",
                      "run 'halley native enable --all-versions'"});
  }
  if (!account.restored_from.empty() && account.public_network && !account.network_rules) {
    events.push_back({Kind::restored_but_public, account.id.name,
                      account.id.name + " was made by a restore, and is open to every network",
                      "close it, or give it the network rules of the account it is a copy of"});
  }
  check_redundancy(account, expected, events);
  return events;
}

std::vector<AccountEvent> check_deleted(const std::vector<RestorableAccount>& accounts,
                                        const std::vector<std::string>& watched) {
  std::vector<AccountEvent> events;
  for (const std::string& name : watched) {
    const RestorableAccount* newest = nullptr;
    for (const RestorableAccount& each : accounts) {
      const bool named = http::equal_ignoring_case(each.name, name);
      if (named && (newest == nullptr || each.created > newest->created)) newest = &each;
    }
    if (newest == nullptr || !newest->deleted) continue;
    const std::int64_t days = *newest->seconds_left() / 86400;
    events.push_back({Kind::account_deleted, newest->name,
                      fmt::format("the account {} was deleted at {}; its backup is gone in {} days", newest->name,
                                  format_rfc3339(*newest->deleted), days),
                      "bring it back: halley native restore --account " + newest->name + " --at " +
                          format_rfc3339(*newest->deleted - 1)});
  }
  return events;
}

}  // namespace halley::native
