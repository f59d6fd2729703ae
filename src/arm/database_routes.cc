// Databases and containers of an account: what there is, how they are made, deleted and brought back, and up to when a
// container can be restored.
#include <algorithm>

#include "arm/database_place.h"
#include "arm/routes.h"
#include "json/writer.h"

namespace halley::arm {
namespace {

using Kind = server::ResourceKind;

std::string resource_json(const std::string& account_id, const Place& place, std::string_view text) {
  const bool database = place.kind == Kind::database;
  std::string id = account_id + path_text({"sqlDatabases", place.database});
  if (!database) id += path_text({"containers", place.container});
  std::string json;
  json::Writer writer(json);
  writer.begin_object().member("id", id);
  writer.member("type", place.type())
      .member("name", place.name())
      .key("properties")
      .begin_object()
      .key("resource")
      .raw(text);
  writer.end_object().end_object();
  return json;
}

class Resources {
 public:
  Resources(const Call& call, Subscription& subscription, std::shared_ptr<ManagedAccount> account, Place place)
      : call_(call), subscription_(subscription), account_(std::move(account)), place_(std::move(place)) {}

  Result<Reply> list() {
    ASSIGN(const auto listing, said_by_provider(engine().list(place_.parent(), place_.kind)));
    std::vector<std::string> elements;
    for (const auto& text : listing.texts) {
      ASSIGN(const json::Value definition, json::parse(*text));
      Place each = place_;
      (each.kind == Kind::database ? each.database : each.container) = definition.string_at("id");
      elements.push_back(resource_json(account_->id(), each, *text));
    }
    return list_reply(call_, elements, subscription_.options().page);
  }

  Result<Reply> get() {
    ASSIGN(const auto view, said_by_provider(engine().find(place_.path())));
    return json_reply(200, resource_json(account_->id(), place_, *view.text));
  }

  Result<Reply> put() {
    const json::Value& resource = member(call_.body, {"properties", "resource"});
    if (!resource.is_object() || resource.string_at("id") != place_.name()) {
      return bad_request("The id of the resource in the body is not the one in the URL.");
    }
    const bool restores = http::equal_ignoring_case(resource.string_at("createMode"), "Restore");
    if (restores) return restore(resource);
    TRY(said_by_provider(server::complete_definition(place_.kind, resource)));
    return begin([account = account_, place = place_, body = call_.body]() -> Result<std::string> {
      return write(*account, place, body);
    });
  }

  Result<Reply> remove() {
    Reply gone;
    gone.status = 204;
    if (!engine().find(place_.path())) return gone;
    return begin([account = account_, place = place_]() -> Result<std::string> {
      const auto removed = account->emulator->account().engine().remove(place.path());
      if (!removed && removed.error().status != 404) return fail(removed.error());
      return std::string();
    });
  }

  // Up to when a container can be restored.
  Result<Reply> latest() {
    ASSIGN(const auto view, said_by_provider(engine().find(place_.path())));
    if (!account_->continuous()) {
      return bad_request("Continuous backup mode is not enabled on the account " + account_->name + ".");
    }
    const std::string location = member(call_.body, {"location"}).text();
    const bool there = std::any_of(account_->regions.begin(), account_->regions.end(),
                                   [&](const auto& region) { return short_name(region) == short_name(location); });
    if (!there) return bad_request("The account " + account_->name + " has no backup in '" + location + "'.");
    Operation operation;
    operation.finish = [this_account = account_, &subscription = subscription_,
                        rid = view.rid]() -> Result<std::string> {
      const Second latest = latest_of(subscription, *this_account, rid);
      return R"({"continuousBackupInformation":{"latestRestorableTimestamp":")" + american_time(latest) + "\"}}";
    };
    return begin_operation(call_, subscription_, *account_, std::move(operation),
                           json_reply(202, R"({"status":"Enqueued"})"), false);
  }

 private:
  server::Engine& engine() { return account_->emulator->account().engine(); }

  // 1970 when there is none yet.
  static Second latest_of(Subscription& subscription, const ManagedAccount& account, const std::string& rid) {
    BackupSettings& settings = subscription.backup();
    if (settings.not_yet > 0) {
      --settings.not_yet;
      return {};
    }
    // The second that goes on is not over.
    const Second latest = subscription.now() - 1 - settings.lag;
    for (const server::ResourceVersion& version : account.history->versions()) {
      if (version.rid == rid) return std::max(version.at, account.reaches_back_to) <= latest + 1 ? latest : Second{};
    }
    return {};
  }

