#include "server/resource_history.h"

#include <algorithm>
#include <iterator>
#include <set>

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
  version.number = added_++;
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

void ResourceHistory::forget_before(Second moment) {
  const std::lock_guard lock(mutex_);
  // Behind one that is later, a clock that was set back may have others: these stay.
  const auto end =
      std::find_if(versions_.begin(), versions_.end(), [&](const ResourceVersion& each) { return each.at > moment; });
  std::set<std::string> settled;  // what the newest of their versions has told already
  std::set<std::string> removed;  // databases
  std::vector<ResourceVersion> kept;
  for (auto version = std::make_reverse_iterator(end); version != versions_.rend(); ++version) {
    const bool went_with_database = removed.contains(version->parent);
    const bool is_newest = settled.insert(version->rid).second;
    const bool is_removal = version->change == ResourceChange::remove;
    if (is_removal && version->kind == ResourceKind::database) removed.insert(version->rid);
    if (is_newest && !is_removal && !went_with_database) kept.push_back(*version);
  }
  std::reverse(kept.begin(), kept.end());
  kept.insert(kept.end(), end, versions_.end());
  versions_ = std::move(kept);
}

}  // namespace halley::server
