#include "arm/subscription.h"

#include <fmt/format.h>

#include <algorithm>

#include "codec/base64.h"
#include "runtime/guid.h"

namespace halley::arm {
namespace {

constexpr std::size_t kKeyBytes = 64;
constexpr std::int64_t kForgetSeconds = 3600;

// The location and the instance that the id of a backup names.
Result<std::pair<std::string, std::string>> read_source(const std::string& id) {
  Call call;
  for (std::size_t at = 0; at < id.size();) {
    const std::size_t end = std::min(id.find('/', at), id.size());
    const auto part = http::percent_decode(std::string_view(id).substr(at, end - at));
    if (part && !part->empty()) call.path.push_back(*part);
    at = end + 1;
  }
  if (call.matches(
          0, {"subscriptions", "*", "providers", kProvider, "locations", "*", "restorableDatabaseAccounts", "*"})) {
    return std::pair(call.path[5], call.path[7]);
  }
  return bad_request("The restoreSource '" + id + "' is not the id of a restorable database account.");
}

}  // namespace

Subscription::Subscription(Runtime& runtime, SubscriptionOptions options)
    : runtime_(runtime), options_(std::move(options)), operations_(runtime) {}

void Subscription::advance(std::int64_t seconds) {
  ahead_ += seconds;
  for (const auto& account : accounts_) {
    if (account->emulator) account->emulator->account().clock().advance(seconds);
  }
}

std::shared_ptr<ManagedAccount> Subscription::new_account(const std::string& name, std::vector<std::string> regions) {
  auto account = std::make_shared<ManagedAccount>();
  account->subscription = options_.id;
  account->resource_group = options_.resource_group;
  account->name = name;
  account->regions = std::move(regions);
  account->instance = new_guid(runtime_);
  account->created = now();
  account->reaches_back_to = account->created;
  return account;
}

Status Subscription::start(ManagedAccount& account) {
  server::EmulatorOptions options = options_.accounts;
  options.port = 0;
  options.account.account_id = account.name;
  options.account.key = codec::base64_encode(runtime_.random_bytes(kKeyBytes));
  options.account.regions.clear();
  options.account.history = account.history;
  options.account.all_versions_feed = false;
  ASSIGN(account.emulator, server::Emulator::start(runtime_, std::move(options)));
  account.emulator->account().clock().advance(ahead_);
  return {};
}

void Subscription::forget(const ManagedAccount& account) {
  std::erase_if(accounts_, [&](const auto& each) { return each.get() == &account; });
}

void Subscription::forget_what_expired() {
  if (now() - last_forgot_ < kForgetSeconds) return;
  last_forgot_ = now();
  std::erase_if(accounts_, [&](const auto& each) { return each->deleted && !each->restorable(now()); });
  for (const auto& account : accounts_) account->history->forget_before(account->oldest(now()));
}

Result<std::shared_ptr<ManagedAccount>> Subscription::find(const std::string& resource_group,
                                                           const std::string& name) const {
  for (const auto& account : accounts_) {
    if (!account->deleted && http::equal_ignoring_case(account->name, name)) return account;
  }
  return no_such_account(resource_group, name);
}

std::vector<std::shared_ptr<ManagedAccount>> Subscription::live() const {
  std::vector<std::shared_ptr<ManagedAccount>> found;
  for (const auto& account : accounts_) {
    if (!account->deleted) found.push_back(account);
  }
  return found;
}

std::vector<std::shared_ptr<ManagedAccount>> Subscription::restorable(std::string_view location) const {
  std::vector<std::shared_ptr<ManagedAccount>> found;
  for (const auto& account : accounts_) {
    const bool there = location.empty() || short_name(account->location()) == short_name(location);
    if (there && account->restorable(now())) found.push_back(account);
  }
  return found;
}

Result<std::shared_ptr<ManagedAccount>> Subscription::find_restorable(const std::string& location,
                                                                      const std::string& instance) const {
  for (auto& account : restorable(location)) {
    if (http::equal_ignoring_case(account->instance, instance)) return std::move(account);
  }
  return refuse(404, "NotFound",
                fmt::format("No restorable database account with instanceId {} found in {}.", instance, location));
}

Result<RestorePoint> Subscription::restore_point(const json::Value& parameters) const {
  ASSIGN(const auto source, read_source(parameters.is_object() ? parameters.string_at("restoreSource") : ""));
  RestorePoint point;
  auto account = find_restorable(source.first, source.second);
  if (!account) return bad_request(account.error().message);
  point.source = *std::move(account);
  const auto at = parse_rfc3339(parameters.string_at("restoreTimestampInUtc"));
  if (!at) return bad_request("The restoreTimestampInUtc is not a timestamp.");
  point.at = *at;
  point.time_to_live = !member(parameters, {"restoreWithTtlDisabled"}).as_bool().value_or(false);
  const Second from = std::max(point.source->created, point.source->oldest(now()));
  // The second that goes on may still be written to: what it will have been is not known.
  const Second last = point.source->deleted ? *point.source->deleted - 1 : now() - 1;
  if (point.at < from || point.at > last) {
    return bad_request(fmt::format("Invalid restore timestamp {}: the account {} can be restored from {} to {}.",
                                   format_rfc3339(point.at), point.source->name, format_rfc3339(from),
                                   format_rfc3339(last)));
  }
  return point;
}

}  // namespace halley::arm