  static Result<std::string> write(const ManagedAccount& account, const Place& place, const json::Value& body) {
    server::Engine& engine = account.emulator->account().engine();
    const json::Value& resource = member(body, {"properties", "resource"});
    if (auto there = engine.find(place.path())) {
      if (place.kind == Kind::container) there = engine.replace(place.path(), resource);
      ASSIGN(const auto view, said_by_provider(std::move(there)));
      return resource_json(account.id(), place, *view.text);
    }
    server::Throughput throughput;
    const json::Value& options = member(body, {"properties", "options"});
    if (const auto most = member(options, {"autoscaleSettings", "maxThroughput"}).as_integer()) {
      throughput.content = server::autoscale_content(*most);
    } else if (const auto units = member(options, {"throughput"}).as_integer()) {
      throughput.content = server::manual_content(*units);
    }
    ASSIGN(const auto view, said_by_provider(engine.create(place.parent(), place.kind, resource, throughput)));
    return resource_json(account.id(), place, *view.text);
  }

  Result<Reply> restore(const json::Value& resource) {
    ASSIGN(const RestorePoint point, subscription_.restore_point(member(resource, {"restoreParameters"})));
    if (point.source->instance != account_->instance) {
      return bad_request("A database or container is restored in its own account only.");
    }
    if (engine().find(place_.path())) {
      return refuse(409, "Conflict", "The resource '" + place_.name() + "' is there: only a deleted one is restored.");
    }
    ASSIGN(const server::ResourceVersion past, past_version(point.at));
    if (place_.kind == Kind::container) {
      ASSIGN(const auto database, said_by_provider(engine().find(place_.parent())));
      if (database.rid != past.parent) {
        return bad_request("The database '" + place_.database + "' is another one than that the container was in.");
      }
    }
    return begin([account = account_, place = place_, past, point]() -> Result<std::string> {
      server::Engine& engine = account->emulator->account().engine();
      auto restored = place.kind == Kind::database ? engine.restore_database(past)
                                                   : engine.restore_container(past, {point.at, point.time_to_live});
      ASSIGN(const auto view, said_by_provider(std::move(restored)));
      return resource_json(account->id(), place, *view.text);
    });
  }

  // What is to be restored, as it was.
  Result<server::ResourceVersion> past_version(Second at) {
    for (const server::PastDatabase& database : account_->history->at(at)) {
      if (database.version.id != place_.database) continue;
      if (place_.kind == Kind::database) return database.version;
      for (const server::ResourceVersion& container : database.containers) {
        if (container.id == place_.container) return container;
      }
    }
    return bad_request("The resource '" + place_.name() + "' was not there at the restore timestamp.");
  }

  Result<Reply> begin(std::function<Result<std::string>()> finish) {
    TRY(subscription_.operations().admit(account_->name, path_text(call_.path), false));
    Operation operation;
    operation.finish = std::move(finish);
    return begin_operation(call_, subscription_, *account_, std::move(operation),
                           json_reply(202, R"({"status":"Enqueued"})"));
  }

  const Call& call_;
  Subscription& subscription_;
  std::shared_ptr<ManagedAccount> account_;
  Place place_;
};

}  // namespace

Result<Reply> serve_databases(const Call& call, Subscription& subscription) {
  const std::size_t size = call.path.size();
  const bool below = size > kDatabaseAt + 1 && http::equal_ignoring_case(call.path[kDatabaseAt + 1], "containers");
  const std::string resource = path_text(call.path);
  if (call.method == "GET") subscription.operations().look_at(resource);
  ASSIGN(auto account, account_of(call, subscription));
  if (account->emulator == nullptr) return bad_request("The account " + account->name + " is not made yet.");
  Place place;
  place.kind = below ? Kind::container : Kind::database;
  if (size > kDatabaseAt) place.database = call.path[kDatabaseAt];
  if (below && size > kContainerAt) place.container = call.path[kContainerAt];
  const bool asks_latest = call.matches(kContainerAt + 1, {"retrieveContinuousBackupInformation"});
  if (!asks_latest && size > (below ? kContainerAt : kDatabaseAt) + 1) {
    return serve_settings(call, subscription, std::move(account), place);
  }
  Resources resources(call, subscription, std::move(account), std::move(place));
  const bool one = size == kDatabaseAt + 1 || size == kContainerAt + 1;
  if (one && call.method == "GET") return resources.get();
  if (one && call.method == "PUT") return resources.put();
  if (one && call.method == "DELETE") return resources.remove();
  if ((size == kDatabaseAt || size == kContainerAt) && call.method == "GET") return resources.list();
  if (asks_latest && call.method == "POST") return resources.latest();
  return no_such_route(call);
}

}  // namespace halley::arm
