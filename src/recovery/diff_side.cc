#include "recovery/diff_side.h"

#include <algorithm>

#include "recovery/definitions_at.h"
#include "recovery/users.h"

namespace halley::recovery {
namespace {

constexpr std::size_t kNamed = 5;  // in a note

Result<DatabaseSide> database_of(const DefinitionsAt& definitions, const repo::Definition& database) {
  using repo::DefinitionKind;
  const std::string& name = database.key.id;
  DatabaseSide side;
  side.rid = database.rid;
  side.texts[{DefinitionKind::database, name}] = database.text;
  if (const repo::Definition* const offer = definitions.offer(name, "")) {
    ASSIGN(std::string throughput, throughput_text(offer->text));
    add_throughput(std::move(throughput), side.texts);
  }
  for (const repo::Definition* user : definitions.users(name)) {
    side.texts[{DefinitionKind::user, user->key.id}] = user->text;
  }
  const auto key_of = [](const repo::Definition& permission) {
    return std::pair(DefinitionKind::permission, permission.key.parent + "/" + permission.key.id);
  };
  for (const repo::Definition* each : definitions.permissions(name)) side.texts[key_of(*each)] = each->text;
  ASSIGN(const auto named, named_permissions(definitions, name));
  for (const repo::Definition& each : named) side.named[key_of(each)] = each.text;
  return side;
}

}  // namespace

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
  const repo::SelectionHistory selections(definitions.account_lane().events);
  side.taken_in = moment.latest ? selections.newest() : selections.at(moment.at);
  Selection there = selection;
  std::erase_if(there.include, [&](const std::string& pattern) { return !definitions.has(pattern); });
  for (const std::string& pattern : selection.include) {
    if (definitions.has(pattern)) continue;
    side.part.unknown.insert(pattern);
    side.nothing_there.emplace(pattern, recovery::nothing_there(repository, definitions, pattern));
  }
  if (there.include.empty() && !selection.include.empty()) return side;
  for (const repo::Definition* each : definitions.databases()) {
    if (!there.selects_database(each->key.id) || !selection.selects_all_documents()) continue;
    ASSIGN(DatabaseSide database, database_of(definitions, *each));
    side.databases.emplace(each->key.id, std::move(database));
  }
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

bool DiffSide::is_unknown(const std::string& container) const {
  const std::size_t slash = container.find('/');
  return !was_there(container) && !defined.contains(container) &&
         !taken_in.has({repo::DefinitionKind::container, container.substr(0, slash), "", container.substr(slash + 1)});
}

bool DiffSide::is_unknown_database(const std::string& name) const {
  // A database is recorded with the containers that are taken in: without one, nothing tells whether it was there.
  return !databases.contains(name) && !taken_in.include.empty();
}

void add_unknown_database(const std::string& name, std::vector<std::string>& unknown) {
  const bool told = std::any_of(unknown.begin(), unknown.end(),
                                [&](const std::string& each) { return each.starts_with(name + "/"); });
  if (!told) unknown.push_back(name);
}

Status tell_unknown(const DiffSide& side, const std::vector<std::string>& unknown, const Selection& selection,
                    DiffReport& report) {
  if (unknown.empty()) return {};
  std::string text;
  for (std::size_t i = 0; i < std::min(unknown.size(), kNamed); ++i) text += (i == 0 ? "" : ", ") + unknown[i];
  if (unknown.size() > kNamed) text += " and " + std::to_string(unknown.size() - kNamed) + " more";
  text += ": not compared, for backups as of " + format_rfc3339(side.at) + " left out (" + side.taken_in.text() + ")";
  const bool of_containers = std::any_of(unknown.begin(), unknown.end(),
                                         [](const std::string& each) { return each.find('/') != std::string::npos; });
  if (report.containers.empty() && (of_containers || report.databases.empty()) && !selection.include.empty()) {
    return fail(Code::outside_coverage, text, "run `halley backup` with it included");
  }
  report.notes.push_back(std::move(text));
  return {};
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
