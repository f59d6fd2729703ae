// Roles for data: kept and told as they were sent. They let nobody in: the embedded server asks for its key.
#include <array>

#include "arm/routes.h"
#include "json/writer.h"

namespace halley::arm {
namespace {

std::string role_json(const ManagedAccount& account, const std::string& kind, const std::string& name,
                      const json::Value& properties) {
  std::string json;
  json::Writer writer(json);
  writer.begin_object().member("id", account.id() + path_text({kind, name})).member("name", name);
  writer.member("type", "Microsoft.DocumentDB/databaseAccounts/" + kind);
  writer.key("properties").raw(properties.to_text()).end_object();
  return json;
}

Status check_role(const std::string& kind, const json::Value& properties) {
  const bool definition = kind == "sqlRoleDefinitions";
  const auto needed = definition ? std::array<std::string_view, 2>{"roleName", "permissions"}
                                 : std::array<std::string_view, 2>{"roleDefinitionId", "principalId"};
  for (const std::string_view name : needed) {
    if (member(properties, {name}).is_null()) return bad_request("'" + std::string(name) + "' is missing.");
  }
  return {};
}

}  // namespace

Result<Reply> serve_roles(const Call& call, Subscription& subscription) {
  const bool definitions = http::equal_ignoring_case(call.path[kAccountAt + 1], "sqlRoleDefinitions");
  const std::string kind = definitions ? "sqlRoleDefinitions" : "sqlRoleAssignments";
  const std::size_t size = call.path.size();
  if (size > kAccountAt + 3) return no_such_route(call);
  ASSIGN(const auto account, account_of(call, subscription));
  auto& roles = definitions ? account->role_definitions : account->role_assignments;
  if (size == kAccountAt + 2) {
    if (call.method != "GET") return no_such_route(call);
    std::vector<std::string> list;
    list.reserve(roles.size());
    for (const auto& [name, properties] : roles) list.push_back(role_json(*account, kind, name, properties));
    return list_reply(call, list, subscription.options().page);
  }
  const std::string name = call.path[kAccountAt + 2];
  const auto found = roles.find(name);
  if (call.method == "GET") {
    subscription.operations().look_at(path_text(call.path));
    const auto now = roles.find(name);
    if (now == roles.end()) return no_such_resource();
    return json_reply(200, role_json(*account, kind, name, now->second));
  }
  if (call.method == "DELETE" && found == roles.end()) {
    Reply gone;
    gone.status = 204;
    return gone;
  }
  if (call.method != "PUT" && call.method != "DELETE") return no_such_route(call);
  const json::Value properties = member(call.body, {"properties"});
  if (call.method == "PUT") TRY(check_role(kind, properties));
  TRY(subscription.operations().admit(account->name, path_text(call.path), false));
  Operation operation;
  operation.finish = [account, &roles, kind, name, properties, put = call.method == "PUT"]() -> Result<std::string> {
    if (!put) {
      roles.erase(name);
      return std::string();
    }
    roles[name] = properties;
    return role_json(*account, kind, name, properties);
  };
  return begin_operation(call, subscription, *account, std::move(operation),
                         json_reply(202, R"({"status":"Enqueued"})"));
}

}  // namespace halley::arm
