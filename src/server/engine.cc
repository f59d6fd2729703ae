#include "server/engine.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/check.h"
#include "cosmos/resource_id.h"
#include "server/refusal.h"

namespace halley::server {
namespace {

tl::unexpected<Error> not_found(bool owner) {
  return refuse(404,
                owner ? "Owner resource does not exist" : "Entity with the specified id does not exist in the system.",
                owner ? cosmos::kOwnerGone : 0);
}

std::shared_ptr<Resource> find_child(const Resource& parent, ResourceKind kind, std::string_view name) {
  const auto by = [&](auto matches) -> std::shared_ptr<Resource> {
    const auto found = std::find_if(parent.children.begin(), parent.children.end(),
                                    [&](const auto& child) { return child->kind == kind && matches(*child); });
    return found == parent.children.end() ? nullptr : *found;
  };
  if (auto named = by([&](const Resource& child) { return child.id == name; })) return named;
  return by([&](const Resource& child) { return child.rid == name; });
}

// Whether two permissions are for the same thing: of those a user has one.
bool same_grant(const json::Value& a, const json::Value& b) {
  const auto key_of = [](const json::Value& permission) {
    const json::Value* key = permission.find("resourcePartitionKey");
    return key == nullptr ? std::string() : key->to_text();
  };
  return a.string_at("resource") == b.string_at("resource") && key_of(a) == key_of(b);
}

std::string indexing_of(const json::Value& container_definition) {
  const json::Value* policy = container_definition.find("indexingPolicy");
  return policy == nullptr ? "" : policy->to_text();
}

// Refuses a definition that says of `self` (nullptr = of a new one) what another child says of itself already.
Status check_siblings(const Resource& owner, ResourceKind kind, const Resource* self, const json::Value& definition) {
  const std::string id = definition.string_at("id");
  for (const auto& child : owner.children) {
    if (child.get() == self || child->kind != kind) continue;
    if (child->id == id) return refuse(409, fmt::format("Resource with the specified id '{}' already exists.", id));
    if (kind == ResourceKind::permission && same_grant(child->definition, definition)) {
      return refuse(409, "The user has a permission for this resource already.");
    }
  }
  return {};
}

Status check_tag(const Resource& resource, std::string_view if_match) {
  if (if_match.empty() || if_match == "*" || if_match == resource.etag) return {};
  return refuse(412, "One of the specified pre-condition is not met.");
}

}  // namespace

ResourceView view_of(const Resource& resource) {
  return {resource.kind, resource.rid, resource.names, resource.etag, resource.text, resource.container};
}

Engine::Engine(Runtime& runtime, EngineOptions options)
    : runtime_(runtime),
      options_(std::move(options)),
      stamps_(runtime),
      root_(std::make_shared<Resource>()),
      limits_throughput_(options_.throughput.limits),
      next_number_(static_cast<std::uint32_t>(runtime.random_u64() & 0x3FFFFFFF)) {}

Result<std::shared_ptr<Resource>> Engine::walk(const Path& path, std::size_t segments) {
  std::shared_ptr<Resource> at = root_;
  for (std::size_t i = 0; i + 1 < segments; i += 2) {
    const ResourceTraits* traits = find_traits(at->kind, path[i]);
    if (traits == nullptr) return refuse(400, fmt::format("The path has an unknown part '{}'.", path[i]));
    at = find_child(*at, traits->kind, path[i + 1]);
    if (at == nullptr) return not_found(i + 2 < segments);
  }
  return at;
}

Result<ResourceView> Engine::find(const Path& path) {
  const std::lock_guard lock(mutex_);
  ASSIGN(const auto resource, walk(path, path.size()));
  return view_of(*resource);
}

Result<Engine::Listing> Engine::list(const Path& parent, ResourceKind kind) {
  const std::lock_guard lock(mutex_);
  auto owner = walk(parent, parent.size());
  if (!owner) return owner.error().status == 404 ? not_found(true) : fail(std::move(owner).error());
  Listing listing{view_of(**owner), {}};
  for (const auto& child : (*owner)->children) {
    if (child->kind == kind) listing.texts.push_back(child->text);
  }
  return listing;
}

std::string Engine::next_rid(const Resource& parent, ResourceKind kind) {
  const std::uint32_t number = next_number_++;
  const auto parent_bytes = cosmos::rid_bytes(parent.rid);
  CHECK(parent_bytes.has_value());
  std::string bytes = *parent_bytes;
  switch (kind) {
    case ResourceKind::database:
      return cosmos::database_rid(number);
    case ResourceKind::container:
      return cosmos::container_rid(parent.rid, number);
    case ResourceKind::sproc:
      return cosmos::child_rid(parent.rid, cosmos::ChildKind::sproc, number);
    case ResourceKind::trigger:
      return cosmos::child_rid(parent.rid, cosmos::ChildKind::trigger, number);
    case ResourceKind::udf:
      return cosmos::child_rid(parent.rid, cosmos::ChildKind::udf, number);
    case ResourceKind::conflict:
      return cosmos::child_rid(parent.rid, cosmos::ChildKind::conflict, number);
    case ResourceKind::user: {
      put_u32(bytes, number);
      bytes[4] = static_cast<char>(bytes[4] & 0x7F);  // the bit that would make it a container
      break;
    }
    case ResourceKind::permission:
      put_u64(bytes, number);
      break;
    case ResourceKind::encryption_key:
      put_u32(bytes, 0);
      put_u64(bytes, number);
      break;
    case ResourceKind::offer:
      put_u32(bytes, number);
      bytes.resize(3);
      break;
    case ResourceKind::account:
      CHECK(false);
  }
  return cosmos::rid_text(bytes);
}

void Engine::stamp(Resource& resource) {
  resource.ts = stamps_.now();
  resource.etag = stamps_.next_etag(resource.ts);
  resource.text = std::make_shared<const std::string>(resource_text(resource, resource.ts.value));
}

void Engine::make_container(Resource& resource, const Resource& database, int partitions) {
  auto key = cosmos::PartitionKeyDefinition::parse(*resource.definition.find("partitionKey"));
  auto unique_keys = UniqueKeys::parse(resource.definition);
  CHECK(key.has_value() && unique_keys.has_value());
  resource.container = std::make_shared<Container>(
      runtime_, stamps_,
      ContainerOptions{resource.rid, resource.self, std::move(*key), std::move(*unique_keys),
                       TimeToLive{default_ttl(resource.definition)}, partitions, budget_below(database),
                       options_.journal});
}

std::shared_ptr<Resource> Engine::make(Resource& parent, ResourceKind kind, json::Value definition) {
  auto resource = std::make_shared<Resource>();
  resource->kind = kind;
  resource->rid = next_rid(parent, kind);
  if (kind == ResourceKind::offer) definition.set("id", json::Value::string(resource->rid));
  resource->definition = std::move(definition);
  place(*resource, parent);
  if (kind == ResourceKind::container) make_container(*resource, parent, options_.partitions);
  stamp(*resource);
  parent.children.push_back(resource);
  record(*resource, parent.rid);
  note(*resource, ResourceChange::create, parent.rid);
  return resource;
}

// Gives it its name and its links.
void Engine::place(Resource& resource, const Resource& parent) {
  const std::string_view keyword = traits_of(resource.kind).keyword;
  resource.id = resource.definition.string_at("id");
  resource.self = fmt::format("{}{}/{}/", parent.self, keyword, resource.rid);
  resource.names = fmt::format("{}{}{}/{}", parent.names, parent.names.empty() ? "" : "/", keyword, resource.id);
}

// Gives it the name that its definition has now, and what is below it the names that follow.
void Engine::rename(Resource& resource, const Resource& parent) {
  if (resource.id == resource.definition.string_at("id")) return;
  place(resource, parent);
  for (const auto& child : resource.children) place(*child, resource);
}

Result<ResourceView> Engine::create(const Path& parent, ResourceKind kind, json::Value definition,
                                    const Throughput& throughput) {
  if (kind == ResourceKind::offer || kind == ResourceKind::conflict) {
    return refuse(405, "Such resources are not created by requests.");
  }
  if (!throughput.content.is_null() && !units_of(throughput.content)) {
    return refuse(400, "The throughput asked for is none: 1 or more, with autoscale a maxThroughput of 1000 or more.");
  }
  ASSIGN(definition, complete_definition(kind, std::move(definition)));
  const std::lock_guard lock(mutex_);
  auto owner = walk(parent, parent.size());
  if (!owner) return owner.error().status == 404 ? not_found(true) : fail(std::move(owner).error());
  TRY(check_siblings(**owner, kind, nullptr, definition));
  const auto resource = make(**owner, kind, std::move(definition));
  if (kind == ResourceKind::database || kind == ResourceKind::container) {
    make_offer(*resource, throughput, has_offer(**owner));
  }
  return view_of(*resource);
}

Result<ResourceView> Engine::replace(const Path& path, json::Value definition, std::string_view if_match) {
  const std::lock_guard lock(mutex_);
  ASSIGN(const auto resource, walk(path, path.size()));
  TRY(check_tag(*resource, if_match));
  if (resource->kind == ResourceKind::offer) {
    TRY(replace_offer(*resource, definition));
  } else if (resource->kind == ResourceKind::database || resource->kind == ResourceKind::conflict) {
    return refuse(405, "Such a resource can't be replaced.");
  } else {
    ASSIGN(definition, complete_definition(resource->kind, std::move(definition)));
    TRY(check_replacement(resource->kind, resource->definition, definition));
    ASSIGN(const auto owner, walk(path, path.size() - 2));
    TRY(check_siblings(*owner, resource->kind, resource.get(), definition));
    if (resource->container) {
      resource->container->set_ttl({default_ttl(definition)});
      if (indexing_of(definition) != indexing_of(resource->definition)) {
        resource->container->begin_index_transformation();
      }
    }
    resource->definition = std::move(definition);
    rename(*resource, *owner);
  }
  stamp(*resource);
  record(*resource, {});
  if (resource->container) {
    ASSIGN(const auto owner, walk(path, path.size() - 2));
    note(*resource, ResourceChange::replace, owner->rid);
  }
  return view_of(*resource);
}

Status Engine::remove(const Path& path, std::string_view if_match) {
  const std::lock_guard lock(mutex_);
  ASSIGN(const auto resource, walk(path, path.size()));
  TRY(check_tag(*resource, if_match));
  if (resource->kind == ResourceKind::offer) return refuse(405, "An offer goes with its resource.");
  ASSIGN(const auto owner, walk(path, path.size() - 2));
  detach(*owner, resource);
  note(*resource, ResourceChange::remove, owner->rid);
  if (options_.journal != nullptr) options_.journal->record(resource->rid, encode(ResourceRemoved()));
  return {};
}

void Engine::detach(Resource& owner, const std::shared_ptr<Resource>& resource) {
  std::erase(owner.children, resource);
  if (resource->container || resource->kind == ResourceKind::database) remove_offers(*resource);
}

Result<ResourceView> Engine::add_conflict(const Path& container, json::Value conflict) {
  const std::lock_guard lock(mutex_);
  ASSIGN(const auto owner, walk(container, container.size()));
  const std::string etag = stamps_.next_etag(stamps_.now());
  json::Value definition = json::Value::object({{"id", json::Value::string(etag.substr(1, etag.size() - 2))}});
  for (json::Value::Member& member : conflict.members()) definition.set(member.first, std::move(member.second));
  return view_of(*make(*owner, ResourceKind::conflict, std::move(definition)));
}

Status Engine::create_database(const std::string& name) {
  TRY(create({}, ResourceKind::database, json::Value::object({{"id", json::Value::string(name)}})));
  return {};
}

Result<std::shared_ptr<Container>> Engine::create_container(const std::string& database, std::string_view definition) {
  ASSIGN(json::Value parsed, json::parse(definition));
  ASSIGN(const auto view, create({"dbs", database}, ResourceKind::container, std::move(parsed)));
  return view.container;
}

Result<std::shared_ptr<Container>> Engine::container(const std::string& database, const std::string& name) {
  ASSIGN(const auto view, find({"dbs", database, "colls", name}));
  return view.container;
}

Status Engine::upsert(const std::string& database, const std::string& container_name, std::string body) {
  ASSIGN(const auto target, container(database, container_name));
  ItemOperation operation;
  operation.kind = ItemOperation::Kind::upsert;
  operation.body = std::move(body);
  TRY(target->run(operation));
  return {};
}

Status Engine::remove_document(const std::string& database, const std::string& container_name, std::string key,
                               std::string id) {
  ASSIGN(const auto target, container(database, container_name));
  ItemOperation operation;
  operation.kind = ItemOperation::Kind::remove;
  operation.id = std::move(id);
  operation.key = std::move(key);
  TRY(target->run(operation));
  return {};
}

}  // namespace halley::server
