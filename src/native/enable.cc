#include "native/enable.h"

#include "http/message.h"

namespace halley::native {
namespace {

std::string periodic_warning(const AccountState& account, Tier tier) {
  return "The account " + account.id.name + " changes from periodic backup to continuous backup of " +
         std::to_string(tier_days(tier)) +
         " days. This cannot be taken back: an account with continuous backup never returns to periodic backup.";
}

std::string shorter_warning(const AccountState& account, int days, Tier tier) {
  return "The backup of " + account.id.name + " shrinks from " + std::to_string(days) + " to " +
         std::to_string(tier_days(tier)) + " days. What is older is lost at once.";
}

}  // namespace

Result<std::vector<EnableStep>> plan_enable(const AccountState& account, std::optional<Tier> tier, bool all_versions) {
  const std::string path = account_path(account.id);
  std::vector<EnableStep> steps;
  const bool migrating = http::equal_ignoring_case(account.migration_status, "InProgress");
  const bool busy = !account.provisioning_state.empty() && account.provisioning_state != "Succeeded";
  const Tier wanted = tier.value_or(Tier::days30);
  const bool tier_is_there = account.continuous && (!tier || account.tier == tier_name(wanted));
  const bool feed_is_there = !all_versions || account.all_versions == true;
  if (tier_is_there && feed_is_there) return steps;
  if (busy || migrating) {
    return fail(Code::precondition,
                "the account " + account.id.name + " is being changed already (" +
                    (migrating ? "to continuous backup" : account.provisioning_state) + ")",
                "wait until 'halley native status' says Succeeded");
  }
  if (!tier_is_there) {
    EnableStep step{patch(path, backup_policy_body(wanted), tier_api(wanted)), {}, {}};
    step.what = account.continuous ? "changing " + account.id.name + " to " + std::string(tier_name(wanted))
                                   : "changing " + account.id.name + " to continuous backup";
    if (!account.continuous) {
      step.warning = periodic_warning(account, wanted);
    } else if (const auto has = parse_tier(account.tier); has && tier_days(*has) > tier_days(wanted)) {
      step.warning = shorter_warning(account, tier_days(*has), wanted);
    }
    steps.push_back(std::move(step));
  }
  if (!feed_is_there) {
    steps.push_back({patch(path, all_versions_body(true), api::kAllVersions),
                     "turning on the all-versions change feed of " + account.id.name,
                     {}});
  }
  return steps;
}

}  // namespace halley::native
