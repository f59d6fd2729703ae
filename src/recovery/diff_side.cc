#include "recovery/diff_side.h"

#include <algorithm>

#include "recovery/definitions_at.h"

namespace halley::recovery {

Result<DiffSide> DiffSide::read(repo::Repository& repository, const Moment& moment, const Selection& selection,
                                std::stop_token stop) {
  DiffSide side;
  auto known = DefinitionsAt::read(repository, moment, false);
  if (!known) {
    // Which tells good moments for the selection.
    const auto refused = make_plan(repository, moment, selection, {.stop = stop});
    return fail(refused ? std::move(known).error() : refused.error());
  }
  const DefinitionsAt& definitions = *known;
  side.at = definitions.at();
  side.account_id = definitions.account_id();
  if (const repo::Definition* account = definitions.account()) side.account = *account;
  Selection there = selection;
  std::erase_if(there.include, [&](const std::string& pattern) { return !definitions.has(pattern); });
  for (const std::string& pattern : selection.include) {
    if (definitions.has(pattern)) continue;
    side.part.unknown.insert(pattern);
    side.nothing_there.emplace(pattern, recovery::nothing_there(repository, definitions, pattern));
  }
  if (there.include.empty() && !selection.include.empty()) return side;
  for (const repo::Definition* each : definitions.containers()) {
    const std::string name = each->key.database + "/" + each->key.id;
    side.defined.insert(name);
    if (!there.selects_container(each->key.database, each->key.id)) continue;
    const auto key = partition_key_of(*each);
    if (!key) continue;  // told by the plan
    ASSIGN(const bool fits, selection.fits(*key));
    side.part.any_fits = side.part.any_fits || fits;
    if (!fits) side.part.other_keys.insert(name);
  }
  if (!side.part.any_fits && !side.part.other_keys.empty()) return side;
  ASSIGN(RestorePlan plan, make_plan(repository, moment, there, {.stop = stop}));
  side.notes = std::move(plan.notes);
  for (PlannedContainer& container : plan.containers) {
    side.at = std::max(side.at, container.at);
    side.containers.emplace(container.name(), std::move(container));
  }
  return side;
}

Status check_selection(const Selection& selection, const DiffSide& before, const SelectedPart& after) {
  for (const auto& [pattern, error] : before.nothing_there) {
    if (after.unknown.contains(pattern)) return fail(error);
  }
  const bool any_fits = before.part.any_fits || after.any_fits;
  const bool none = before.part.other_keys.empty() && after.other_keys.empty();
  return any_fits || none ? Status() : fail(no_such_keys(selection));
}

Status for_each_planned(repo::Repository& repository, const PlannedContainer& container, const Selection& selection,
                        const std::stop_token& stop, const std::function<Status(const repo::Version&)>& each) {
  ASSIGN(Documents documents, Documents::open(repository, container, selection, false, stop));
  repo::Version version;
  while (true) {
    ASSIGN(const bool more, documents.next(version));
    if (!more) return {};
    if (stop.stop_requested()) return fail(Code::cancelled, "interrupted");
    TRY(each(version));
  }
}

}  // namespace halley::recovery
