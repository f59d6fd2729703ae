#include "truth.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/check.h"
#include "recovery/documents.h"
#include "recovery/plan.h"
#include "recovery/uncertain.h"
#include "repo/coverage.h"

namespace halley::sim {
namespace {

// Of long histories so many of the seconds, others at each call; those where coverage begins and ends always.
constexpr std::int64_t kMostSeconds = 8;

Documents documents_of(World& world, const recovery::RestorePlan& plan) {
  auto stream = recovery::Documents::open(world.repository(), plan.containers.front(), plan.selection, true);
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
void explain(World& world, const repo::LaneState& lane, Second moment, const Documents& restored,
             std::set<DocumentName>& names, Truth& result) {
  const auto uncertain = recovery::uncertain_documents(world.repository(), lane, moment);
  CHECK(uncertain);
  for (const recovery::DocumentName& name : *uncertain) names.erase({name.partition_key, name.id});
  result.documents += std::max(restored.size(), world.model().at(moment).size());
  result.uncertain += uncertain->size();
  result.untold += std::erase_if(names, [&](const auto& name) { return world.is_beyond_knowledge(name, moment); });
  // A delete that is found by looking is dated by Date.
  const std::int64_t skew = std::abs(world.options().date_skew);
  result.off_by_skew += std::erase_if(names, [&](const auto& name) {
    return skew != 0 && world.model().was_gone_within(name, moment - skew, moment + skew);
  });
  if (!world.came_twice(moment)) return;
  ++result.came_twice;
  names.clear();
}

// False when the second is not as it was.
bool expect_second(World& world, const repo::LaneState& lane, Second moment, const std::optional<repo::Cut>& cut,
                   bool definitions_known, Truth& result) {
  const auto plan = recovery::make_plan(world.repository(), recovery::Moment::of(moment), {});
  if (!plan) {
    ++result.refused;
    EXPECT_EQ(plan.error().code, Code::outside_coverage) << world.describe() << ": " << plan.error().to_string();
    EXPECT_FALSE(cut && definitions_known)
        << world.describe() << " at " << moment - kStart << " s is covered: " << plan.error().to_string();
    return true;
  }
  if (plan->containers.empty()) return true;  // before it was made
  EXPECT_TRUE(cut) << world.describe() << " at " << moment - kStart << " s is planned and not covered";
  if (!cut) return false;
  const TimeToLive rule = plan->containers.front().expiry.default_ttl;
  if (rule != world.model().default_ttl_at(moment)) {
    // Of several changes between two reads only the last is known; the plan says so.
    const bool told = std::any_of(plan->notes.begin(), plan->notes.end(), [](const std::string& note) {
      return note.starts_with("container shop/orders was");
    });
    EXPECT_TRUE(told) << world.describe() << " at " << moment - kStart << " s: defaultTtl is another one";
    ++result.unknown_rule;
    return told;
  }
  const Documents restored = documents_of(world, *plan);
  std::set<DocumentName> names = differing(world.model(), restored, moment);
  const bool exact = cut->positions.empty();
  ++(exact ? result.exact_seconds : result.sync_points);
  if (!exact) explain(world, lane, moment, restored, names, result);
  if (names.empty()) return true;
  ADD_FAILURE() << world.describe() << " at " << moment - kStart << (exact ? " s, exact:\n" : " s, a sync point:\n")
                << world.history_of(lane, names);
  return false;
}

}  // namespace

Truth expect_truth(World& world, Second from) {
  const repo::LaneState lane = world.lane();
  const auto account = world.repository().read_lane(repo::LaneId(repo::kAccountLane));
  Truth result;
  if (!account) return result;  // nothing was backed up yet
  Second end = world.now();
  for (const repo::ExactInterval& interval : lane.exact) end = std::max(end, interval.until);
  const std::int64_t stride = 1 + (end - from) / kMostSeconds;
  bool before = false;  // whether the second before is covered
  for (Second moment = from; moment < end + 3; moment = moment + 1) {
    const auto cut = repo::cut_at(lane, moment);
    const bool edge = before != cut.has_value();
    before = cut.has_value();
    const bool sampled = (moment - from) % stride == world.now().value % stride;
    const bool sync_point = cut && !cut->positions.empty();
    if (!edge && !sampled && !sync_point && (!cut || repo::cut_at(lane, moment + 1))) continue;
    const bool definitions_known = repo::cut_at(*account, moment).has_value();
    if (!expect_second(world, lane, moment, cut, definitions_known, result)) break;
  }
  return result;
}

}  // namespace halley::sim
