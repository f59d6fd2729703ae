// The engine and the history of its resources: what it tells of them, and how they come back from it.
#include "base/check.h"
#include "server/engine.h"
#include "server/refusal.h"

namespace halley::server {

void Engine::note(const Resource& resource, ResourceChange change, std::string_view parent_rid) {
  if (options_.history == nullptr) return;
  if (resource.kind != ResourceKind::database && resource.kind != ResourceKind::container) return;
  options_.history->add({resource.kind, change, stamps_.now(), resource.id, resource.rid, std::string(parent_rid),
                         resource.text, resource.container, 0});
}

Result<std::shared_ptr<Resource>> Engine::make_again(Resource& parent, const ResourceVersion& version) {
  for (const auto& child : parent.children) {
    if (child->kind == version.kind && (child->id == version.id || child->rid == version.rid)) {
      return refuse(409, "Resource with the specified id '" + version.id + "' already exists.");
    }
  }
  ASSIGN(json::Value definition, json::parse(*version.text));
  auto resource = std::make_shared<Resource>();
  resource->kind = version.kind;
  resource->rid = version.rid;
  ASSIGN(resource->definition, complete_definition(version.kind, std::move(definition)));
  place(*resource, parent);
  return resource;
}

Result<ResourceView> Engine::restore_database(const ResourceVersion& database) {
  CHECK(options_.journal == nullptr);
  const std::lock_guard lock(mutex_);
  ASSIGN(const auto resource, make_again(*root_, database));
  stamp(*resource);
  root_->children.push_back(resource);
  note(*resource, ResourceChange::create, {});
  return view_of(*resource);
}

Result<ResourceView> Engine::restore_container(const ResourceVersion& container, const PastView& view) {
  CHECK(options_.journal == nullptr && container.container != nullptr);
  ASSIGN(json::Value definition, json::parse(*container.text));
  const TimeToLive past{default_ttl(definition)};
  if (!view.time_to_live) definition.erase("defaultTtl");
  // It takes long where there is much, and nobody waits for it.
  auto documents = container.container->as_of(view.at, past, stamps_, TimeToLive{default_ttl(definition)});
  const std::lock_guard lock(mutex_);
  ASSIGN(const auto owner, walk({"dbs", container.parent}, 2));
  ASSIGN(const auto resource, make_again(*owner, container));
  if (!view.time_to_live) resource->definition.erase("defaultTtl");
  documents->use_budget(budget_below(*owner));
  resource->container = std::move(documents);
  stamp(*resource);
  owner->children.push_back(resource);
  note(*resource, ResourceChange::create, owner->rid);
  make_offer(*resource, {}, has_offer(*owner));
  return view_of(*resource);
}

void Engine::count_on_from(Engine& other) {
  const std::uint32_t number = [&] {
    const std::lock_guard lock(other.mutex_);
    return other.next_number_;
  }();
  const std::lock_guard lock(mutex_);
  next_number_ = number;
  stamps_.go_on_from(other.stamps_.etags());
}

}  // namespace halley::server
