#include "recovery/incarnations.h"

#include <algorithm>
#include <set>

#include "json/value.h"
#include "recovery/definitions_at.h"
#include "repo/definitions.h"
#include "repo/key_ring.h"

namespace halley::recovery {
namespace {

using repo::Definition;
using repo::DefinitionKey;
using repo::DefinitionKind;
using History = std::map<DefinitionKey, std::vector<Definition>>;

// When the definition at `at` ended: at the next removal or other _rid.
std::optional<Second> end_of(const std::vector<Definition>& versions, std::size_t at) {
  for (std::size_t i = at + 1; i < versions.size(); ++i) {
    if (versions[i].text.empty() || versions[i].rid != versions[at].rid) return versions[i].time;
  }
  return std::nullopt;
}

// Whether documents could expire under any of the incarnation's definitions.
bool lets_expire(const std::vector<Definition>& versions, std::size_t at) {
  for (std::size_t i = at; i < versions.size() && versions[i].rid == versions[at].rid; ++i) {
    if (versions[i].text.empty()) continue;
    const auto value = json::parse(versions[i].text);
    const json::Value* const ttl = value ? value->find("defaultTtl") : nullptr;
    if (ttl != nullptr && !ttl->is_null()) return true;
  }
  return false;
}

// The incarnations of one container, oldest first: of every database of its name, as far as there is, or was, such a
// lane.
void add_incarnations(const repo::LaneState& account, const std::vector<Definition>& databases,
                      const std::vector<Definition>& containers, const std::set<repo::LaneId>& lanes,
                      std::vector<Incarnation>& out) {
  std::set<repo::LaneId> added;
  for (std::size_t i = 0; i < containers.size(); ++i) {
    if (containers[i].text.empty()) continue;
    for (const Definition& database : databases) {
      if (database.text.empty()) continue;
      const repo::LaneId lane = repo::lane_of(account.identity.account_id, database, containers[i]);
      const repo::LaneHead* const recorded = repo::recorded_head(account.heads, lane);
      if ((recorded == nullptr && !lanes.contains(lane)) || !added.insert(lane).second) continue;
      out.push_back({containers[i].key.database, containers[i].key.id, containers[i].rid, lane, containers[i].time,
                     end_of(containers, i), recorded == nullptr ? std::nullopt : std::optional(*recorded),
                     lets_expire(containers, i)});
    }
  }
}

Status check_patterns(const Selection& selection, const History& history, const std::vector<Incarnation>& found) {
  for (const std::string& pattern : selection.include) {
    Selection one;
    one.include = {pattern};
    const bool any = std::any_of(found.begin(), found.end(), [&](const Incarnation& each) {
      return one.selects_container(each.database, each.container);
    });
    if (!any) {
      std::vector<std::string> names;
      for (const auto& [key, versions] : history) {
        if (key.kind == DefinitionKind::container) names.push_back(key.database + "/" + key.id);
      }
      return fail(Code::not_found, "nothing was ever captured of " + pattern, what_there_is(names));
    }
  }
  return {};
}

}  // namespace

Result<std::vector<Incarnation>> incarnations(repo::Repository& repository, const Selection& selection,
                                              std::vector<std::string>& losses) {
  const auto account = repository.read_lane(repo::LaneId(repo::kAccountLane));
  if (!account && account.error().code == Code::not_found) {
    return fail(Code::outside_coverage, "nothing has been backed up yet", "run `halley backup` first");
  }
  if (!account) return fail(account.error());
  const auto lost = lost_definitions(*account);
  losses.insert(losses.end(), lost.begin(), lost.end());
  ASSIGN(const auto listed, repository.lanes());
  const std::set<repo::LaneId> lanes(listed.begin(), listed.end());
  ASSIGN(const History history, repo::read_definition_history(repository, *account));
  std::vector<Incarnation> found;
  for (const auto& [key, versions] : history) {
    if (key.kind != DefinitionKind::container || !selection.selects_container(key.database, key.id)) continue;
    const auto databases = history.find({DefinitionKind::database, {}, {}, key.database});
    if (databases == history.end()) continue;
    std::vector<Incarnation> of_one;
    add_incarnations(*account, databases->second, versions, lanes, of_one);
    found.insert(found.end(), of_one.rbegin(), of_one.rend());
  }
  TRY(check_patterns(selection, history, found));
  return found;
}

Result<std::optional<repo::LaneState>> read_lane(repo::Repository& repository, const Incarnation& incarnation,
                                                 std::vector<std::string>& losses) {
  auto lane = repository.read_lane(incarnation.lane);
  const bool missing = !lane && lane.error().code == Code::not_found && incarnation.recorded;
  if (!lane && repo::is_damage(lane.error())) {
    losses.push_back(incarnation.name() + ": its backups are lost: " + lane.error().to_string());
    return std::nullopt;
  }
  if (!lane && !missing) return fail(std::move(lane).error());
  if (missing) {
    losses.push_back(incarnation.name() + ": its backups are lost, the repository no longer has lane " +
                     incarnation.lane);
    return std::nullopt;
  }
  if (!lane->damage.empty()) {
    losses.push_back(incarnation.name() + ": its newest backups are lost, " + lane->damage);
  } else if (incarnation.recorded && repo::is_behind(*lane, *incarnation.recorded)) {
    losses.push_back(incarnation.name() + ": its newest backups are lost, lane " + incarnation.lane +
                     " ends before commit " + std::to_string(incarnation.recorded->seq));
  }
  if (!lane->identity.key) return fail(Code::corrupt, "lane " + lane->lane + " has no partition key definition");
  return std::optional(std::move(*lane));
}

}  // namespace halley::recovery
