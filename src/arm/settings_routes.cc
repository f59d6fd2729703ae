// What belongs to a database or container and does not come back by Azure's restore: throughput and scripts.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "arm/database_place.h"
#include "arm/routes.h"
#include "json/writer.h"
#include "server/engine.h"

namespace halley::arm {
namespace {

using Kind = server::ResourceKind;

constexpr std::int64_t kLeastManual = 400;
constexpr std::int64_t kLeastAutoscale = 1000;

struct ScriptWord {
  std::string_view word;
  Kind kind;
  std::string_view keyword;  // in the paths of documents
};
constexpr std::array<ScriptWord, 3> kScripts = {{{"storedProcedures", Kind::sproc, "sprocs"},
                                                 {"triggers", Kind::trigger, "triggers"},
                                                 {"userDefinedFunctions", Kind::udf, "udfs"}}};

// The throughput of a database or container: an offer of the engine.
struct Offer {
  std::string rid;
  json::Value content;
  std::optional<std::int64_t> most() const {  // with autoscale
    return member(content, {"offerAutopilotSettings", "maxThroughput"}).as_integer();
  }
  std::int64_t units() const { return member(content, {"offerThroughput"}).as_integer().value_or(0); }
};

Result<Offer> find_offer(server::Engine& engine, const Place& place) {
  ASSIGN(const auto view, said_by_provider(engine.find(place.path())));
  ASSIGN(const auto offers, engine.list({}, Kind::offer));
  for (const auto& text : offers.texts) {
    ASSIGN(const json::Value offer, json::parse(*text));
    if (offer.string_at("offerResourceId") == view.rid) return Offer{offer.string_at("_rid"), *offer.find("content")};
  }
  return no_such_resource();
}

// What the throughput is to be: as a PUT says it, or by a migration to the other kind.
Result<json::Value> wanted_content(const Call& call, const Offer& offer) {
  const std::string& word = call.path.back();
  if (http::equal_ignoring_case(word, "migrateToAutoscale")) {
    return server::autoscale_content(std::max(kLeastAutoscale, (offer.units() + 999) / 1000 * 1000));
  }
  if (http::equal_ignoring_case(word, "migrateToManualThroughput"))
    return server::manual_content(offer.most().value_or(offer.units()));
  const json::Value& resource = member(call.body, {"properties", "resource"});
  const auto most = member(resource, {"autoscaleSettings", "maxThroughput"}).as_integer();
  const auto units = member(resource, {"throughput"}).as_integer();
  if (most.has_value() == units.has_value()) return bad_request("Either throughput or autoscaleSettings is to be set.");
  if (most.has_value() != offer.most().has_value()) {
    return bad_request("Manual and autoscale throughput are changed into each other by a migration.");
  }
  if (most ? *most < kLeastAutoscale : *units < kLeastManual) return bad_request("The throughput is too small.");
  return most ? server::autoscale_content(*most) : server::manual_content(*units);
}

std::string throughput_json(const Call& call, const Place& place, const Offer& offer) {
  std::string type = std::string(place.type()) + "/throughputSettings";
  const bool migration = !http::equal_ignoring_case(call.path.back(), "default");
  if (migration) type += "/" + call.path.back();
  std::string json;
  json::Writer writer(json);
  writer.begin_object().member("id", path_text(call.path)).member("type", type).member("name", offer.rid);
  writer.key("properties").begin_object().key("resource").begin_object().member_integer("throughput", offer.units());
  if (offer.most()) {
    writer.key("autoscaleSettings").begin_object().member_integer("maxThroughput", *offer.most()).end_object();
  }
  writer.member("minimumThroughput", std::to_string(offer.most() ? kLeastAutoscale : kLeastManual));
  writer.member("instantMaximumThroughput", "10000").member("softAllowedMaximumThroughput", "1000000");
  writer.end_object().end_object().end_object();
  return json;
}

Result<Reply> serve_throughput(const Call& call, Subscription& subscription,
                               const std::shared_ptr<ManagedAccount>& account, const Place& place) {
  server::Engine& engine = account->emulator->account().engine();
  ASSIGN(const Offer offer, find_offer(engine, place));
  if (call.method == "GET") return json_reply(200, throughput_json(call, place, offer));
  const bool changes =
      http::equal_ignoring_case(call.path.back(), "default") ? call.method == "PUT" : call.method == "POST";
  if (!changes) return no_such_route(call);
  ASSIGN(const json::Value content, wanted_content(call, offer));
  TRY(subscription.operations().admit(account->name, path_text(call.path), false));
  Operation operation;
  operation.finish = [account, place, call, content]() -> Result<std::string> {
    server::Engine& there = account->emulator->account().engine();
    ASSIGN(const Offer now, find_offer(there, place));
    TRY(said_by_provider(there.replace({"offers", now.rid}, json::Value::object({{"content", content}}))));
    ASSIGN(const Offer changed, find_offer(there, place));
    return throughput_json(call, place, changed);
  };
  return begin_operation(call, subscription, *account, std::move(operation),
                         json_reply(202, R"({"status":"Enqueued"})"));
}

std::string script_json(const Call& call, const Place& place, std::string_view word, std::string_view name,
                        std::string_view text) {
  std::vector<std::string> path(call.path.begin(), call.path.begin() + kContainerAt + 2);
  path.emplace_back(name);
  std::string json;
  json::Writer writer(json);
  writer.begin_object().member("id", path_text(path)).member("type", fmt::format("{}/{}", place.type(), word));
  writer.member("name", name).key("properties").begin_object().key("resource").raw(text).end_object().end_object();
  return json;
}

class Scripts {
 public:
  Scripts(const Call& call, Subscription& subscription, std::shared_ptr<ManagedAccount> account, Place place,
          const ScriptWord& script)
      : call_(call),
        subscription_(subscription),
        account_(std::move(account)),
        place_(std::move(place)),
        script_(script) {}
  Scripts(const Scripts&) = delete;  // it refers to the request

