#include "recovery/timeline.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "repo/definitions.h"

namespace halley::recovery {
namespace {

// The lanes of the containers that were there when definitions were last read.
Result<std::set<repo::LaneId>> live_lanes(repo::Repository& repository, const repo::LaneState& account) {
  std::set<repo::LaneId> live;
  const auto newest = repo::newest_cut(account);
  if (!newest) return live;
  ASSIGN(const auto definitions, repo::read_definitions(repository, account, newest->cut));
  std::map<std::string, const repo::Definition*> databases;
  for (const repo::Definition& definition : definitions) {
    if (definition.key.kind == repo::DefinitionKind::database) databases[definition.key.id] = &definition;
  }
  for (const repo::Definition& definition : definitions) {
    const auto database = databases.find(definition.key.database);
    if (definition.key.kind != repo::DefinitionKind::container || database == databases.end()) continue;
    live.insert(repo::lane_of(account.identity.account_id, *database->second, definition));
  }
  return live;
}

ContainerTimeline timeline_of(repo::LaneState&& lane, const std::vector<repo::Interval>& restorable) {
  ContainerTimeline timeline;
  timeline.lane = std::move(lane.lane);
  timeline.database = std::move(lane.identity.database);
  timeline.container = std::move(lane.identity.container);
  timeline.incarnation = std::move(lane.identity.container_rid);
  timeline.mode = lane.mode;
  if (!restorable.empty()) {
    timeline.from = restorable.front().from;
    timeline.through = restorable.back().until - 1;
  }
  timeline.intervals = repo::exact_intervals(lane);
  for (const repo::SyncPoint& point : lane.sync_points) timeline.sync_points.push_back(point.at);
  for (const repo::SegmentRef& segment : lane.segments) {
    timeline.versions += segment.versions;
    timeline.upserts += segment.upserts;
    timeline.bytes += segment.body_bytes;
    timeline.stored_bytes += segment.size;
  }
  timeline.last_backup = lane.committed_at;
  timeline.events = std::move(lane.events);
  timeline.lsn_gaps = static_cast<std::uint64_t>(std::count_if(
      timeline.events.begin(), timeline.events.end(), [](const repo::Event& event) { return event.kind == "gap"; }));
  return timeline;
}

}  // namespace

Result<Timeline> read_timeline(repo::Repository& repository) {
  Timeline timeline;
  auto account = repository.read_lane(repo::LaneId(repo::kAccountLane));
  if (!account && account.error().code == Code::not_found) return timeline;
  if (!account) return fail(std::move(account).error());
  timeline.last_backup = account->committed_at;
  timeline.account_id = account->identity.account_id;
  timeline.definitions = repo::exact_intervals(*account);
  ASSIGN(const auto live, live_lanes(repository, *account));
  std::vector<repo::Interval> everywhere = repo::restorable_seconds(*account);

  ASSIGN(const auto lanes, repository.lanes());
  for (const repo::LaneId& id : lanes) {
    if (id == repo::kAccountLane) continue;
    auto read = repository.read_lane(id);
    if (!read && read.error().code == Code::not_found) continue;  // no commit is in that place
    ASSIGN(repo::LaneState lane, std::move(read));
    const auto restorable = repo::restorable_seconds(lane);
    if (live.contains(id)) everywhere = repo::common(everywhere, restorable);
    timeline.containers.push_back(timeline_of(std::move(lane), restorable));
    ContainerTimeline& added = timeline.containers.back();
    added.live = live.contains(id);
    timeline.last_backup = std::max(*timeline.last_backup, added.last_backup);
    if (added.through) timeline.newest = std::max(timeline.newest.value_or(*added.through), *added.through);
  }
  if (!everywhere.empty()) timeline.restorable_until = everywhere.back().until - 1;
  std::sort(timeline.containers.begin(), timeline.containers.end(),
            [](const ContainerTimeline& a, const ContainerTimeline& b) {
              return std::tie(a.database, a.container, a.from, a.lane) <
                     std::tie(b.database, b.container, b.from, b.lane);
            });
  return timeline;
}

}  // namespace halley::recovery
