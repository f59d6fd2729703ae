#include "native/restorable.h"

#include <algorithm>

#include "http/message.h"
#include "native/arm_time.h"

namespace halley::native {
namespace {

Result<Second> time_at(const json::Value& object, std::string_view name) {
  return parse_arm_time(object.string_at(name));
}

std::optional<Second> optional_time_at(const json::Value& object, std::string_view name) {
  const auto moment = time_at(object, name);
  return moment ? std::optional(*moment) : std::nullopt;
}

Result<const json::Value*> object_at(const json::Value& resource, std::string_view name) {
  const json::Value* found = resource.is_object() ? resource.find(name) : nullptr;
  if (found != nullptr && found->is_object()) return found;
  return fail(Code::corrupt, "Resource Manager's answer has no '" + std::string(name) + "'");
}

std::string span_of(const RestorableAccount& account) {
  return "from " + format_rfc3339(account.from()) +
         (account.deleted ? " to " + format_rfc3339(*account.deleted - 1) : " on");
}

}  // namespace

std::optional<std::int64_t> RestorableAccount::seconds_left() const {
  if (!deleted) return std::nullopt;
  return std::max<std::int64_t>(0, *deleted - oldest);
}

bool RestorableAccount::reaches(Second at, Second now) const {
  return at >= from() && at <= now && (!deleted || at < *deleted);
}

Result<RestorableAccount> read_restorable_account(const json::Value& resource) {
  ASSIGN(const json::Value* properties, object_at(resource, "properties"));
  RestorableAccount account;
  ASSIGN(account.id, parse_restorable_id(resource.string_at("id")));
  account.name = properties->string_at("accountName");
  account.location = resource.string_at("location", account.id.location);
  account.api = properties->string_at("apiType");
  ASSIGN(account.created, time_at(*properties, "creationTime"));
  account.deleted = optional_time_at(*properties, "deletionTime");
  account.oldest = optional_time_at(*properties, "oldestRestorableTime").value_or(account.created);
  if (const json::Value* regions = properties->find("restorableLocations"); regions != nullptr) {
    for (const json::Value& each : regions->items()) {
      if (!each.is_object()) continue;
      account.regions.push_back({each.string_at("locationName"), optional_time_at(each, "deletionTime")});
    }
  }
  return account;
}

Result<ResourceEvent> read_resource_event(const json::Value& resource) {
  ASSIGN(const json::Value* properties, object_at(resource, "properties"));
  ASSIGN(const json::Value* event, object_at(*properties, "resource"));
  ResourceEvent read;
  read.name = event->string_at("ownerId");
  read.rid = event->string_at("ownerResourceId");
  read.kind = event->string_at("operationType");
  read.can_undelete = event->string_at("canUndelete");
  read.reason = event->string_at("canUndeleteReason");
  ASSIGN(read.at, time_at(*event, "eventTimestamp"));
  return read;
}

Result<RestorableResources> read_restorable_resources(const std::vector<json::Value>& list) {
  RestorableResources resources;
  for (const json::Value& each : list) {
    const std::string name = each.is_object() ? each.string_at("databaseName") : std::string();
    if (name.empty()) return fail(Code::corrupt, "Resource Manager's answer names no database");
    std::vector<std::string>& containers = resources[name];
    const json::Value* names = each.find("collectionNames");
    if (names == nullptr) continue;
    for (const json::Value& container : names->items()) containers.push_back(container.text());
    std::sort(containers.begin(), containers.end());
  }
  return resources;
}

std::vector<Deletion> deletions_of(std::vector<ResourceEvent> events) {
  std::stable_sort(events.begin(), events.end(), [](const auto& a, const auto& b) { return a.at > b.at; });
  std::vector<Deletion> deletions;
  std::vector<std::string> seen;
  for (ResourceEvent& event : events) {
    if (std::find(seen.begin(), seen.end(), event.name) != seen.end()) continue;
    seen.push_back(event.name);
    if (event.is_delete()) deletions.push_back({std::move(event)});
  }
  return deletions;
}

std::optional<Deletion> deletion_of(const std::vector<ResourceEvent>& events, const std::string& name) {
  for (Deletion& each : deletions_of(events)) {
    if (each.event.name == name) return std::move(each);
  }
  return std::nullopt;
}

Result<RestorableAccount> account_at(const std::vector<RestorableAccount>& accounts, const std::string& name,
                                     const std::string& instance, Second at, Second now) {
  std::vector<const RestorableAccount*> named;
  const RestorableAccount* chosen = nullptr;
  for (const RestorableAccount& each : accounts) {
    if (!http::equal_ignoring_case(each.name, name)) continue;
    if (!instance.empty() && !http::equal_ignoring_case(each.id.instance, instance)) continue;
    named.push_back(&each);
    if (each.reaches(at, now) && (chosen == nullptr || each.created > chosen->created)) chosen = &each;
  }
  if (chosen != nullptr) return *chosen;
  if (named.empty()) {
    const std::string which = instance.empty() ? "" : " with the instance " + instance;
    return fail(Code::not_found, "no account called " + name + which + " has a continuous backup in this subscription",
                "'halley native restorable' lists those that have; 'halley native enable' gives it to one");
  }
  std::string spans;
  for (const RestorableAccount* each : named) spans += (spans.empty() ? "" : ", or ") + span_of(*each);
  return fail(Code::outside_coverage,
              format_rfc3339(at) + " is outside the backup of " + name + ", which can be restored " + spans,
              "choose a moment in there; 'halley native restorable' shows what happened when");
}

}  // namespace halley::native
