#include "server/resource_history.h"

#include <algorithm>

namespace halley::server {
namespace {

void apply(const ResourceVersion& version, std::vector<PastDatabase>& databases) {
  const bool removed = version.change == ResourceChange::remove;
  if (version.kind == ResourceKind::database) {
    std::erase_if(databases, [&](const auto& each) { return each.version.rid == version.rid; });
    if (!removed) databases.push_back({version, {}});
    return;
  }
  const auto database = std::find_if(databases.begin(), databases.end(),
                                     [&](const auto& each) { return each.version.rid == version.parent; });
  if (database == databases.end()) return;
  std::erase_if(database->containers, [&](const auto& each) { return each.rid == version.rid; });
  if (!removed) database->containers.push_back(version);
}

}  // namespace

void ResourceHistory::add(ResourceVersion version) {
  const std::lock_guard lock(mutex_);
  versions_.push_back(std::move(version));
}

std::vector<ResourceVersion> ResourceHistory::versions() const {
  const std::lock_guard lock(mutex_);
  return versions_;
}

std::vector<PastDatabase> ResourceHistory::at(Second moment) const {
  const std::lock_guard lock(mutex_);
  std::vector<PastDatabase> databases;
  for (const ResourceVersion& version : versions_) {
    if (version.at <= moment) apply(version, databases);
  }
  return databases;
}

}  // namespace halley::server
