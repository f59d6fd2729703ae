#include "native/account_restore.h"

#include <algorithm>
#include <set>

namespace halley::native {
namespace {

constexpr std::size_t kLongestName = 44;
constexpr std::size_t kShortestName = 3;

Status check_name(const std::string& name) {
  const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  const bool good = name.size() >= kShortestName && name.size() <= kLongestName && name.front() != '-' &&
                    name.back() != '-' && std::all_of(name.begin(), name.end(), allowed);
  if (good) return {};
  return fail(Code::invalid_argument, "no account can be called '" + name + "'",
              "an account's name has 3 to 44 lower-case letters, digits and hyphens");
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? "none" : text;
}

std::vector<std::string> names_of(const RestorableResources& resources) {
  std::vector<std::string> names;
  for (const auto& [name, containers] : resources) names.push_back(name);
  return names;
}

// What is wanted of what there was; everything when nothing is named.
Result<RestorableResources> choose(const RestorableResources& there, const AccountRestoreWish& wish) {
  const std::string moment = format_rfc3339(wish.at);
  if (wish.databases.empty()) return there;
  RestorableResources chosen;
  for (const auto& [database, containers] : wish.databases) {
    const auto found = there.find(database);
    if (found == there.end()) {
      return fail(Code::not_found, "there was no database " + database + " at " + moment,
                  "there were: " + joined(names_of(there)));
    }
    for (const std::string& container : containers) {
      if (std::find(found->second.begin(), found->second.end(), container) != found->second.end()) continue;
      return fail(Code::not_found, "there was no container " + database + "/" + container + " at " + moment,
                  "there were in " + database + ": " + joined(found->second));
    }
    chosen[database] = containers.empty() ? found->second : containers;
  }
  return chosen;
}

Result<std::string> choose_region(const RestorableAccount& source, const std::string& wanted) {
  std::vector<std::string> names;
  for (const RestorableRegion& region : source.regions) {
    if (!wanted.empty() && same_region(region.name, wanted)) return region.name;
    names.push_back(region.name);
  }
  if (wanted.empty()) return source.location;
  return fail(Code::invalid_argument, "the backup of " + source.name + " is not in " + wanted,
              "it is in: " + joined(names));
}

Operation by_its_resource(const AccountRestorePlan& plan, Second begun) {
  Operation operation;
  operation.resource = plan.request.path;
  operation.begun = begun;
  return operation;
}

std::string what_of(const AccountRestorePlan& plan) {
  return "restoring " + plan.source.name + " as " + plan.target.name;
}

using Parts = std::map<std::string, std::set<std::string>>;

// A database without containers named is all of it.
Parts parts_of(const std::map<std::string, std::vector<std::string>>& databases, const RestorableResources& there) {
  Parts parts;
  for (const auto& [database, containers] : databases) {
    const auto found = there.find(database);
    const auto& names = containers.empty() && found != there.end() ? found->second : containers;
    parts[database].insert(names.begin(), names.end());
  }
  return parts;
}

std::string text_of(const Parts& parts) {
  std::string text;
  for (const auto& [database, containers] : parts) {
    text += (text.empty() ? "" : " ") + database;
    for (const std::string& each : containers) text += (each == *containers.begin() ? "=" : ",") + each;
  }
  return text.empty() ? "everything" : text;
}

// What a restore of the same moment brought back otherwise than this one would.
Status check_same(const AccountState& made, const AccountRestorePlan& plan) {
  const std::string there = "there is an account called " + plan.target.name + " already: a restore of the same moment";
  const Parts was = parts_of(made.restored_only, plan.resources);
  if (was != parts_of(plan.restore.databases, plan.resources)) {
    return fail(Code::already_exists, there + " made it, of " + text_of(was),
                "choose another name with --to-account, or the --databases of that restore to go on with it");
  }
  const bool no_expiry = made.restored_without_expiry.value_or(!plan.restore.keep_time_to_live);
  if (no_expiry == plan.restore.keep_time_to_live) {
    return fail(Code::already_exists, there + (no_expiry ? " made it, without" : " made it, with") + " time to live",
                std::string("choose another name with --to-account, or go on with that restore ") +
                    (no_expiry ? "without --keep-ttl" : "by --keep-ttl"));
  }
  return {};
}

// The target, if it is there: the restore that made it when it is this one, else an error.
Result<std::optional<Operation>> find_begun(ArmClient& arm, const AccountRestorePlan& plan,
                                            const std::stop_token& stop) {
  const auto there =
      arm.send(get(plan.request.path, plan.request.api_version), "looking for the account " + plan.target.name, stop);
  if (!there && there.error().code == Code::not_found) return std::optional<Operation>();
  if (!there) return fail(there.error());
  ASSIGN(const AccountState state, read_account(*there));
  const auto source = parse_restorable_id(state.restored_from);
  const bool same = source && source->instance == plan.source.id.instance && state.restored_at == plan.restore.at;
  if (!same) {
    return fail(Code::already_exists, "there is an account called " + plan.target.name + " already",
                "a restore makes a new account: choose another name with --to-account");
  }
  TRY(check_same(state, plan));
  return std::optional(by_its_resource(plan, arm.runtime().wall_second()));
}

}  // namespace

std::string restored_name(const std::string& account, Second at) {
  std::string moment;
  for (const char c : format_rfc3339(at)) {
    if (c >= '0' && c <= '9') moment += c;
    if (c == 'T') moment += 't';
  }
  const std::string suffix = "-r" + moment;
  std::string name = account.substr(0, kLongestName - suffix.size());
  while (name.ends_with('-')) name.pop_back();
  return name + suffix;
}

Result<AccountRestorePlan> plan_account_restore(ArmClient& arm, const AccountRestoreWish& wish, std::stop_token stop) {
  AccountRestorePlan plan;
  plan.target = {wish.subscription, wish.to_resource_group,
                 wish.to_account.empty() ? restored_name(wish.account, wish.at) : wish.to_account};
  TRY(check_name(plan.target.name));
  ASSIGN(const auto accounts, restorable_accounts(arm, wish.subscription, stop));
  ASSIGN(plan.source, account_at(accounts, wish.account, wish.instance, wish.at, arm.runtime().wall_second()));
  AccountRestore& restore = plan.restore;
  restore.source = plan.source.id;
  restore.location = plan.source.location;
  ASSIGN(restore.region, choose_region(plan.source, wish.region));
  restore.at = wish.at;
  restore.databases = wish.databases;
  restore.public_network = wish.public_network;
  restore.keep_time_to_live = wish.keep_time_to_live;
  ASSIGN(const auto there, resources_at(arm, plan.source.id, restore.region, wish.at, stop));
  ASSIGN(plan.resources, choose(there, wish));
  // Restoring a database without containers named brings all of them: the service wants their names.
  for (auto& [database, containers] : restore.databases) {
    if (containers.empty()) containers = plan.resources[database];
  }
  plan.request = put(account_path(plan.target), account_restore_body(restore), account_restore_api(restore));
  return plan;
}

Result<Operation> begin_account_restore(ArmClient& arm, const AccountRestorePlan& plan, std::stop_token stop) {
  ASSIGN(auto begun, find_begun(arm, plan, stop));
  if (!begun) {
    auto accepted = arm.begin(plan.request, what_of(plan), stop);
    if (accepted) {
      begun = *accepted ? **accepted : by_its_resource(plan, arm.runtime().wall_second());
    } else if (accepted.error().code != Code::ambiguous) {
      return fail(std::move(accepted).error());
    } else {
      auto found = find_begun(arm, plan, stop);
      if (!found || !*found) {
        return fail(std::move(accepted).error().with_hint(
            "give the same command again: it looks whether the restore was begun, and goes on with it"));
      }
      begun = *std::move(found);
    }
  }
  begun->what = what_of(plan);
  return *std::move(begun);
}

}  // namespace halley::native
