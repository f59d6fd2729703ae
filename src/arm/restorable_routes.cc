// What continuous backups have: accounts, what happened to their databases and containers, what there was at a moment.
#include <fmt/format.h>

#include <algorithm>

#include "arm/routes.h"
#include "json/writer.h"
#include "server/container.h"

namespace halley::arm {
namespace {

constexpr std::string_view kRestorable = "restorableDatabaseAccounts";
constexpr std::string_view kSelfType = "Microsoft.DocumentDB/locations/restorableDatabaseAccounts/";

std::string_view word_of(server::ResourceChange change) {
  switch (change) {
    case server::ResourceChange::create:
      return "Create";
    case server::ResourceChange::replace:
      return "Replace";
    case server::ResourceChange::remove:
      return "Delete";
  }
  return "";
}

// An event's id: what happened as the nth to the account.
std::string event_id(const ManagedAccount& account, std::size_t number) {
  return fmt::format("{}{:012x}", account.instance.substr(0, account.instance.size() - 12), number);
}

std::string event_json(const ManagedAccount& account, const server::ResourceVersion& version) {
  const bool container = version.kind == server::ResourceKind::container;
  const std::string_view collection = container ? "restorableSqlContainers" : "restorableSqlDatabases";
  const std::string name = event_id(account, version.number);
  const bool removed = version.change == server::ResourceChange::remove;
  std::string json;
  json::Writer writer(json);
  writer.begin_object();
  writer.member("id", fmt::format("{}/{}/{}", account.restorable_id(), collection, name));
  writer.member("type", fmt::format("{}{}", kSelfType, collection)).member("name", name);
  writer.key("properties").begin_object().key("resource").begin_object();
  writer.member("_rid", version.rid).member("eventTimestamp", format_rfc3339(version.at));
  writer.member("ownerId", version.id).member("ownerResourceId", version.rid);
  writer.member("operationType", word_of(version.change)).member("canUndelete", removed ? "restorable" : "invalid");
  writer.key(container ? "container" : "database").raw(*version.text);
  writer.end_object().end_object().end_object();
  return json;
}

// Nothing, when a moment is not given.
Result<std::optional<Second>> moment_of(const Call& call, std::string_view name) {
  const std::string text = call.query_of(name);
  if (text.empty()) return std::optional<Second>();
  std::string plain = text;
  if (plain.size() > 10 && plain[10] == ' ') plain[10] = 'T';
  const auto moment = parse_rfc3339(plain);
  if (!moment) return bad_request("'" + text + "' is not a timestamp.");
  return std::optional(*moment);
}

// Newest first, as the service lists them.
Result<std::vector<std::string>> events(const Call& call, const ManagedAccount& account, server::ResourceKind kind,
                                        Second now) {
  const std::string parent = call.query_of("restorableSqlDatabaseRid");
  ASSIGN(const auto from, moment_of(call, "startTime"));
  ASSIGN(const auto to, moment_of(call, "endTime"));
  const auto versions = account.history->versions();
  std::vector<std::string> found;
  for (std::size_t i = versions.size(); i-- > 0;) {
    const server::ResourceVersion& version = versions[i];
    if (version.kind != kind || version.at < account.oldest(now)) continue;
    if (!parent.empty() && version.parent != parent) continue;
    if ((from && version.at < *from) || (to && version.at > *to)) continue;
    found.push_back(event_json(account, version));
  }
  return found;
}

Result<std::vector<std::string>> resources(const Call& call, const ManagedAccount& account) {
  const std::string location = call.query_of("restoreLocation");
  const bool backed = std::any_of(account.regions.begin(), account.regions.end(), [&](const std::string& region) {
    return location.empty() || short_name(region) == short_name(location);
  });
  if (!backed) return bad_request("The account has no backup in " + location + ".");
  ASSIGN(const auto at, moment_of(call, "restoreTimestampInUtc"));
  if (!at) return bad_request("The restoreTimestampInUtc is missing.");
  std::vector<std::string> found;
  for (const server::PastDatabase& database : account.history->at(*at)) {
    const std::string& name = database.version.id;
    std::string json;
    json::Writer writer(json);
    writer.begin_object();
    writer.member("id", account.restorable_id() + path_text({"restorableSqlResources", name}));
    writer.member("type", fmt::format("{}restorableSqlResources", kSelfType)).member("name", name);
    writer.member("databaseName", name).key("collectionNames").begin_array();
    for (const auto& container : database.containers) writer.string(container.id);
    writer.end_array().end_object();
    found.push_back(std::move(json));
  }
  return found;
}

Result<Reply> serve_backup(const Call& call, Subscription& subscription, const ManagedAccount& account,
                           std::size_t page) {
  const Second now = subscription.now();
  if (call.matches(8, {})) return json_reply(200, restorable_account_json(account, now));
  if (call.matches(8, {"restorableSqlDatabases"})) {
    ASSIGN(const auto list, events(call, account, server::ResourceKind::database, now));
    return list_reply(call, list, page);
  }
  if (call.matches(8, {"restorableSqlContainers"})) {
    ASSIGN(const auto list, events(call, account, server::ResourceKind::container, now));
    return list_reply(call, list, page);
  }
  if (call.matches(8, {"restorableSqlResources"})) {
    ASSIGN(const auto list, resources(call, account));
    return list_reply(call, list, page);
  }
  return no_such_route(call);
}

}  // namespace

Result<std::vector<server::PastDatabase>> choose_databases(std::vector<server::PastDatabase> there,
                                                           const json::Value& wanted) {
  if (wanted.items().empty()) return there;
  std::vector<server::PastDatabase> chosen;
  for (const json::Value& each : wanted.items()) {
    const std::string name = each.is_object() ? each.string_at("databaseName") : std::string();
    const auto found =
        std::find_if(there.begin(), there.end(), [&](const auto& past) { return past.version.id == name; });
    if (found == there.end()) {
      return bad_request("The database '" + name + "' to restore was not there at the restore timestamp.");
    }
    server::PastDatabase database{found->version, {}};
    const json::Value& names = member(each, {"collectionNames"});
    for (const json::Value& container : names.items()) {
      const auto past = std::find_if(found->containers.begin(), found->containers.end(),
                                     [&](const auto& version) { return version.id == container.text(); });
      if (past == found->containers.end()) {
        return bad_request("The collection '" + container.text() +
                           "' to restore was not there at the restore timestamp.");
      }
      database.containers.push_back(*past);
    }
    if (names.items().empty()) database.containers = found->containers;
    chosen.push_back(std::move(database));
  }
  return chosen;
}

Result<Reply> serve_restorable(const Call& call, Subscription& subscription) {
  if (call.method != "GET") return no_such_route(call);
  const std::size_t page = subscription.options().page;
  const bool all = call.matches(4, {kRestorable});
  if (all || call.matches(4, {"locations", "*", kRestorable})) {
    std::vector<std::string> list;
    for (const auto& account : subscription.restorable(all ? "" : call.path[5])) {
      list.push_back(restorable_account_json(*account, subscription.now()));
    }
    return list_reply(call, list, page);
  }
  if (call.path.size() < 8 || !http::equal_ignoring_case(call.path[6], kRestorable)) return no_such_route(call);
  ASSIGN(const auto account, subscription.find_restorable(call.path[5], call.path[7]));
  return serve_backup(call, subscription, *account, page);
}

}  // namespace halley::arm
