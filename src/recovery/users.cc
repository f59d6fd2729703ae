#include "recovery/users.h"

#include <algorithm>

#include "http/message.h"
#include "json/value.h"
#include "recovery/definition_text.h"

namespace halley::recovery {
namespace {

using repo::Definition;
using repo::DefinitionKind;

std::vector<std::string> steps_of(std::string_view link) {
  std::vector<std::string> steps;
  for (std::size_t at = 0; at < link.size();) {
    const std::size_t end = std::min(link.find('/', at), link.size());
    if (end > at) steps.emplace_back(link.substr(at, end - at));
    at = end + 1;
  }
  return steps;
}

// What `step` is the _rid of, among `definitions`; nullptr = it is a name.
const Definition* find_by_rid(const DefinitionsAt::Each& definitions, std::string_view database,
                              const std::string& step) {
  const auto found = std::find_if(definitions.begin(), definitions.end(), [&](const Definition* each) {
    return each->key.database == database && each->rid == step;
  });
  return found == definitions.end() ? nullptr : *found;
}

// "dbs/Lx1BAA==/colls/Lx1BALxJyZ8=/" is dbs/shop/colls/orders; what has no _rid of a definition stays.
std::string named_link(const DefinitionsAt& definitions, std::string_view link) {
  std::vector<std::string> steps = steps_of(link);
  std::string database;
  std::string container;
  const auto name = [&](std::size_t at, const DefinitionsAt::Each& among, std::string* into) {
    if (at >= steps.size()) return;
    const Definition* const found = find_by_rid(among, database, steps[at]);
    const std::string id = found != nullptr ? found->key.id : http::percent_decode(steps[at]).value_or(steps[at]);
    if (found != nullptr) steps[at] = http::percent_encode(id);
    if (into != nullptr) *into = id;
  };
  name(1, definitions.databases(), &database);
  name(3, definitions.containers(), &container);
  name(5, definitions.scripts(database, container), nullptr);
  std::string text;
  for (const std::string& step : steps) text += (text.empty() ? "" : "/") + step;
  return text;
}

// Where `found` has none of that id, or one that differs.
Status compare(const Definition& wanted, const std::vector<cosmos::Resource>& found,
               std::vector<UserDifference>& differences) {
  const auto there = std::find_if(found.begin(), found.end(),
                                  [&](const cosmos::Resource& resource) { return resource.id == wanted.key.id; });
  if (there != found.end()) {
    ASSIGN(const auto members, differing_members(wanted.text, there->text));
    if (members.empty()) return {};
  }
  ASSIGN(std::string definition, plain_definition(wanted.text));
  differences.push_back({wanted.key, std::move(definition), there != found.end()});
  return {};
}

// Of what is not there nothing is listed.
Result<std::vector<cosmos::Resource>> none_where_absent(Result<std::vector<cosmos::Resource>> listed) {
  if (!listed && listed.error().code == Code::not_found) return std::vector<cosmos::Resource>();
  return listed;
}

}  // namespace

std::string UserDifference::name() const {
  const bool user = key.kind == DefinitionKind::user;
  return (user ? "user " + key.id : "permission " + key.id + " of user " + key.parent) + " of " + key.database;
}

Result<std::vector<Definition>> named_permissions(const DefinitionsAt& definitions, std::string_view database) {
  std::vector<Definition> named;
  for (const Definition* permission : definitions.permissions(database)) {
    named.push_back(*permission);
    ASSIGN(json::Value value, json::parse(permission->text));
    const std::string link = value.is_object() ? value.string_at("resource") : std::string();
    std::string by_name = named_link(definitions, link);
    if (steps_of(by_name) == steps_of(link)) continue;
    value.set("resource", json::Value::string(std::move(by_name)));
    named.back().text = value.to_text();
  }
  return named;
}

Result<std::vector<UserDifference>> differing_users(cosmos::Client& client, const std::vector<Definition>& users,
                                                    const std::vector<Definition>& permissions, std::stop_token stop) {
  std::vector<UserDifference> differences;
  std::string listed_database;
  std::vector<cosmos::Resource> there;
  for (const Definition& user : users) {
    if (listed_database != user.key.database) {
      ASSIGN(there, none_where_absent(client.list_users(user.key.database, stop)));
      listed_database = user.key.database;
    }
    TRY(compare(user, there, differences));
    const bool has_any = std::any_of(permissions.begin(), permissions.end(), [&](const Definition& permission) {
      return permission.key.database == user.key.database && permission.key.parent == user.key.id;
    });
    if (!has_any) continue;
    ASSIGN(const auto allowed, none_where_absent(client.list_permissions(user.key.database, user.key.id, stop)));
    for (const Definition& permission : permissions) {
      if (permission.key.database != user.key.database || permission.key.parent != user.key.id) continue;
      TRY(compare(permission, allowed, differences));
    }
  }
  return differences;
}

Status put_user_difference(cosmos::Client& client, const UserDifference& difference, std::stop_token stop) {
  const repo::DefinitionKey& key = difference.key;
  if (key.kind == DefinitionKind::user) return client.put_user(key.database, difference.definition, stop);
  return client.put_permission(key.database, key.parent, difference.definition, stop);
}

}  // namespace halley::recovery
