#include "recovery/timeline.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "json/value.h"
#include "recovery/good_moments.h"
#include "repo/definitions.h"
#include "repo/key_ring.h"
#include "repo/uncaptured.h"

namespace halley::recovery {
namespace {

using Live = std::map<repo::LaneId, UncoveredContainer>;

// The containers that were there when their definitions were last read, without those that can't be captured.
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
  timeline.damage = std::move(lane.damage);
  timeline.events = std::move(lane.events);
  timeline.gap_events = static_cast<std::uint64_t>(std::count_if(
      timeline.events.begin(), timeline.events.end(), [](const repo::Event& event) { return event.kind == "gap"; }));
  return timeline;
}

bool takes_in(const Timeline& timeline, const std::string& name) {
  const std::size_t slash = name.find('/');
  return timeline.taken_in.has({repo::DefinitionKind::container, name.substr(0, slash), "", name.substr(slash + 1)});
}

// Of those that are live and have no restorable second, what backups take in. `captured`: incarnations of which
// `latest` can be restored.
void add_uncovered(Live live, const repo::LaneState& account, const std::set<std::string>& captured,
                   Timeline& timeline) {
  const std::set<std::string> missed = repo::uncaptured(account.events);
  for (auto& [lane, container] : live) {
    if (!takes_in(timeline, container.name)) continue;
    container.missed = missed.contains(container.incarnation) && !captured.contains(container.incarnation);
    timeline.uncovered.push_back(std::move(container));
  }
  std::sort(timeline.uncovered.begin(), timeline.uncovered.end(),
            [](const UncoveredContainer& a, const UncoveredContainer& b) { return a.name < b.name; });
}

// A lane of which no commit can be read, by what others know of it.
ContainerTimeline unreadable(const repo::LaneId& id, const repo::LaneState& account, const Live& live,
                             const Error& why) {
  ContainerTimeline timeline;
  timeline.lane = id;
  timeline.container = "lane " + id;
  timeline.damage = why.to_string();
  if (const repo::LaneHead* const head = repo::recorded_head(account.heads, id)) {
    timeline.database = head->database;
    timeline.container = head->container;
  } else if (const auto known = live.find(id); known != live.end()) {
    const std::string& name = known->second.name;
    timeline.database = name.substr(0, name.find('/'));
    timeline.container = name.substr(timeline.database.size() + 1);
    timeline.incarnation = known->second.incarnation;
  }
  return timeline;
}

}  // namespace

std::vector<UncoveredContainer> Timeline::without_lane() const {
  std::vector<UncoveredContainer> found = uncovered;
  std::erase_if(found, [&](const UncoveredContainer& each) {
    return std::any_of(containers.begin(), containers.end(), [&](const ContainerTimeline& container) {
      return container.live && container.name() == each.name && container.incarnation == each.incarnation;
    });
  });
  return found;
}

Result<Timeline> read_timeline(repo::Repository& repository) {
  Timeline timeline;
  auto account = repository.read_lane(repo::LaneId(repo::kAccountLane));
  if (!account && account.error().code == Code::not_found) return timeline;
  if (!account) return fail(std::move(account).error());
  timeline.last_backup = account->committed_at;
  timeline.account_id = account->identity.account_id;
  timeline.damage = account->damage;
  timeline.definitions = repo::exact_intervals(*account);
  timeline.taken_in = repo::SelectionHistory(account->events).newest();
  ASSIGN(Live live, live_containers(repository, *account));
  std::vector<repo::Interval> everywhere = repo::restorable_seconds(*account);

  bool any_taken_in = false;       // of the lanes
  std::set<std::string> captured;  // incarnations of which `latest` can be restored, or is damaged
  ASSIGN(const auto lanes, repository.lanes());
  for (const repo::LaneId& id : lanes) {
    if (id == repo::kAccountLane) continue;
    auto read = repository.read_lane(id);
    if (!read && read.error().code == Code::not_found) continue;  // no commit is in that place
    if (!read && repo::is_damage(read.error())) {
      timeline.containers.push_back(unreadable(id, *account, live, read.error()));
      timeline.containers.back().live = live.contains(id);
      captured.insert(timeline.containers.back().incarnation);
      continue;
    }
    ASSIGN(repo::LaneState lane, std::move(read));
    const auto restorable = repo::restorable_seconds(lane);
    if (repo::newest_cut(lane)) captured.insert(lane.identity.container_rid);
    const bool is_live = live.contains(id);
    if (is_live && takes_in(timeline, lane.identity.database + "/" + lane.identity.container)) {
      any_taken_in = true;
      everywhere = repo::common(everywhere, restorable);
    }
    if (!restorable.empty()) live.erase(id);
    timeline.containers.push_back(timeline_of(std::move(lane), restorable));
    ContainerTimeline& added = timeline.containers.back();
    added.live = is_live;
    timeline.last_backup = std::max(timeline.last_backup, added.last_backup);
    if (added.through) timeline.newest = std::max(timeline.newest.value_or(*added.through), *added.through);
  }
  add_uncovered(std::move(live), *account, captured, timeline);
  if (!timeline.uncovered.empty()) everywhere.clear();
  if (!timeline.taken_in.include.empty() && !any_taken_in) everywhere.clear();
  const bool any_dropped = std::any_of(timeline.containers.begin(), timeline.containers.end(),
                                       [](const ContainerTimeline& container) { return !container.live; });
  if (any_dropped && !everywhere.empty()) {
    // A container stands in the way while it was there, though it is gone now.
    ASSIGN(const auto good, good_moments_of(repository, *account, timeline.taken_in));
    everywhere = repo::common(everywhere, good);
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
