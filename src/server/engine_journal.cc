// The engine and its journal: what it records of resources, and how it becomes again what the journal says it was.
#include <unordered_map>

#include "cosmos/resource_id.h"
#include "server/engine.h"

namespace halley::server {

void Engine::record(const Resource& resource, std::string_view parent_rid) {
  if (options_.journal == nullptr) return;
  ResourceWritten event;
  event.kind = resource.kind;
  event.parent = parent_rid;
  event.next_number = next_number_;
  event.partitions = options_.partitions;
  event.ts = resource.ts;
  event.etag = resource.etag;
  event.definition = resource.definition.to_text();
  options_.journal->record(resource.rid, encode(event));
}

// Takes events in their order. The engine is locked by whoever has one.
class Engine::Replay {
 public:
  explicit Replay(Engine& engine) : engine_(engine) { known_[""] = {engine.root_, nullptr}; }

  Status take(std::string_view owner, std::string_view bytes) {
    ASSIGN(const AccountEvent event, decode_event(bytes));
    return std::visit([&](const auto& each) { return apply(std::string(owner), each); }, event);
  }

 private:
  struct Known {
    std::shared_ptr<Resource> resource;
    std::shared_ptr<Resource> parent;
  };

  Status apply(const std::string&, const Counters& event) {
    engine_.next_number_ = event.next_number;
    engine_.stamps_.go_on_from(event.etags);
    return {};
  }

  Status apply(const std::string& rid, const ResourceWritten& event) {
    ASSIGN(json::Value definition, json::parse(event.definition));
    const auto found = known_.find(rid);
    if (found == known_.end()) {
      TRY(make(rid, event, std::move(definition)));
    } else {
      Resource& resource = *found->second.resource;
      resource.definition = std::move(definition);
      engine_.rename(resource, *found->second.parent);
      if (resource.kind == ResourceKind::offer) engine_.apply_offer(resource);
      if (resource.container) resource.container->set_ttl({default_ttl(resource.definition)});
    }
    Resource& resource = *known_[rid].resource;
    resource.ts = event.ts;
    resource.etag = event.etag;
    resource.text = std::make_shared<const std::string>(resource_text(resource, event.ts.value));
    engine_.stamps_.note_etag(event.etag);
    engine_.next_number_ = event.next_number;
    return {};
  }

  Status make(const std::string& rid, const ResourceWritten& event, json::Value definition) {
    const auto parent = known_.find(event.parent);
    if (parent == known_.end()) return fail(Code::corrupt, "the parent of a resource is not there");
    auto resource = std::make_shared<Resource>();
    resource->kind = event.kind;
    resource->rid = rid;
    resource->definition = std::move(definition);
    engine_.place(*resource, *parent->second.resource);
    if (event.kind == ResourceKind::container) {
      if (event.partitions < 1 || !complete_definition(event.kind, resource->definition)) {
        return fail(Code::corrupt, "a container is not what it must be");
      }
      engine_.make_container(*resource, *parent->second.resource, event.partitions);
    }
    parent->second.resource->children.push_back(resource);
    known_[rid] = {resource, parent->second.resource};
    if (event.kind == ResourceKind::offer) engine_.apply_offer(*resource);
    return {};
  }

  Status apply(const std::string& rid, const ResourceRemoved&) {
    const auto found = known_.find(rid);
    if (found == known_.end() || found->second.parent == nullptr) {
      return fail(Code::corrupt, "the resource that was removed is not there");
    }
    engine_.detach(*found->second.parent, found->second.resource);
    known_.erase(found);
    return {};
  }

  // What happens to documents of a container. One that was removed may have been written to until the very end.
  template <typename Event>
  Status apply(const std::string& rid, const Event& event) {
    const auto found = known_.find(rid);
    if (found == known_.end()) return {};
    const auto& container = found->second.resource->container;
    if (container == nullptr) return fail(Code::corrupt, "documents are not in a container");
    return container->replay(event);
  }

  Engine& engine_;
  std::unordered_map<std::string, Known> known_;  // by rid
};

Status Engine::recover() {
  if (options_.journal == nullptr) return {};
  const std::lock_guard lock(mutex_);
  Replay replay(*this);
  TRY(options_.journal->read(
      [&](std::string_view owner, std::string_view event) { return replay.take(owner, event); }));
  std::vector<std::string> alive;
  std::vector<const Resource*> unseen = {root_.get()};
  while (!unseen.empty()) {
    const Resource* resource = unseen.back();
    unseen.pop_back();
    if (resource != root_.get()) alive.push_back(resource->rid);
    for (const auto& child : resource->children) unseen.push_back(child.get());
  }
  auto compacted = options_.journal->compact(alive, encode(Counters{next_number_, stamps_.etags()}));
  // On a full disk what is no longer needed stays; the account can still be read.
  if (!compacted && compacted.error().code != Code::no_space) return compacted;
  return {};
}

}  // namespace halley::server
