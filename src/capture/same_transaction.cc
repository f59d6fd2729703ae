#include "capture/same_transaction.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/check.h"

namespace halley::capture {
namespace {

using Name = std::pair<std::string_view, std::string_view>;

Name name_of(const repo::Version& version) { return {version.partition_key, version.id}; }

// The versions of one document under one LSN, as indices in the order of the page, and what happens to it next there.
struct Group {
  std::vector<std::size_t> at;
  std::optional<ChangeKind> next;
};

// The groups of more than one, of the versions [begin, end) that share an LSN.
std::vector<Group> groups_of(const std::vector<repo::Version>& versions, const std::vector<ChangeKind>& kinds,
                             std::size_t begin, std::size_t end) {
  std::map<Name, Group> by_name;
  for (std::size_t i = begin; i < end; ++i) by_name[name_of(versions[i])].at.push_back(i);
  std::vector<Group> groups;
  for (auto& [name, group] : by_name) {
    if (group.at.size() < 2) continue;
    for (std::size_t i = end; i < versions.size() && !group.next; ++i) {
      if (name_of(versions[i]) == name) group.next = kinds[i];
    }
    groups.push_back(std::move(group));
  }
  return groups;
}

// Which of the group was written last; nothing when it can't be told.
std::optional<std::size_t> last_of(const Group& group, const std::vector<repo::Version>& versions,
                                   const std::vector<ChangeKind>& kinds, const LiveTag& live_tag) {
  std::vector<std::size_t> candidates = group.at;
  const auto keep = [&](auto wanted) { std::erase_if(candidates, [&](std::size_t i) { return !wanted(kinds[i]); }); };
  const auto count = [&](ChangeKind kind) {
    return std::count_if(group.at.begin(), group.at.end(), [&](std::size_t i) { return kinds[i] == kind; });
  };
  // Only a create follows a delete, and a create follows nothing else.
  if (count(ChangeKind::create) == 0 && count(ChangeKind::remove) == 1) {
    keep([](ChangeKind kind) { return kind == ChangeKind::remove; });
  } else if (count(ChangeKind::create) == 1 && count(ChangeKind::remove) == 0) {
    keep([](ChangeKind kind) { return kind == ChangeKind::replace; });
  } else if (group.next) {
    const bool gone = *group.next == ChangeKind::create;
    keep([&](ChangeKind kind) { return (kind == ChangeKind::remove) == gone; });
  }
  if (candidates.size() == 1) return candidates.front();
  const std::optional<std::string> tag = live_tag(versions[group.at.front()]);
  if (!tag) return std::nullopt;
  const auto live = std::find_if(candidates.begin(), candidates.end(), [&](std::size_t i) {
    return kinds[i] != ChangeKind::remove && versions[i].etag == *tag;
  });
  return live == candidates.end() ? std::nullopt : std::optional(*live);
}

}  // namespace

std::vector<std::string> order_within_transactions(std::vector<repo::Version>& versions, std::vector<ChangeKind>& kinds,
                                                   const LiveTag& live_tag) {
  CHECK(versions.size() == kinds.size());
  std::vector<std::string> untold;
  for (std::size_t begin = 0, end = 0; begin < versions.size(); begin = end) {
    while (end < versions.size() && versions[end].position == versions[begin].position) ++end;
    if (end - begin < 2) continue;
    for (const Group& group : groups_of(versions, kinds, begin, end)) {
      const auto last = last_of(group, versions, kinds, live_tag);
      if (!last) {
        untold.emplace_back(versions[group.at.front()].id);
        continue;
      }
      std::swap(versions[*last], versions[group.at.back()]);
      std::swap(kinds[*last], kinds[group.at.back()]);
    }
  }
  return untold;
}

}  // namespace halley::capture
