#include "recovery/users.h"

#include <algorithm>
#include <optional>

#include "cosmos/link.h"
#include "json/value.h"
#include "recovery/definition_text.h"

namespace halley::recovery {
namespace {

using repo::Definition;
using repo::DefinitionKind;

// What `step` is the _rid of, among `definitions`; nullptr = it is a name.
const Definition* find_by_rid(const DefinitionsAt::Each& definitions, std::string_view database,
                              const std::string& step) {
  const auto found = std::find_if(definitions.begin(), definitions.end(), [&](const Definition* each) {
    return each->key.database == database && each->rid == step;
  });
  return found == definitions.end() ? nullptr : *found;
}

// "dbs/Lx1BAA==/colls/Lx1BALxJyZ8=/" is dbs/shop/colls/orders; nothing where no step is the _rid of a definition. A
// document's _rid is not known here: such a link stays whole.
std::optional<std::string> named_link(const DefinitionsAt& definitions, std::string_view link) {
  std::vector<std::string> steps = cosmos::link_segments(link);
  if (cosmos::names_document_by_rid(steps)) return std::nullopt;
  std::string database;
  bool found_any = false;
  const auto name = [&](std::size_t at, const DefinitionsAt::Each& among) {
    if (at >= steps.size()) return std::string();
    if (const Definition* const found = find_by_rid(among, database, steps[at])) {
      steps[at] = found->key.id;
      found_any = true;
    }
    return steps[at];
  };
  database = name(1, definitions.databases());
  const std::string container = name(3, definitions.containers());
  name(5, definitions.scripts(database, container));
  return found_any ? std::optional(cosmos::link_of(steps)) : std::nullopt;
}

// Of what is not there nothing is listed.
Result<std::vector<cosmos::Resource>> none_where_absent(Result<std::vector<cosmos::Resource>> listed) {
  if (!listed && listed.error().code == Code::not_found) return std::vector<cosmos::Resource>();
  return listed;
}

// Why a permission with this definition cannot be made in the account; nothing where it can.
Result<std::string> obstacle_to(cosmos::Client& client, const Definition& permission, const std::stop_token& stop) {
  ASSIGN(const json::Value value, json::parse(permission.text));
  const auto steps = cosmos::link_segments(value.is_object() ? value.string_at("resource") : "");
  if (!cosmos::names_document_by_rid(steps)) return std::string();
  ASSIGN(const auto containers, none_where_absent(client.list_containers(permission.key.database, stop)));
  const bool there = std::any_of(containers.begin(), containers.end(),
                                 [&](const cosmos::Resource& container) { return container.rid == steps[3]; });
  return there ? std::string() : "it is for a document by its _rid, " + steps[5] + ", which names nothing here";
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
  differences.push_back({wanted.key, std::move(definition), there != found.end(), ""});
  return {};
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
    auto by_name = named_link(definitions, value.is_object() ? value.string_at("resource") : "");
    if (!by_name) continue;
    value.set("resource", json::Value::string(*std::move(by_name)));
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
      const std::size_t before = differences.size();
      TRY(compare(permission, allowed, differences));
      if (differences.size() == before) continue;
      ASSIGN(differences.back().obstacle, obstacle_to(client, permission, stop));
    }
  }
  return differences;
}

Status put_user_difference(cosmos::Client& client, const UserDifference& difference, std::stop_token stop) {
  const repo::DefinitionKey& key = difference.key;
  if (!difference.obstacle.empty()) return fail(Code::unsupported, difference.obstacle, std::string(kMakeAnew));
  if (key.kind == DefinitionKind::user) return client.put_user(key.database, difference.definition, stop);
  return client.put_permission(key.database, key.parent, difference.definition, stop);
}

}  // namespace halley::recovery
