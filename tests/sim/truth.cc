#include "truth.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/check.h"
#include "recovery/documents.h"
#include "recovery/plan.h"
#include "recovery/uncertain.h"
#include "repo/coverage.h"
#include "repo/definitions.h"

namespace halley::sim {
namespace {

// What the repository has of the containers that there ever were.
struct Backed {
  const Incarnation* container;
  repo::LaneState lane;
};

class Backups {
 public:
  explicit Backups(World& world) {
    auto lanes = world.lanes();
    for (const Incarnation& each : world.incarnations()) all_.push_back({&each, std::move(lanes[each.rid])});
    account_ = std::move(lanes[""]);  // of no container
    if (none()) return;
    auto history = repo::read_definition_history(world.repository(), account_);
    CHECK(history);
    history_ = std::move(*history);
  }

  const std::vector<Backed>& all() const { return all_; }
  const repo::LaneState& account() const { return account_; }
  bool none() const { return account_.seq == 0; }
  bool definitions_known(Second moment) const { return repo::cut_at(account_, moment).has_value(); }
  const Backed* of(const repo::LaneId& lane) const {
    for (const Backed& each : all_) {
      if (each.lane.lane == lane) return &each;
    }
    return nullptr;
  }
  // Whether a read of the definitions ever found this container: one that was made and dropped between two is unknown.
  bool was_seen(const Incarnation& container) const { return version_of(container).has_value(); }
  // Whether a container that is gone at the moment counts as there still: reads date its end later.
  bool outlived(const Incarnation& container, Second moment) const {
    const auto place = version_of(container);
    if (!place || !container.dropped || moment < *container.dropped) return false;
    const auto& versions = versions_of(container)->second;
    for (std::size_t i = *place; i < versions.size(); ++i) {
      if (versions[i].rid != container.rid || versions[i].text.empty()) return moment < versions[i].time;
    }
    return true;
  }
  // Whether all that is needed of the account at the moment was captured.
  bool covers(Second moment) const {
    if (!definitions_known(moment)) return false;
    return std::all_of(all_.begin(), all_.end(), [&](const Backed& each) {
      const bool needed = each.container->lived_at(moment) && was_seen(*each.container);
      return !outlived(*each.container, moment) && (!needed || repo::cut_at(each.lane, moment));
    });
  }

 private:
  using History = std::map<repo::DefinitionKey, std::vector<repo::Definition>>;
  History::const_iterator versions_of(const Incarnation& container) const {
    return history_.find({repo::DefinitionKind::container, "shop", "", container.name});
  }
  std::optional<std::size_t> version_of(const Incarnation& container) const {
    const auto versions = versions_of(container);
    for (std::size_t i = 0; versions != history_.end() && i < versions->second.size(); ++i) {
      const repo::Definition& version = versions->second[i];
      if (version.rid == container.rid && !version.text.empty()) return i;
    }
    return std::nullopt;
  }

