#include "native/account_queries.h"

#include <algorithm>

#include "native/arm_time.h"

namespace halley::native {
namespace {

Result<std::vector<ResourceEvent>> read_events(ArmClient& arm, const Request& request, const std::string& what,
                                               std::stop_token stop) {
  ASSIGN(const auto list, arm.list(request, what, std::move(stop)));
  std::vector<ResourceEvent> events;
  for (const json::Value& each : list) {
    auto event = read_resource_event(each);
    if (!event) return fail(std::move(event).error().in(what));
    events.push_back(*std::move(event));
  }
  std::stable_sort(events.begin(), events.end(), [](const auto& a, const auto& b) { return a.at > b.at; });
  return events;
}

Result<std::vector<std::string>> read_names(ArmClient& arm, std::string path, const std::string& what,
                                            std::stop_token stop) {
  ASSIGN(const auto list, arm.list(get(std::move(path)), what, std::move(stop)));
  std::vector<std::string> names;
  for (const json::Value& each : list) {
    std::string name = each.is_object() ? each.string_at("name") : std::string();
    if (name.empty()) return fail(Error(Code::corrupt, "the list has an element without a name").in(what));
    names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool is_for_nosql(const RestorableAccount& account) { return account.api == "Sql"; }

}  // namespace

Result<AccountState> account_state(ArmClient& arm, const AccountId& account, std::stop_token stop) {
  const std::string what = "reading the account " + account.name;
  ASSIGN(const json::Value general, arm.send(get(account_path(account)), what, stop));
  auto state = read_account(general);
  if (!state) return fail(std::move(state).error().in(what));
  const auto preview = arm.send(get(account_path(account), api::kAllVersions), what, stop);
  if (!preview) {
    // A cloud without the preview just does not tell.
    const Code code = preview.error().code;
    if (code == Code::unsupported || code == Code::invalid_argument) return state;
    return fail(preview.error());
  }
  if (const auto more = read_account(*preview)) state->all_versions = more->all_versions;
  return state;
}

Result<std::vector<RestorableAccount>> restorable_accounts(ArmClient& arm, const std::string& subscription,
                                                           std::stop_token stop) {
  const std::string what = "listing the accounts that can be restored";
  ASSIGN(const auto list, arm.list(get(restorable_accounts_path(subscription)), what, std::move(stop)));
  std::vector<RestorableAccount> accounts;
  for (const json::Value& each : list) {
    auto account = read_restorable_account(each);
    if (!account) return fail(std::move(account).error().in(what));
    if (is_for_nosql(*account)) accounts.push_back(*std::move(account));
  }
  std::sort(accounts.begin(), accounts.end(),
            [](const auto& a, const auto& b) { return a.name != b.name ? a.name < b.name : a.created > b.created; });
  return accounts;
}

Result<std::vector<ResourceEvent>> database_events(ArmClient& arm, const RestorableId& backup, std::stop_token stop) {
  return read_events(arm, get(restorable_databases_path(backup)), "listing what happened to databases",
                     std::move(stop));
}

Result<std::vector<ResourceEvent>> container_events(ArmClient& arm, const RestorableId& backup,
                                                    const std::string& database_rid, std::stop_token stop) {
  Request request = get(restorable_containers_path(backup));
  request.query = {{"restorableSqlDatabaseRid", database_rid}};
  return read_events(arm, request, "listing what happened to containers", std::move(stop));
}

Result<RestorableResources> resources_at(ArmClient& arm, const RestorableId& backup, const std::string& region,
                                         Second at, std::stop_token stop) {
  const std::string what = "listing what can be restored as of " + format_rfc3339(at);
  Request request = get(restorable_resources_path(backup));
  request.query = {{"restoreLocation", region}, {"restoreTimestampInUtc", query_time(at)}};
  ASSIGN(const auto list, arm.list(request, what, std::move(stop)));
  auto resources = read_restorable_resources(list);
  if (!resources) return fail(std::move(resources).error().in(what));
  return resources;
}

Result<std::optional<Second>> latest_restorable(ArmClient& arm, const AccountId& account, const std::string& database,
                                                const std::string& container, const std::string& region,
                                                std::stop_token stop) {
  const std::string what = "asking up to when " + database + "/" + container + " can be restored";
  Request request = post(latest_backup_path(container_path(account, database, container)), latest_backup_body(region));
  request.asks_only = true;
  ASSIGN(const json::Value answer, arm.run(request, what, std::move(stop)));
  const json::Value* information = answer.is_object() ? answer.find("continuousBackupInformation") : nullptr;
  if (information == nullptr || !information->is_object()) {
    return fail(Error(Code::corrupt, "the answer does not say it").in(what));
  }
  const std::string text = information->string_at("latestRestorableTimestamp");
  if (text.empty()) return std::optional<Second>();
  auto latest = parse_arm_time(text);
  if (!latest) return fail(std::move(latest).error().in(what));
  constexpr std::int64_t kFirstDay = 86400;
  return latest->value < kFirstDay ? std::nullopt : std::optional(*latest);
}

Result<std::string> account_key(ArmClient& arm, const AccountId& account, std::stop_token stop) {
  const std::string what = "asking for the key of " + account.name;
  Request request = post(account_keys_path(account), "");
  request.asks_only = true;
  ASSIGN(const json::Value answer, arm.send(request, what, std::move(stop)));
  std::string key = answer.is_object() ? answer.string_at("primaryMasterKey") : std::string();
  if (key.empty()) return fail(Error(Code::corrupt, "the answer has no key").in(what));
  return key;
}

Result<std::vector<std::string>> database_names(ArmClient& arm, const AccountId& account, std::stop_token stop) {
  return read_names(arm, databases_path(account), "listing the databases of " + account.name, std::move(stop));
}

Result<std::vector<std::string>> container_names(ArmClient& arm, const AccountId& account, const std::string& database,
                                                 std::stop_token stop) {
  return read_names(arm, containers_path(account, database), "listing the containers of " + database, std::move(stop));
}

}  // namespace halley::native
