// Creating, replacing and deleting databases, containers and scripts.
#include <algorithm>

#include "cosmos/account_client.h"
#include "cosmos/owners_members.h"

namespace halley::cosmos {
namespace {

Result<std::string> id_of(std::string_view definition) {
  const auto value = json::parse(definition);
  const std::string id = value ? value->string_at("id") : std::string();
  if (id.empty()) return fail(Code::invalid_argument, "a definition without an id");
  return id;
}

bool is_not_found(const Error& error) { return error.code == Code::not_found; }

}  // namespace

bool says_the_same(const json::Value& wanted, const json::Value& held) {
  if (wanted.kind() != held.kind()) return false;
  switch (wanted.kind()) {
    case json::Kind::object:
      return std::all_of(wanted.members().begin(), wanted.members().end(), [&](const json::Value::Member& member) {
        const json::Value* same = held.find(member.first);
        return same != nullptr && says_the_same(member.second, *same);
      });
    case json::Kind::array:
      return std::equal(wanted.items().begin(), wanted.items().end(), held.items().begin(), held.items().end(),
                        says_the_same);
    case json::Kind::number:
      return wanted.as_double() == held.as_double();
    case json::Kind::boolean:
      return wanted.as_bool() == held.as_bool();
    default:
      return wanted.text() == held.text();
  }
}

bool is_as_sent(const json::Value& wanted, const json::Value& held) {
  return says_the_same(wanted, held) && owners_members_beyond(wanted, held).empty();
}

Result<Resource> AccountClient::create(const ResourcePath& feed, std::string_view definition,
                                       const http::Headers& headers, const std::string& what,
                                       const std::function<Result<Resource>()>& read_back,
                                       const std::stop_token& stop) {
  Call call;
  call.method = "POST";
  call.path = feed;
  call.effect = Effect::write;
  call.headers = headers;
  call.body = definition;
  call.what = what;
  Outcome outcome = sender_.send(call, stop);
  if (outcome.response) return parse_resource(std::move(outcome.response->body), what);
  const Error& error = outcome.response.error();
  const bool met_itself = error.code == Code::already_exists && outcome.after_lost_answer;
  if (!met_itself && error.code != Code::ambiguous) return fail(std::move(outcome.response).error());
  // An attempt lost its answer: if what is there says what was sent, that attempt was carried out.
  auto held = read_back();
  const auto wanted = json::parse(definition);
  if (held && wanted && is_as_sent(*wanted, held->value)) return held;
  if (!met_itself) return fail(std::move(outcome.response).error());
  return fail(Error(Code::ambiguous, held ? "the answer was lost, and what is there now differs from what was sent"
                                          : "the answer was lost, and reading back failed: " + held.error().message)
                  .in(what));
}

Status AccountClient::remove(const ResourcePath& path, const std::string& what, const std::stop_token& stop) {
  Call call;
  call.method = "DELETE";
  call.path = path;
  call.effect = Effect::write;
  call.what = what;
  Outcome outcome = sender_.send(call, stop);
  if (outcome.response || (outcome.after_lost_answer && is_not_found(outcome.response.error()))) return {};
  if (outcome.response.error().code == Code::ambiguous) {
    const auto held = read(path, what, stop);
    if (!held && is_not_found(held.error())) return {};
  }
  return fail(std::move(outcome.response.error()));
}

Result<Resource> AccountClient::create_database(std::string_view definition, const http::Headers& offer_headers,
                                                std::stop_token stop) {
  ASSIGN(const std::string id, id_of(definition));
  return create(
      resource_path({"dbs"}), definition, offer_headers, "creating database " + id,
      [&] { return read_database(id, stop); }, stop);
}

Result<Resource> AccountClient::create_container(std::string_view database, std::string_view definition,
                                                 const http::Headers& offer_headers, std::stop_token stop) {
  ASSIGN(const std::string id, id_of(definition));
  const ContainerName name{std::string(database), id};
  return create(
      resource_path({"dbs", database, "colls"}), definition, offer_headers, "creating container " + name.text(),
      [&] { return read_container(name, stop); }, stop);
}

Result<Resource> AccountClient::replace_container(const ContainerName& name, std::string_view definition,
                                                  std::string_view if_match, std::stop_token stop) {
  Call call;
  call.method = "PUT";
  call.path = resource_path({"dbs", name.database, "colls", name.container});
  call.effect = Effect::write;
  call.body = definition;
  call.what = "replacing the definition of container " + name.text();
  if (!if_match.empty()) call.headers.set("If-Match", std::string(if_match));
  Outcome outcome = sender_.send(call, stop);
  if (outcome.response) return parse_resource(std::move(outcome.response->body), call.what);
  Error error = std::move(outcome.response).error();
  // The etag may have been changed by this itself, also where another has changed the definition since.
  if (error.code == Code::precondition && outcome.after_lost_answer) error.code = Code::ambiguous;
  if (error.code == Code::ambiguous) {
    auto held = read_container(name, stop);
    const auto wanted = json::parse(definition);
    if (held && wanted && is_as_sent(*wanted, held->value)) return held;
  }
  return fail(std::move(error));
}

Status AccountClient::delete_database(std::string_view database, std::stop_token stop) {
  return remove(resource_path({"dbs", database}), "deleting database " + std::string(database), stop);
}

Status AccountClient::delete_container(const ContainerName& name, std::stop_token stop) {
  return remove(resource_path({"dbs", name.database, "colls", name.container}), "deleting container " + name.text(),
                stop);
}

Outcome AccountClient::write_definition(std::string_view method, const ResourcePath& path, std::string_view definition,
                                        const std::string& what, const std::stop_token& stop) {
  Call call;
  call.method = method;
  call.path = path;
  call.effect = Effect::write;
  call.body = definition;
  call.what = what;
  return sender_.send(call, stop);
}

Status AccountClient::put(const ResourcePath& feed, const ResourcePath& own, std::string_view definition,
                          const std::string& what, const std::stop_token& stop) {
  Outcome outcome = write_definition("POST", feed, definition, what, stop);
  bool lost = false;  // what is there may be what was created
  if (!outcome.response && outcome.response.error().code == Code::already_exists) {
    lost = outcome.after_lost_answer;
    outcome = write_definition("PUT", own, definition, what, stop);
  }
  if (outcome.response) return {};
  Error error = std::move(outcome.response).error();
  if (lost && error.code != Code::cancelled) error.code = Code::ambiguous;
  if (error.code == Code::ambiguous) {
    const auto held = read(own, what, stop);
    const auto wanted = json::parse(definition);
    if (held && wanted && is_as_sent(*wanted, held->value)) return {};
  }
  return fail(std::move(error));
}

Status AccountClient::put_script(const ContainerName& name, ScriptKind kind, std::string_view definition,
                                 std::stop_token stop) {
  ASSIGN(const std::string id, id_of(definition));
  const std::string_view scripts = script_path(kind);
  return put(resource_path({"dbs", name.database, "colls", name.container, scripts}),
             resource_path({"dbs", name.database, "colls", name.container, scripts, id}), definition,
             "writing " + std::string(scripts) + "/" + id + " of " + name.text(), stop);
}

Status AccountClient::put_user(std::string_view database, std::string_view definition, std::stop_token stop) {
  ASSIGN(const std::string id, id_of(definition));
  return put(resource_path({"dbs", database, "users"}), resource_path({"dbs", database, "users", id}), definition,
             "writing user " + id + " of " + std::string(database), stop);
}

Status AccountClient::put_permission(std::string_view database, std::string_view user, std::string_view definition,
                                     std::stop_token stop) {
  ASSIGN(const std::string id, id_of(definition));
  return put(resource_path({"dbs", database, "users", user, "permissions"}),
             resource_path({"dbs", database, "users", user, "permissions", id}), definition,
             "writing permission " + id + " of user " + std::string(user) + " of " + std::string(database), stop);
}

}  // namespace halley::cosmos
