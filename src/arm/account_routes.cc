// Accounts: what they are, how they are made, changed, restored and deleted, and their keys.
#include <algorithm>

#include "arm/routes.h"
#include "json/writer.h"
#include "server/engine.h"

namespace halley::arm {
namespace {

constexpr std::string_view kLongestTier = "Continuous35Days";
constexpr std::string_view kFirstWithLongestTier = "2026-04-01";

// The tier that a backup policy asks for; empty = periodic.
Result<std::string> tier_of(const Call& call, const json::Value& policy) {
  const std::string type = policy.is_object() ? policy.string_at("type") : std::string("Periodic");
  if (http::equal_ignoring_case(type, "Periodic")) return std::string();
  if (!http::equal_ignoring_case(type, "Continuous")) return bad_request("The backup policy type is not known.");
  const json::Value& named = member(policy, {"continuousModeProperties", "tier"});
  const std::string tier = named.is_string() ? named.text() : "Continuous30Days";
  const bool known = days_of(tier) > 0 && (tier != kLongestTier || call.has_version(kFirstWithLongestTier));
  if (!known) return bad_request("The continuous backup tier '" + tier + "' is not known.");
  return tier;
}

Result<std::vector<std::string>> regions_of(const json::Value& body) {
  std::vector<std::string> regions;
  for (const json::Value& each : member(body, {"properties", "locations"}).items()) {
    regions.push_back(each.is_object() ? each.string_at("locationName") : std::string());
  }
  if (regions.empty() && body.is_object()) regions.push_back(body.string_at("location"));
  const bool named =
      !regions.empty() && std::none_of(regions.begin(), regions.end(), [](const auto& name) { return name.empty(); });
  if (!named) return bad_request("The account must have a location.");
  return regions;
}

Status check_name(const std::string& name) {
  const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  if (name.size() >= 3 && name.size() <= 44 && std::all_of(name.begin(), name.end(), allowed)) return {};
  return bad_request("Database account name '" + name +
                     "' can only contain lowercase letters, numbers and the '-' character, and must have 3 to 44.");
}

bool is_disabled(const json::Value& properties) {
  return http::equal_ignoring_case(member(properties, {"publicNetworkAccess"}).text(), "Disabled");
}

// What a change is to do; decided before anything is begun.
struct Change {
  std::optional<std::string> tier;
  std::optional<bool> public_network;
  std::optional<bool> network_filter;
  json::Value ip_rules;
  json::Value network_rules;
  std::optional<bool> feed;
  json::Value tags;
};

Result<Change> read_change(const Call& call, const ManagedAccount& account) {
  const json::Value& properties = member(call.body, {"properties"});
  Change change;
  change.tags = member(call.body, {"tags"});
  if (const json::Value& feed = member(properties, {"enableAllVersionsAndDeletesChangeFeed"}); feed.as_bool()) {
    change.feed = feed.as_bool();
  }
  if (!member(properties, {"publicNetworkAccess"}).is_null()) change.public_network = !is_disabled(properties);
  change.network_filter = member(properties, {"isVirtualNetworkFilterEnabled"}).as_bool();
  change.ip_rules = member(properties, {"ipRules"});
  change.network_rules = member(properties, {"virtualNetworkRules"});
  const json::Value& policy = member(properties, {"backupPolicy"});
  if (policy.is_null()) return change;
  ASSIGN(const std::string tier, tier_of(call, policy));
  if (tier == account.tier) return change;
  if (tier.empty()) return bad_request("Continuous backup mode cannot be changed to Periodic backup mode.");
  if (change.feed || change.public_network || change.network_filter || change.ip_rules.is_array() ||
      change.network_rules.is_array()) {
    return bad_request("Cannot update continuous backup mode and other properties at the same time.");
  }
  change.tier = tier;
  return change;
}

void apply_settings(const Change& change, ManagedAccount& account) {
  if (change.public_network) account.public_network = *change.public_network;
  if (change.network_filter) account.network_filter = *change.network_filter;
  if (change.ip_rules.is_array()) account.ip_rules = change.ip_rules;
  if (change.network_rules.is_array()) account.network_rules = change.network_rules;
  if (change.tags.is_object()) account.tags = change.tags;
}

void apply(const Change& change, ManagedAccount& account, Second now) {
  if (change.tier) {
    // What the old window had lost does not come back with a longer one.
    account.reaches_back_to = account.continuous() ? account.oldest(now) : now;
    account.tier = *change.tier;
  }
  account.migrating_since.reset();
  apply_settings(change, account);
  if (change.feed) account.emulator->account().set_all_versions_feed(*change.feed);
  account.provisioning_state = "Succeeded";
}

Result<Reply> create(const Call& call, Subscription& subscription) {
  const std::string& name = call.path[kAccountAt];
  TRY(check_name(name));
  ASSIGN(auto regions, regions_of(call.body));
  ASSIGN(std::string tier, tier_of(call, member(call.body, {"properties", "backupPolicy"})));
  auto account = subscription.new_account(name, std::move(regions));
  account->tier = std::move(tier);
  ASSIGN(const Change change, read_change(call, *account));
  apply_settings(change, *account);
  account->provisioning_state = "Creating";
  Operation operation;
  operation.exclusive = true;
  operation.finish = [&subscription, account, change, call]() -> Result<std::string> {
    TRY(subscription.start(*account));
    if (change.feed) account->emulator->account().set_all_versions_feed(*change.feed);
    account->provisioning_state = "Succeeded";
    return account_json(*account, call);
  };
  operation.failed = [account] { account->provisioning_state = "Failed"; };
  subscription.add(account);
  return begin_operation(call, subscription, *account, std::move(operation),
                         json_reply(200, account_json(*account, call)));
}

Status restore_into(ManagedAccount& target, const RestorePoint& point,
                    const std::vector<server::PastDatabase>& databases) {
  server::Engine& engine = target.emulator->account().engine();
  engine.count_on_from(point.source->emulator->account().engine());
  for (const server::PastDatabase& database : databases) {
    TRY(engine.restore_database(database.version));
    for (const server::ResourceVersion& container : database.containers) {
      TRY(engine.restore_container(container, {point.at, point.time_to_live}));
    }
  }
  return {};
}

// What the account tells of the restore that made it.
json::Value told_parameters(const RestorePoint& point, const json::Value& asked) {
  json::Value told = json::Value::object({{"restoreMode", json::Value::string("PointInTime")}});
  told.set("restoreSource", json::Value::string(point.source->restorable_id()));
  told.set("restoreTimestampInUtc", json::Value::string(format_rfc3339(point.at)));
  told.set("sourceBackupLocation", json::Value::string(point.source->location()));
  told.set("restoreWithTtlDisabled", json::Value::boolean(!point.time_to_live));
  const json::Value& databases = member(asked, {"databasesToRestore"});
  told.set("databasesToRestore", databases.is_array() ? databases : json::Value::array());
  return told;
}

Result<Reply> restore(const Call& call, Subscription& subscription) {
  const std::string& name = call.path[kAccountAt];
  TRY(check_name(name));
  const json::Value& parameters = member(call.body, {"properties", "restoreParameters"});
  ASSIGN(const RestorePoint point, subscription.restore_point(parameters));
  ASSIGN(auto databases,
         choose_databases(point.source->history->at(point.at), member(parameters, {"databasesToRestore"})));
  ASSIGN(auto regions, regions_of(call.body));
  const auto& backed_up = point.source->regions;
  const auto backed = std::find_if(backed_up.begin(), backed_up.end(), [&](const std::string& each) {
    return short_name(each) == short_name(regions.front());
  });
  if (backed == backed_up.end()) {
    return bad_request("The account " + point.source->name + " has no backup in " + regions.front() + ".");
  }
  regions.front() = *backed;
  auto account = subscription.new_account(name, std::move(regions));
  account->tier = point.source->tier;
  ASSIGN(const Change change, read_change(call, *account));
  apply_settings(change, *account);
  account->restore_parameters = told_parameters(point, parameters);
  account->provisioning_state = "Creating";
  Operation operation;
  operation.exclusive = true;
  operation.finish = [&subscription, account, point, databases, call]() -> Result<std::string> {
    TRY(subscription.start(*account));
    TRY(restore_into(*account, point, databases));
    account->provisioning_state = "Succeeded";
    return account_json(*account, call);
  };
  operation.failed = [account] {
    account->provisioning_state = "Failed";
    account->emulator.reset();
  };
  subscription.add(account);
  return begin_operation(call, subscription, *account, std::move(operation),
                         json_reply(200, account_json(*account, call)));
}

Result<Reply> update(const Call& call, Subscription& subscription, const std::shared_ptr<ManagedAccount>& account) {
  if (account->emulator == nullptr) return bad_request("The account " + account->name + " was not made.");
  ASSIGN(const Change change, read_change(call, *account));
  TRY(subscription.operations().admit(account->name, account->id(), true));
  account->provisioning_state = "Updating";
  if (change.tier && !account->continuous()) account->migrating_since = subscription.now();
  Operation operation;
  operation.exclusive = true;
  operation.finish = [&subscription, account, change, call]() -> Result<std::string> {
    apply(change, *account, subscription.now());
    return account_json(*account, call);
  };
  operation.failed = [account] {
    account->provisioning_state = "Succeeded";
    account->migrating_since.reset();
  };
  return begin_operation(call, subscription, *account, std::move(operation),
                         json_reply(200, account_json(*account, call)));
}

Result<Reply> put(const Call& call, Subscription& subscription) {
  const auto there = subscription.find(call.path[kGroupAt], call.path[kAccountAt]);
  const std::string mode = member(call.body, {"properties", "createMode"}).text();
  const bool restores = http::equal_ignoring_case(mode, "Restore");
  if (there && restores) {
    return refuse(409, "Conflict", "A database account called " + call.path[kAccountAt] + " exists already.");
  }
  if (there) return update(call, subscription, *there);
  return restores ? restore(call, subscription) : create(call, subscription);
}

Result<Reply> remove(const Call& call, Subscription& subscription) {
  const auto account = subscription.find(call.path[kGroupAt], call.path[kAccountAt]);
  Reply reply;
  reply.status = 204;
  if (!account) return reply;
  TRY(subscription.operations().admit((*account)->name, (*account)->id(), true));
  const std::string before = (*account)->provisioning_state;
  (*account)->provisioning_state = "Deleting";
  Operation operation;
  operation.exclusive = true;
  operation.finish = [&subscription, account = *account]() -> Result<std::string> {
    account->deleted = subscription.now();
    if (account->emulator) account->emulator->stop_serving();
    if (!account->restorable(subscription.now())) subscription.forget(*account);
    return std::string();
  };
  operation.failed = [account = *account, before] { account->provisioning_state = before; };
  return begin_operation(call, subscription, **account, std::move(operation),
                         json_reply(202, R"({"status":"Enqueued"})"));
}

// An account has one key, so both are it; there are none that only read.
Result<Reply> list_keys(const ManagedAccount& account) {
  if (account.emulator == nullptr) return bad_request("The account " + account.name + " is not made yet.");
  const std::string& key = account.emulator->key();
  std::string json;
  json::Writer(json).begin_object().member("primaryMasterKey", key).member("secondaryMasterKey", key).end_object();
  return json_reply(200, json);
}

}  // namespace

Result<std::shared_ptr<ManagedAccount>> account_of(const Call& call, const Subscription& subscription) {
  return subscription.find(call.path[kGroupAt], call.path[kAccountAt]);
}

Reply begin_operation(const Call& call, Subscription& subscription, const ManagedAccount& account, Operation operation,
                      Reply reply, bool changes) {
  if (changes) operation.account = account.name;
  operation.resource = path_text(call.path);
  const std::string status_path = path_text({"subscriptions", account.subscription, "providers", std::string(kProvider),
                                             "locations", short_name(account.location()), "operationsStatus", ""});
  Operations& operations = subscription.operations();
  const Operation& begun = operations.begin(std::move(operation));
  operations.set_place(call, begun, changes ? status_path : std::string(), reply);
  return reply;
}

Result<Reply> serve_accounts(const Call& call, Subscription& subscription) {
  if (call.path.size() == kAccountAt + 1) {
    if (call.method == "PUT") return put(call, subscription);
    if (call.method == "DELETE") return remove(call, subscription);
    if (call.method == "GET") subscription.operations().look_at(path_text(call.path));
    ASSIGN(const auto account, account_of(call, subscription));
    if (call.method == "GET") {
      Reply reply = json_reply(200, account_json(*account, call));
      if (account->provisioning_state != "Succeeded") subscription.operations().set_pause(reply);
      return reply;
    }
    if (call.method == "PATCH") return update(call, subscription, account);
  }
  if (call.method == "POST" && call.matches(kAccountAt + 1, {"listKeys"})) {
    ASSIGN(const auto account, account_of(call, subscription));
    return list_keys(*account);
  }
  return no_such_route(call);
}

}  // namespace halley::arm
