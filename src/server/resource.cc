#include "server/resource.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cosmos/partition_key.h"
#include "cosmos/resource_id.h"
#include "http/message.h"
#include "json/writer.h"
#include "server/document.h"
#include "server/exchange.h"
#include "server/refusal.h"
#include "server/unique_keys.h"

namespace halley::server {
namespace {

using enum ResourceKind;

constexpr std::array<ResourceTraits, 11> kTraits = {{
    {account, account, "", "", ""},
    {database, account, "dbs", "Databases", R"(,"_colls":"colls/","_users":"users/")"},
    {container, database, "colls", "DocumentCollections",
     R"(,"_docs":"docs/","_sprocs":"sprocs/","_triggers":"triggers/","_udfs":"udfs/","_conflicts":"conflicts/")"},
    {sproc, container, "sprocs", "StoredProcedures", ""},
    {trigger, container, "triggers", "Triggers", ""},
    {udf, container, "udfs", "UserDefinedFunctions", ""},
    {conflict, container, "conflicts", "Conflicts", ""},
    {user, database, "users", "Users", R"(,"_permissions":"permissions/")"},
    {permission, user, "permissions", "Permissions", ""},
    {encryption_key, database, "clientencryptionkeys", "ClientEncryptionKeys", ""},
    {offer, account, "offers", "Offers", ""},
}};

constexpr std::array<std::string_view, 14> kSystemMembers = {
    "_rid",  "_self",   "_etag", "_ts",       "_attachments", "_colls",       "_users",
    "_docs", "_sprocs", "_udfs", "_triggers", "_conflicts",   "_permissions", "_token"};

constexpr std::size_t kMaxNameBytes = 255;
constexpr std::size_t kDocumentRidBytes = 16;

Status check_name(ResourceKind kind, const json::Value& definition) {
  const json::Value* id = definition.find("id");
  if (id == nullptr || !id->is_string() || id->text().empty()) {
    return refuse(400, "The input content is invalid because the required property 'id' is missing or not a string.");
  }
  const auto is_id = [](const json::Value::Member& member) { return member.first == "id"; };
  if (std::count_if(definition.members().begin(), definition.members().end(), is_id) > 1) {
    return refuse(400, "The body has several members 'id'.");
  }
  if (kind != database && kind != container) return {};
  const std::string& name = id->text();
  if (name.size() > kMaxNameBytes || name.find_first_of("/\\?#") != std::string::npos || name.ends_with(' ')) {
    return refuse(400, fmt::format("The name '{}' is not allowed: at most 255 bytes, none of / \\ ? #, no space at "
                                   "the end.",
                                   name));
  }
  return {};
}

json::Value parsed(std::string_view text) { return *json::parse(text); }

void set_default(json::Value& definition, std::string_view name, std::string_view text) {
  if (definition.find(name) == nullptr) definition.set(name, parsed(text));
}

Status check_ttl(const json::Value& definition) {
  const json::Value* ttl = definition.find("defaultTtl");
  if (ttl == nullptr) return {};
  const auto seconds = ttl->as_integer();
  if (seconds && (*seconds == -1 || (*seconds > 0 && *seconds <= kMaxTtl))) return {};
  return refuse(400, "The defaultTtl must be a positive integer or -1.");
}

Status check_permission(const json::Value& definition) {
  const std::string mode = definition.string_at("permissionMode");
  if (!http::equal_ignoring_case(mode, "Read") && !http::equal_ignoring_case(mode, "All")) {
    return refuse(400, "The permissionMode must be Read or All.");
  }
  if (definition.string_at("resource").empty()) return refuse(400, "A permission must name its resource, a link.");
  ASSIGN(const auto path, split_target(definition.string_at("resource")));
  const json::Value* key = definition.find("resourcePartitionKey");
  // The same id may be there under many keys.
  const bool document = path.size() == 6 && path[2] == "colls" && path[4] == "docs";
  if (!document || (key != nullptr && !key->is_null())) return {};
  const auto rid = cosmos::rid_bytes(path[5]);
  if (rid && rid->size() == kDocumentRidBytes) return {};
  return refuse(400,
                "A permission for one document must name it by its _self link, or state its resourcePartitionKey.");
}

Status complete_container(json::Value& definition) {
  json::Value* key = definition.find("partitionKey");
  if (key == nullptr || !key->is_object()) return refuse(400, "A container must have a partitionKey.");
  if (key->find("kind") == nullptr) key->set("kind", json::Value::string("Hash"));
  const auto parsed_key = cosmos::PartitionKeyDefinition::parse(*key);
  if (!parsed_key) return refuse(400, parsed_key.error().message);
  const std::size_t paths = parsed_key->paths.size();
  if (paths == 0 || (parsed_key->kind == cosmos::KeyKind::multi_hash ? paths > 3 : paths > 1)) {
    return refuse(400, "The partitionKey must have one path, or with kind MultiHash up to three.");
  }
  const json::Value* const policy = definition.find("indexingPolicy");
  if (policy != nullptr && !policy->is_object()) return refuse(400, "The indexingPolicy must be an object.");
  TRY(check_ttl(definition));
  TRY(UniqueKeys::parse(definition));
  set_default(definition, "indexingPolicy",
              R"({"indexingMode":"consistent","automatic":true,"includedPaths":[{"path":"/*"}],)"
              R"("excludedPaths":[{"path":"/\"_etag\"/?"}]})");
  set_default(definition, "conflictResolutionPolicy",
              R"({"mode":"LastWriterWins","conflictResolutionPath":"/_ts","conflictResolutionProcedure":""})");
  set_default(definition, "geospatialConfig", R"({"type":"Geography"})");
  return {};
}

std::string conflict_mode(const json::Value& definition) {
  const json::Value* policy = definition.find("conflictResolutionPolicy");
  return policy == nullptr ? "" : policy->string_at("mode");
}

std::string text_at(const json::Value& definition, std::string_view name) {
  const json::Value* value = definition.find(name);
  return value == nullptr || value->is_null() ? "" : value->to_text();
}

}  // namespace

const ResourceTraits& traits_of(ResourceKind kind) { return kTraits[static_cast<std::size_t>(kind)]; }

const ResourceTraits* find_traits(ResourceKind parent, std::string_view keyword) {
  const auto found = std::find_if(kTraits.begin() + 1, kTraits.end(), [&](const ResourceTraits& traits) {
    return traits.parent == parent && traits.keyword == keyword;
  });
  return found == kTraits.end() ? nullptr : &*found;
}

Result<json::Value> complete_definition(ResourceKind kind, json::Value definition) {
  if (!definition.is_object()) return refuse(400, "The body must be a JSON object.");
  if (definition.has_lone_surrogate()) return refuse(400, "The body has a surrogate without its partner.");
  for (const std::string_view name : kSystemMembers) definition.erase(name);
  TRY(check_name(kind, definition));
  if (kind == container) TRY(complete_container(definition));
  if (kind == permission) TRY(check_permission(definition));
  if (kind == sproc || kind == trigger || kind == udf) {
    const json::Value* body = definition.find("body");
    if (body == nullptr || !body->is_string()) return refuse(400, "A script must have a body, a string.");
  }
  return definition;
}

Status check_replacement(ResourceKind kind, const json::Value& old_definition, const json::Value& new_definition) {
  if (kind == user) return {};  // the id is what of a user can be replaced
  if (old_definition.string_at("id") != new_definition.string_at("id")) {
    return refuse(400, "The id in the body is not the id of the resource addressed.");
  }
  if (kind != container) return {};
  const auto old_key = cosmos::PartitionKeyDefinition::parse(*old_definition.find("partitionKey"));
  const auto new_key = cosmos::PartitionKeyDefinition::parse(*new_definition.find("partitionKey"));
  if (!old_key || !new_key || *old_key != *new_key) return refuse(400, "The partitionKey of a container can't change.");
  const auto old_unique = UniqueKeys::parse(old_definition);
  const auto new_unique = UniqueKeys::parse(new_definition);
  if (!old_unique || !new_unique || *old_unique != *new_unique) {
    return refuse(400, "The uniqueKeyPolicy of a container can't change.");
  }
  if (conflict_mode(old_definition) != conflict_mode(new_definition)) {
    return refuse(400, "The mode of a container's conflictResolutionPolicy can't change.");
  }
  if (text_at(old_definition, "clientEncryptionPolicy") != text_at(new_definition, "clientEncryptionPolicy")) {
    return refuse(400, "The clientEncryptionPolicy of a container can't change.");
  }
  return {};
}

std::int64_t default_ttl(const json::Value& container_definition) {
  const json::Value* ttl = container_definition.find("defaultTtl");
  return ttl == nullptr ? 0 : ttl->as_integer().value_or(0);
}

std::string resource_text(const Resource& resource, std::int64_t ts) {
  std::string text = resource.definition.to_text();
  text.pop_back();  // the closing brace
  text += fmt::format(R"(,"_rid":"{}","_ts":{},"_self":"{}","_etag":)", resource.rid, ts, resource.self);
  json::append_string(text, resource.etag);
  text += traits_of(resource.kind).links;
  text += '}';
  return text;
}

}  // namespace halley::server
