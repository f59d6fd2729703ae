// The engine and its offers: the throughput of databases and containers, and how it limits them.
#include <algorithm>

#include "server/engine.h"
#include "server/refusal.h"

namespace halley::server {
namespace {

json::Value whole_offer_content(json::Value content) {
  if (content.find("offerIsRUPerMinuteThroughputEnabled") == nullptr) {
    content.set("offerIsRUPerMinuteThroughputEnabled", json::Value::boolean(false));
  }
  return content;
}

}  // namespace

// The budget of a container that is made below it.
std::shared_ptr<Budget> Engine::budget_below(const Resource& database) const {
  return database.budget ? database.budget : std::make_shared<Budget>(runtime_);
}

// Makes what an offer says hold for what it is for: a container has its own budget by it, a database one that its
// containers share.
void Engine::apply_offer(const Resource& offer) {
  const json::Value* const content = offer.definition.find("content");
  const auto units = content == nullptr ? std::nullopt : units_of(*content);
  if (!units) return;
  const std::int64_t limit = limits_throughput_ ? *units : 0;
  const std::string self = offer.definition.string_at("resource");
  for (const auto& database : root_->children) {
    if (database->kind != ResourceKind::database || !self.starts_with(database->self)) continue;
    if (database->self == self) {
      if (!database->budget) database->budget = std::make_shared<Budget>(runtime_);
      database->budget->set_limit(limit);
    }
    for (const auto& child : database->children) {
      if (!child->container || child->self != self) continue;
      if (database->budget && &child->container->budget() == database->budget.get()) {
        child->container->use_budget(std::make_shared<Budget>(runtime_));
      }
      child->container->budget().set_limit(limit);
    }
  }
}

void Engine::limit_throughput() {
  const std::lock_guard lock(mutex_);
  limits_throughput_ = true;
  for (const auto& child : root_->children) {
    if (child->kind == ResourceKind::offer) apply_offer(*child);
  }
}

void Engine::make_offer(const Resource& resource, const Throughput& throughput, bool shared) {
  if (throughput.content.is_null() && (shared || resource.kind == ResourceKind::database)) return;
  json::Value content = throughput.content.is_null() ? manual_content(options_.throughput.unasked) : throughput.content;
  const auto offer = make(*root_, ResourceKind::offer,
                          json::Value::object({{"resource", json::Value::string(resource.self)},
                                               {"offerType", json::Value::string("Invalid")},
                                               {"offerResourceId", json::Value::string(resource.rid)},
                                               {"offerVersion", json::Value::string("V2")},
                                               {"content", whole_offer_content(std::move(content))}}));
  apply_offer(*offer);
}

Status Engine::replace_offer(Resource& offer, const json::Value& definition) {
  const json::Value* content = definition.find("content");
  if (content == nullptr || !content->is_object() || !units_of(*content)) {
    return refuse(400,
                  "An offer must have a content with an offerThroughput, or with a maxThroughput of 1000 or more in "
                  "its offerAutopilotSettings.");
  }
  offer.definition.set("content", whole_offer_content(*content));
  apply_offer(offer);
  return {};
}

bool Engine::has_offer(const Resource& resource) const {
  return std::any_of(root_->children.begin(), root_->children.end(), [&](const auto& child) {
    return child->kind == ResourceKind::offer && child->definition.string_at("resource") == resource.self;
  });
}

void Engine::remove_offers(const Resource& resource) {
  std::erase_if(root_->children, [&](const auto& child) {
    return child->kind == ResourceKind::offer && child->definition.string_at("resource").starts_with(resource.self);
  });
}

}  // namespace halley::server
