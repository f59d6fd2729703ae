#include "recovery/good_moments.h"

#include <algorithm>
#include <limits>
#include <map>

#include "recovery/definitions_at.h"
#include "recovery/outside.h"
#include "repo/coverage.h"
#include "repo/definitions.h"
#include "repo/key_ring.h"

namespace halley::recovery {
namespace {

using repo::Definition;
using repo::DefinitionKey;
using repo::DefinitionKind;
using repo::Interval;
using History = std::map<DefinitionKey, std::vector<Definition>>;

// A definition and the seconds in which it was in force.
struct Reign {
  const Definition* definition;
  Interval seconds;
};

std::vector<Reign> reigns_of(const std::vector<Definition>& versions) {
  std::vector<Reign> reigns;
  for (std::size_t i = 0; i < versions.size(); ++i) {
    if (versions[i].text.empty()) continue;
    const Second end =
        i + 1 < versions.size() ? versions[i + 1].time : Second{std::numeric_limits<std::int64_t>::max()};
    reigns.push_back({&versions[i], {versions[i].time, end}});
  }
  return reigns;
}

void add(const std::vector<Interval>& more, std::vector<Interval>& to) {
  to.insert(to.end(), more.begin(), more.end());
}

void add_presence(const std::vector<Definition>& versions, std::vector<Interval>& to) {
  for (const Reign& reign : reigns_of(versions)) to.push_back(reign.seconds);
}

// Collects what stands in the way of a plan; every other second for which definitions are known is good.
class Obstacles {
 public:
  Obstacles(repo::Repository& repository, const repo::LaneState& account, const History& history)
      : repository_(repository), account_(account), history_(history), known_(repo::restorable_seconds(account)) {}

  // Without one of these seconds there is no plan.
  void require(std::vector<Interval> seconds) { add(repo::without(known_, repo::joined(std::move(seconds))), bad_); }

  Status add_container(const DefinitionKey& key, const Selection& selection) {
    const auto database = history_.find({DefinitionKind::database, {}, {}, key.database});
    const std::vector<Reign> databases =
        database == history_.end() ? std::vector<Reign>() : reigns_of(database->second);
    for (const Reign& reign : reigns_of(history_.at(key))) {
      bad_with_no(databases, reign);
      const auto partition_key = partition_key_of(*reign.definition);
      const bool unsupported = !partition_key && partition_key.error().code == Code::unsupported;
      if (unsupported && !selection.names_container(key.database, key.id)) continue;  // it is left out
      if (!partition_key) {
        bad_.push_back(reign.seconds);
        continue;
      }
      described_.push_back(reign.seconds);
      ASSIGN(const bool fits, selection.fits(*partition_key));
      if (!fits) continue;
      fitting_.push_back(reign.seconds);
      need_lanes(databases, reign);
    }
    return {};
  }

  Status add_selected(const Selection& selection) {
    for (const auto& [key, versions] : history_) {
      if (key.kind != DefinitionKind::container || !selection.selects_container(key.database, key.id)) continue;
      TRY(add_container(key, selection));
    }
    return {};
  }

  Result<std::vector<Interval>> good() {
    for (auto& [id, seconds] : needed_) {
      ASSIGN(const auto covered, seconds_of(id));
      add(repo::without(repo::joined(std::move(seconds)), covered), bad_);
    }
    // Where containers are selected and none has such partition keys, there is nothing to plan.
    add(repo::without(repo::joined(std::move(described_)), repo::joined(std::move(fitting_))), bad_);
    return repo::without(known_, repo::joined(std::move(bad_)));
  }

 private:
  // A container of which no database is known is damage.
  void bad_with_no(const std::vector<Reign>& databases, const Reign& container) {
    std::vector<Interval> there;
    for (const Reign& database : databases) there.push_back(database.seconds);
    add(repo::without({container.seconds}, repo::joined(std::move(there))), bad_);
  }

  // Which lane holds the documents is told by the container and the database of its name.
  void need_lanes(const std::vector<Reign>& databases, const Reign& container) {
    for (const Reign& database : databases) {
      const auto seconds = repo::common(repo::common({database.seconds}, {container.seconds}), known_);
      if (seconds.empty()) continue;
      add(seconds, needed_[repo::lane_of(account_.identity.account_id, *database.definition, *container.definition)]);
    }
  }

  // A lane that is not there, or of which nothing can be read, covers nothing.
  Result<std::vector<Interval>> seconds_of(const repo::LaneId& id) {
    const auto lane = repository_.read_lane(id);
    if (lane) return repo::restorable_seconds(*lane);
    if (lane.error().code == Code::not_found || repo::is_damage(lane.error())) return std::vector<Interval>();
    return fail(lane.error());
  }

  repo::Repository& repository_;
  const repo::LaneState& account_;
  const History& history_;
  const std::vector<Interval> known_;
  std::vector<Interval> bad_;
  std::vector<Interval> described_;  // a selected container is there
  std::vector<Interval> fitting_;    // one that can have the selected partition key
  std::map<repo::LaneId, std::vector<Interval>> needed_;
};

// When something was there that the pattern selects.
std::vector<Interval> selected_by(const std::string& pattern, const History& history) {
  Selection one;
  one.include = {pattern};
  std::vector<Interval> seconds;
  for (const auto& [key, versions] : history) {
    const bool selected = (key.kind == DefinitionKind::container && one.selects_container(key.database, key.id)) ||
                          (key.kind == DefinitionKind::database && one.selects_database(key.id));
    if (selected) add_presence(versions, seconds);
  }
  return seconds;
}

}  // namespace

Result<std::vector<Interval>> good_moments(repo::Repository& repository, const repo::LaneState& account,
                                           const Selection& selection) {
  ASSIGN(const History history, repo::read_definition_history(repository, account));
  Obstacles obstacles(repository, account, history);
  TRY(obstacles.add_selected(selection));
  for (const std::string& pattern : selection.include) obstacles.require(selected_by(pattern, history));
  return obstacles.good();
}

Result<std::vector<Interval>> good_moments_of(repo::Repository& repository, const repo::LaneState& account,
                                              const repo::TakenIn& taken_in) {
  ASSIGN(const History history, repo::read_definition_history(repository, account));
  Selection selection;
  selection.include = taken_in.include;
  selection.exclude = taken_in.exclude;
  Obstacles obstacles(repository, account, history);
  TRY(obstacles.add_selected(selection));
  return obstacles.good();
}

Result<std::vector<Interval>> good_moments_of(repo::Repository& repository, const repo::LaneState& account,
                                              std::string_view database, std::string_view container) {
  ASSIGN(const History history, repo::read_definition_history(repository, account));
  const auto found = history.find({DefinitionKind::container, std::string(database), {}, std::string(container)});
  if (found == history.end()) return std::vector<Interval>();
  Selection selection;
  selection.include = {std::string(database) + "/" + std::string(container)};
  Obstacles obstacles(repository, account, history);
  TRY(obstacles.add_container(found->first, selection));
  std::vector<Interval> there;
  add_presence(found->second, there);
  obstacles.require(std::move(there));
  return obstacles.good();
}

std::string nearest_good(const Result<std::vector<Interval>>& good, Second moment) {
  if (!good) return "the moments that can be restored can't be told: " + good.error().to_string();
  if (good->empty()) {
    return "no moment that was captured has all that is selected: run `halley backup` until it completes, or select "
           "less";
  }
  return nearest_text(repo::nearest(*good, moment));
}

}  // namespace halley::recovery