  Result<Reply> serve() {
    if (call_.path.size() == kContainerAt + 2 && call_.method == "GET") return list();
    if (call_.path.size() != kContainerAt + 3) return no_such_route(call_);
    if (call_.method == "GET") {
      ASSIGN(const auto view, said_by_provider(engine().find(path())));
      return json_reply(200, script_json(call_, place_, script_.word, call_.path.back(), *view.text));
    }
    if (call_.method != "PUT" && call_.method != "DELETE") return no_such_route(call_);
    if (call_.method == "DELETE" && !engine().find(path())) {
      Reply gone;
      gone.status = 204;
      return gone;
    }
    if (call_.method == "PUT") {
      const json::Value& resource = member(call_.body, {"properties", "resource"});
      TRY(said_by_provider(server::complete_definition(script_.kind, resource)));
      if (resource.string_at("id") != call_.path.back())
        return bad_request("The id in the body is not the one in the URL.");
    }
    TRY(subscription_.operations().admit(account_->name, path_text(call_.path), false));
    Operation operation;
    operation.finish = [account = account_, place = place_, script = script_, call = call_]() -> Result<std::string> {
      return change(account->emulator->account().engine(), place, script, call);
    };
    return begin_operation(call_, subscription_, *account_, std::move(operation),
                           json_reply(202, R"({"status":"Enqueued"})"));
  }

 private:
  server::Engine& engine() { return account_->emulator->account().engine(); }
  server::Engine::Path path() const { return path_of(place_, script_, call_); }

  static server::Engine::Path path_of(const Place& place, const ScriptWord& script, const Call& call) {
    server::Engine::Path path = place.path();
    path.emplace_back(script.keyword);
    path.push_back(call.path.back());
    return path;
  }

  Result<Reply> list() {
    ASSIGN(const auto listing, said_by_provider(engine().list(place_.path(), script_.kind)));
    std::vector<std::string> elements;
    for (const auto& text : listing.texts) {
      ASSIGN(const json::Value definition, json::parse(*text));
      elements.push_back(script_json(call_, place_, script_.word, definition.string_at("id"), *text));
    }
    return list_reply(call_, elements, subscription_.options().page);
  }

  // By then the request is over, and with it this object.
  static Result<std::string> change(server::Engine& engine, const Place& place, const ScriptWord& script,
                                    const Call& call) {
    const server::Engine::Path path = path_of(place, script, call);
    if (call.method == "DELETE") {
      const auto removed = engine.remove(path);
      if (!removed && removed.error().status != 404) return fail(removed.error());
      return std::string();
    }
    const json::Value& resource = member(call.body, {"properties", "resource"});
    auto written =
        engine.find(path) ? engine.replace(path, resource) : engine.create(place.path(), script.kind, resource);
    ASSIGN(const auto view, said_by_provider(std::move(written)));
    return script_json(call, place, script.word, call.path.back(), *view.text);
  }

  const Call& call_;
  Subscription& subscription_;
  const std::shared_ptr<ManagedAccount> account_;
  const Place place_;
  const ScriptWord script_;
};

}  // namespace

Result<Reply> serve_settings(const Call& call, Subscription& subscription, std::shared_ptr<ManagedAccount> account,
                             const Place& place) {
  const std::size_t at = place.kind == Kind::container ? kContainerAt + 1 : kDatabaseAt + 1;
  const bool throughput = call.matches(at, {"throughputSettings", "default"}) ||
                          call.matches(at, {"throughputSettings", "default", "migrateToAutoscale"}) ||
                          call.matches(at, {"throughputSettings", "default", "migrateToManualThroughput"});
  if (throughput) return serve_throughput(call, subscription, account, place);
  for (const ScriptWord& script : kScripts) {
    if (place.kind != Kind::container || !http::equal_ignoring_case(call.path[at], script.word)) continue;
    return Scripts(call, subscription, std::move(account), place, script).serve();
  }
  return no_such_route(call);
}

}  // namespace halley::arm
