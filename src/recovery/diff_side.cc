#include "recovery/diff_side.h"

#include "recovery/definitions_at.h"

namespace halley::recovery {

Result<DiffSide> DiffSide::read(repo::Repository& repository, const Moment& moment, const Selection& selection) {
  DiffSide side;
  ASSIGN(const DefinitionsAt definitions, DefinitionsAt::read(repository, moment, false));
  side.at = definitions.at();
  side.account_id = definitions.account_id();
  if (const repo::Definition* account = definitions.account()) side.account = *account;
  for (const repo::Definition* each : definitions.containers()) {
    side.defined.insert(each->key.database + "/" + each->key.id);
  }
  // The patterns one by one, for one of them may be of what is there at the other moment only.
  Selection one = selection;
  const std::vector<std::string> patterns =
      selection.include.empty() ? std::vector<std::string>{""} : selection.include;
  for (const std::string& pattern : patterns) {
    one.include = pattern.empty() ? std::vector<std::string>() : std::vector<std::string>{pattern};
    auto plan = make_plan(repository, moment, one);
    if (!plan && plan.error().code == Code::not_found) {
      side.missing = std::move(plan).error();
      continue;
    }
    if (!plan) return fail(std::move(plan).error());
    side.notes.insert(side.notes.end(), plan->notes.begin(), plan->notes.end());
    for (PlannedContainer& container : plan->containers) {
      side.at = std::max(side.at, container.at);
      side.containers.emplace(container.name(), std::move(container));
    }
  }
  return side;
}

Status for_each_planned(repo::Repository& repository, const PlannedContainer& container, const Selection& selection,
                        const std::stop_token& stop, const std::function<Status(const repo::Version&)>& each) {
  ASSIGN(Documents documents, Documents::open(repository, container, selection, false));
  repo::Version version;
  while (true) {
    ASSIGN(const bool more, documents.next(version));
    if (!more) return {};
    if (stop.stop_requested()) return fail(Code::cancelled, "interrupted");
    TRY(each(version));
  }
}

}  // namespace halley::recovery
