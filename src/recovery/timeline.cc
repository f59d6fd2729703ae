#include "recovery/timeline.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "json/value.h"
#include "repo/definitions.h"

namespace halley::recovery {
namespace {

using Live = std::map<repo::LaneId, UncoveredContainer>;

// The containers that were there when definitions were last read, without those that can't be captured.
Result<Live> live_containers(repo::Repository& repository, const repo::LaneState& account) {
  Live live;
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
    ASSIGN(const json::Value value, json::parse(definition.text));
    if (value.find("partitionKey") == nullptr) continue;
    live[repo::lane_of(account.identity.account_id, *database->second, definition)] = {
        definition.key.database + "/" + definition.key.id, definition.rid, definition.time};
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
  timeline.gap_events = static_cast<std::uint64_t>(std::count_if(
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
  ASSIGN(Live live, live_containers(repository, *account));
  std::vector<repo::Interval> everywhere = repo::restorable_seconds(*account);

  ASSIGN(const auto lanes, repository.lanes());
  for (const repo::LaneId& id : lanes) {
    if (id == repo::kAccountLane) continue;
    auto read = repository.read_lane(id);
    if (!read && read.error().code == Code::not_found) continue;  // no commit is in that place
    ASSIGN(repo::LaneState lane, std::move(read));
    const auto restorable = repo::restorable_seconds(lane);
    const bool is_live = live.contains(id);
    if (is_live) everywhere = repo::common(everywhere, restorable);
    if (!restorable.empty()) live.erase(id);
    timeline.containers.push_back(timeline_of(std::move(lane), restorable));
    ContainerTimeline& added = timeline.containers.back();
    added.live = is_live;
    timeline.last_backup = std::max(*timeline.last_backup, added.last_backup);
    if (added.through) timeline.newest = std::max(timeline.newest.value_or(*added.through), *added.through);
  }
  for (auto& [lane, container] : live) timeline.uncovered.push_back(std::move(container));
  std::sort(timeline.uncovered.begin(), timeline.uncovered.end(),
            [](const UncoveredContainer& a, const UncoveredContainer& b) { return a.name < b.name; });
  if (timeline.uncovered.empty() && !everywhere.empty()) timeline.restorable_until = everywhere.back().until - 1;
  std::sort(timeline.containers.begin(), timeline.containers.end(),
            [](const ContainerTimeline& a, const ContainerTimeline& b) {
              return std::tie(a.database, a.container, a.from, a.lane) <
                     std::tie(b.database, b.container, b.from, b.lane);
            });
  return timeline;
}

}  // namespace halley::recovery