  repo::LaneState account_;
  std::vector<Backed> all_;
  History history_;
};

Documents documents_of(World& world, const recovery::RestorePlan& plan, const recovery::PlannedContainer& container) {
  auto stream = recovery::Documents::open(world.repository(), container, plan.selection, true, {});
  CHECK(stream);
  Documents documents;
  repo::Version version;
  while (true) {
    const auto more = stream->next(version);
    if (!more) ADD_FAILURE() << world.describe() << ": " << more.error().to_string();
    if (!more || !*more) return documents;
    documents.emplace(DocumentName(version.partition_key, version.id), repo::body_text(version));
  }
}

// The documents that are not as the model lets them be.
std::set<DocumentName> differing(const Model& model, const Documents& restored, Second moment) {
  std::set<DocumentName> names;
  std::vector<DocumentName> all = model.names();
  for (const auto& [name, body] : restored) all.push_back(name);
  for (const DocumentName& name : all) {
    const auto found = restored.find(name);
    const auto body = found == restored.end() ? std::nullopt : std::optional(found->second);
    if (!model.may_be(name, body, moment)) names.insert(name);
  }
  return names;
}

// Takes away what is named as uncertain at a sync point, or beyond knowledge; counts them.
void explain(World& world, const Backed& backed, Second moment, const Documents& restored,
             std::set<DocumentName>& names, Truth& result) {
  const Model& model = backed.container->model;
  const auto uncertain = recovery::uncertain_documents(world.repository(), backed.lane, moment);
  CHECK(uncertain);
  for (const recovery::DocumentName& name : *uncertain) names.erase({name.partition_key, name.id});
  result.documents += std::max(restored.size(), model.at(moment).size());
  result.uncertain += uncertain->size();
  result.untold += std::erase_if(
      names, [&](const auto& name) { return world.is_beyond_knowledge(*backed.container, name, moment); });
  // A delete that is found by looking is dated by Date, and so is what a restore in place has changed.
  const std::int64_t skew = std::abs(world.options().date_skew);
  const auto& restored_at = backed.container->restored;
  const bool at_restore = restored_at && skew != 0 && std::abs(moment - *restored_at) <= skew;
  result.off_by_skew += std::erase_if(names, [&](const auto& name) {
    return at_restore || (skew != 0 && model.was_gone_within(name, moment - skew, moment + skew));
  });
  if (!world.came_twice(moment)) return;
  ++result.came_twice;
  names.clear();
}

// Whether the plan says that the container's definition may have been another one.
bool is_told(const recovery::RestorePlan& plan, const Incarnation& container) {
  return std::any_of(plan.notes.begin(), plan.notes.end(), [&](const std::string& note) {
    return note.starts_with("container shop/" + container.name + " was");
  });
}

// False when a container is not as it was at the moment.
bool expect_container(World& world, const Backed& backed, const recovery::RestorePlan& plan,
                      const recovery::PlannedContainer& planned, Truth& result) {
  const Second moment = plan.moment.at;
  const Model& model = backed.container->model;
  const auto cut = repo::cut_at(backed.lane, moment);
  EXPECT_TRUE(cut) << world.describe() << " at " << moment - kStart << " s is planned and not covered";
  if (!cut) return false;
  if (planned.expiry.default_ttl != model.default_ttl_at(moment)) {
    // Of several changes between two reads only the last is known; the plan says so.
    const bool told = is_told(plan, *backed.container);
    EXPECT_TRUE(told) << world.describe() << " at " << moment - kStart << " s: defaultTtl is another one";
    ++result.unknown_rule;
    return told;
  }
  const Documents restored = documents_of(world, plan, planned);
  std::set<DocumentName> names = differing(model, restored, moment);
  const bool exact = cut->positions.empty();
  ++(exact ? result.exact_seconds : result.sync_points);
  if (!exact) explain(world, backed, moment, restored, names, result);
  if (names.empty()) return true;
  ADD_FAILURE() << world.describe() << " at " << moment - kStart << (exact ? " s, exact:\n" : " s, a sync point:\n")
                << world.history_of(*backed.container, names);
  return false;
}

// A refusal of the second names the nearest seconds that can be restored, and no others.
void expect_nearest(World& world, const Error& refusal, Second moment, const std::vector<Second>& planned) {
  EXPECT_EQ(refusal.code, Code::outside_coverage) << world.describe() << ": " << refusal.to_string();
  if (planned.empty()) {
    const bool says_what_to_do = refusal.hint.find("run `halley backup`") != std::string::npos;
    EXPECT_TRUE(says_what_to_do && refusal.hint.find("nearest") == std::string::npos)
        << world.describe() << " at " << moment - kStart << " s: " << refusal.to_string()
        << "\n  hint: " << refusal.hint;
    return;
  }
  const auto after = std::upper_bound(planned.begin(), planned.end(), moment);
  std::string nearest = "nearest moments that can be restored: ";
  if (after != planned.begin()) nearest += format_rfc3339(*(after - 1));
  if (after != planned.begin() && after != planned.end()) nearest += " and ";
  if (after != planned.end()) nearest += format_rfc3339(*after);
  EXPECT_EQ(refusal.hint, nearest) << world.describe() << " at " << moment - kStart << " s: " << refusal.to_string();
}

// False when the account is not as it was at the second that `plan` is of.
bool expect_second(World& world, const Backups& backups, Second moment, const recovery::RestorePlan& plan,
                   Truth& result) {
  std::set<const Incarnation*> planned;
  for (const recovery::PlannedContainer& each : plan.containers) {
    const Backed* const backed = backups.of(each.lane);
    CHECK(backed != nullptr);
    planned.insert(backed->container);
    if (!expect_container(world, *backed, plan, each, result)) return false;
  }
  for (const Backed& each : backups.all()) {
    const bool there = each.container->lived_at(moment) && backups.was_seen(*each.container);
    const bool left_out = world.was_left_out_until(*each.container, moment);
    // Drops are dated by Date.
    const std::int64_t skew = std::abs(world.options().date_skew);
    const bool at_its_end = each.container->dropped && std::abs(moment - *each.container->dropped) <= skew;
    EXPECT_TRUE((planned.count(each.container) != 0) == there || at_its_end || left_out ||
                is_told(plan, *each.container))
        << world.describe() << " at " << moment - kStart << " s: " << world.history_of(*each.container, {});
  }
  return !::testing::Test::HasFailure();
}

}  // namespace

Truth expect_truth(World& world, Second from) {
  const Backups backups(world);
  Truth result;
  if (backups.none()) return result;  // nothing was backed up yet
  Second end = world.now();
  for (const repo::Interval& known : repo::restorable_seconds(backups.account())) {
    from = std::min(from, known.from - 1);  // the clock may have been set back
    end = std::max(end, known.until);
  }
  std::vector<Second> planned;
  std::vector<std::pair<Second, Error>> refused;
  for (Second moment = from; moment < end + 3; moment = moment + 1) {
    const auto plan = recovery::make_plan(world.repository(), recovery::Moment::of(moment), {});
    if (plan) {
      planned.push_back(moment);
      if (!expect_second(world, backups, moment, *plan, result)) return result;
      continue;
    }
    ++result.refused;
    EXPECT_FALSE(backups.covers(moment)) << world.describe() << " at " << moment - kStart
                                         << " s is covered: " << plan.error().to_string();
    refused.emplace_back(moment, plan.error());
  }
  for (const auto& [moment, refusal] : refused) expect_nearest(world, refusal, moment, planned);
  return result;
}

}  // namespace halley::sim
