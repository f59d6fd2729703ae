#include "recovery/plan.h"

#include <algorithm>

#include "json/value.h"
#include "recovery/definitions_at.h"
#include "recovery/documents.h"
#include "recovery/good_moments.h"
#include "recovery/outside.h"
#include "recovery/users.h"
#include "repo/key_ring.h"

namespace halley::recovery {
namespace {

std::vector<repo::Definition> copies(const DefinitionsAt::Each& definitions) {
  std::vector<repo::Definition> result;
  result.reserve(definitions.size());
  for (const repo::Definition* definition : definitions) result.push_back(*definition);
  return result;
}

std::optional<repo::Definition> copy(const repo::Definition* definition) {
  return definition == nullptr ? std::nullopt : std::optional(*definition);
}

// All that the definitions say of a container; its cut is still to be found.
Result<PlannedContainer> describe(const DefinitionsAt& definitions, const repo::Definition& container) {
  PlannedContainer planned;
  planned.database = container.key.database;
  planned.container = container.key.id;
  const repo::Definition* const database = definitions.database(planned.database);
  if (database == nullptr) {
    return fail(Code::corrupt, "the definitions have container " + planned.name() + " but not its database");
  }
  planned.lane = repo::lane_of(definitions.account_id(), *database, container);
  ASSIGN(planned.key, partition_key_of(container));
  ASSIGN(const json::Value value, json::parse(container.text));
  planned.expiry = ExpiryRule::of(value);
  planned.definition = container;
  planned.offer = copy(definitions.offer(planned.database, planned.container));
  planned.scripts = copies(definitions.scripts(planned.database, planned.container));
  return planned;
}

Error none_captured(const PlannedContainer& planned) {
  return Error(Code::outside_coverage,
               "container " + planned.name() + " was there, but none of its documents were captured",
               "run `halley backup`, and see whether it takes the container in and what it says of it");
}

Error lost(const PlannedContainer& planned, const repo::LaneHead& recorded) {
  return Error(Code::corrupt, "backups of container " + planned.name() + " are lost: its lane " + recorded.lane +
                                  " does not have commit " + std::to_string(recorded.seq) +
                                  " as the account lane names it");
}

// Whether the newest of a lane is there, which `latest` promises.
Status check_end(const PlannedContainer& planned, const repo::LaneState& lane, const repo::LaneHead* recorded) {
  if (recorded != nullptr && repo::is_behind(lane, *recorded)) return fail(lost(planned, *recorded));
  if (lane.damage.empty()) return {};
  return fail(Code::corrupt, "backups of container " + planned.name() + " are lost: " + lane.damage);
}

// What can be restored although backups are lost.
std::string what_is_left(const Result<std::vector<repo::Interval>>& good) {
  if (!good || good->empty()) return "`halley verify` names what is missing";
  return "what is left can be restored with --at up to " + format_rfc3339(good->back().until - 1);
}

enum class Coverage : std::uint8_t { covered, outside, none_captured };

std::string lost_behind(const PlannedContainer& planned, const repo::LaneState& lane) {
  return "container " + planned.name() + ": its backups behind commit " + std::to_string(lane.seq) +
         " are lost, and no part of this: " + lane.damage;
}

// Finds the cut, where the moment is covered, and what is lost behind it.
Result<Coverage> find_cut(repo::Repository& repository, const DefinitionsAt& definitions, const Moment& moment,
                          bool approximate, PlannedContainer& planned) {
  const auto lane = repository.read_lane(planned.lane);
  const repo::LaneHead* const recorded = repo::recorded_head(definitions.account_lane().heads, planned.lane);
  if (!lane && lane.error().code == Code::not_found) {
    if (recorded == nullptr) return Coverage::none_captured;
    return fail(lost(planned, *recorded));
  }
  if (!lane && repo::is_damage(lane.error())) {
    return fail(lane.error().code, "container " + planned.name() + ": " + lane.error().message);
  }
  if (!lane) return fail(lane.error());
  if (moment.latest && !approximate) TRY(check_end(planned, *lane, recorded));
  if (!lane->damage.empty()) planned.losses.push_back(lost_behind(planned, *lane));
  planned.at = moment.at;
  if (moment.latest) {
    auto newest = repo::newest_cut(*lane);
    if (!newest) {
      return fail(Code::outside_coverage, "no backup has captured all of container " + planned.name() + " yet",
                  "run `halley backup` until it completes");
    }
    planned.at = newest->at;
    planned.cut = std::move(newest->cut);
  } else if (auto cut = repo::cut_at(*lane, moment.at)) {
    planned.cut = std::move(*cut);
  } else if (approximate) {
    planned.approximate = true;
    planned.cut = repo::Cut{moment.at, {}, lane->seq};
  } else {
    return Coverage::outside;
  }
  return Coverage::covered;
}

Status add_notes(repo::Repository& repository, const PlannedContainer& planned, const std::stop_token& stop,
                 RestorePlan& plan) {
  ASSIGN(const auto notes, notes_of(repository, planned, nullptr, stop));
  plan.notes.insert(plan.notes.end(), notes.begin(), notes.end());
  plan.losses.insert(plan.losses.end(), planned.losses.begin(), planned.losses.end());
  return {};
}

std::string and_more(const std::vector<std::string>& containers) {
  std::string text = "container " + containers.front();
  if (containers.size() > 1) text += " and " + std::to_string(containers.size() - 1) + " more";
  return text;
}

// The refusal of a moment of which no definitions are known: told of what the newest backup has of the selection.
// `good`: gives the moments that can be restored instead, by the account lane.
template <typename Good>
Error nothing_known(repo::Repository& repository, const Moment& moment, const Selection& selection, Error why,
                    const Good& good) {
  const auto definitions = DefinitionsAt::read(repository, Moment::newest(), false);
  if (why.code != Code::outside_coverage || !definitions) return why;
  const std::vector<repo::Interval> known = repo::restorable_seconds(definitions->account_lane());
  const bool is_before = known.empty() || moment.at < known.front().from;
  std::vector<std::string> names;
  for (const repo::Definition* container : definitions->containers()) {
    const auto& [kind, database, parent, name] = container->key;
    if (selection.selects_container(database, name) && partition_key_of(*container)) {
      names.push_back(database + "/" + name);
    }
  }
  std::string what = "account " + definitions->account_id();
  if (!names.empty()) what += " (" + and_more(names) + ")";
  return Error(
      Code::outside_coverage,
      what + (is_before ? " was not backed up yet at " : " is not known as it was at ") + format_rfc3339(moment.at),
      nearest_good(good(definitions->account_lane()), moment.at));
}

// Every pattern must select something, or a misspelt name would go unnoticed. One that is to leave something out may
// be about another moment: a note tells of it.
Status check_patterns(repo::Repository& repository, const DefinitionsAt& definitions, RestorePlan& plan) {
  for (const std::string& pattern : plan.selection.include) {
    if (!definitions.has(pattern)) return fail(nothing_there(repository, definitions, pattern));
  }
  for (const std::string& pattern : plan.selection.exclude) {
    if (definitions.has(pattern)) continue;
    plan.notes.push_back("there was no " + pattern + " to exclude at " + format_rfc3339(definitions.at()));
  }
  return {};
}

bool selects_every_container(const Selection& selection, const DefinitionsAt& definitions, std::string_view database) {
  const auto containers = definitions.containers();
  return std::all_of(containers.begin(), containers.end(), [&](const repo::Definition* each) {
    return each->key.database != database || selection.selects_container(database, each->key.id);
  });
}

Status add_databases(const DefinitionsAt& definitions, const DefinitionsAt::Each& undocumented, RestorePlan& plan) {
  for (const repo::Definition* database : definitions.databases()) {
    const std::string& name = database->key.id;
    const bool has_container = std::any_of(plan.containers.begin(), plan.containers.end(),
                                           [&](const PlannedContainer& planned) { return planned.database == name; });
    const bool selected = plan.selection.selects_all_documents() && plan.selection.selects_database(name);
    PlannedDatabase planned;
    for (const repo::Definition* container : undocumented) {
      if (container->key.database == name) planned.undocumented.push_back(*container);
    }
    if (!has_container && !selected && planned.undocumented.empty()) continue;
    planned.name = name;
    planned.definition = *database;
    planned.offer = copy(definitions.offer(name, ""));
    planned.users = copies(definitions.users(name));
    ASSIGN(planned.permissions, named_permissions(definitions, name));
    planned.whole = selected && selects_every_container(plan.selection, definitions, name);
    plan.databases.push_back(std::move(planned));
  }
  return {};
}

bool is_selected(const RestorePlan& plan, const repo::DefinitionKey& key) {
  using repo::DefinitionKind;
  const Selection& selection = plan.selection;
  switch (key.kind) {
    case DefinitionKind::account:
    case DefinitionKind::description:
      return false;
    case DefinitionKind::container:
      return selection.selects_container(key.database, key.id);
    case DefinitionKind::database:
      return selection.selects_database(key.id);
    case DefinitionKind::user:
    case DefinitionKind::permission:
      return selection.selects_database(key.database);
    default:
      return key.parent.empty() ? selection.selects_database(key.database)
                                : selection.selects_container(key.database, key.parent);
  }
}

// Names the definitions that were found changed by a read after the moment, with the span in which it happened.
Status add_definition_notes(repo::Repository& repository, const DefinitionsAt& definitions, RestorePlan& plan) {
  ASSIGN(const auto uncertain, definitions.uncertain(repository));
  for (const repo::Definition& each : uncertain) {
    if (!is_selected(plan, each.key)) continue;
    const bool was_there = definitions.find(each.key) != nullptr;
    std::string name = std::string(repo::definition_kind_name(each.key.kind)) + " ";
    if (!each.key.database.empty()) name += each.key.database + "/";
    if (!each.key.parent.empty()) name += each.key.parent + "/";
    name += each.key.kind == repo::DefinitionKind::offer ? "throughput" : each.key.id;
    plan.notes.push_back(name +
                         (each.text.empty() ? " was dropped"
                          : was_there       ? " was changed"
                                            : " was made") +
                         " between " + format_rfc3339(each.since) + " and " + format_rfc3339(each.time) + ": " +
                         (was_there ? "the plan has it as it was before" : "the plan is without it"));
  }
  return {};
}

// Whether a container without which the plan goes on is left out, since it is not named; a note then tells why.
bool leave_out(const Selection& selection, const repo::Definition& container, const Error& why,
               std::vector<std::string>& notes) {
  if (selection.names_container(container.key.database, container.key.id)) return false;
  notes.push_back("left out: " + why.message + (why.hint.empty() ? "" : " (" + why.hint + ")"));
  return true;
}

// The selected containers whose backups are lost.
class Lost {
 public:
  bool empty() const { return names_.empty(); }
  void add(std::string name, const Error& why) {
    if (names_.empty()) why_ = why;
    names_.push_back(std::move(name));
  }
  // Says why, of what moment all of the selection is left, and how to have the others at the one asked for. `plan` has
  // these.
  Error refusal(repo::Repository& repository, const DefinitionsAt& definitions, const RestorePlan& plan) const {
    Error error = why_;
    if (names_.size() > 1) error.message += " (and so of " + std::to_string(names_.size() - 1) + " more)";
    error.hint = what_is_left(good_moments(repository, definitions.account_lane(), plan.selection));
    if (plan.containers.empty()) return error;
    std::string options;
    for (const std::string& name : names_) options += " --exclude '" + name + "'";
    error.hint += "; the others as of " + plan.moment.text() + " with" + options;
    return error;
  }

 private:
  std::vector<std::string> names_;
  Error why_;
};

// Gives the containers of which only the definition can be restored.
Result<DefinitionsAt::Each> add_containers(repo::Repository& repository, const DefinitionsAt& definitions,
                                           const PlanOptions& options, RestorePlan& plan) {
  const bool may_leave_out = plan.moment.latest || options.approximate;
  DefinitionsAt::Each undocumented;
  bool any_fits = false;
  bool any_selected = false;
  std::vector<std::string> uncovered;
  Lost lost;
  for (const repo::Definition* container : definitions.containers()) {
    if (!plan.selection.selects_container(container->key.database, container->key.id)) continue;
    auto planned = describe(definitions, *container);
    if (!planned) {
      const bool unsupported = planned.error().code == Code::unsupported;
      if (!unsupported || !leave_out(plan.selection, *container, planned.error(), plan.notes))
        return fail(planned.error());
      if (plan.selection.selects_all_documents()) undocumented.push_back(container);
      continue;
    }
    any_selected = true;
    ASSIGN(const bool fits, plan.selection.fits(planned->key));
    if (!fits) continue;
    any_fits = true;
    const auto found = find_cut(repository, definitions, plan.moment, options.approximate, *planned);
    if (!found && repo::is_damage(found.error())) {
      lost.add(planned->name(), found.error());
      continue;
    }
    ASSIGN(const Coverage coverage, found);
    if (coverage == Coverage::none_captured && may_leave_out) {
      const Error why = none_captured(*planned);
      if (!leave_out(plan.selection, *container, why, plan.notes)) return fail(why);
      continue;
    }
    if (coverage == Coverage::covered) {
      TRY(add_notes(repository, *planned, options.stop, plan));
    } else {
      uncovered.push_back(planned->name());
    }
    plan.containers.push_back(std::move(*planned));
  }
  if (!lost.empty()) return fail(lost.refusal(repository, definitions, plan));
  if (!uncovered.empty()) {
    const auto good = good_moments(repository, definitions.account_lane(), plan.selection);
    return fail(outside_coverage(and_more(uncovered), plan.moment.at, nearest_good(good, plan.moment.at)));
  }
  if (any_selected && !any_fits) {
    return fail(no_such_keys(plan.selection));
  }
  return undocumented;
}

}  // namespace

Result<RestorePlan> make_plan(repo::Repository& repository, const Moment& moment, const Selection& selection,
                              const PlanOptions& options) {
  auto known = DefinitionsAt::read(repository, moment, options.approximate);
  if (!known) {
    const auto good = [&](const repo::LaneState& account) { return good_moments(repository, account, selection); };
    return fail(nothing_known(repository, moment, selection, std::move(known).error(), good));
  }
  const DefinitionsAt& definitions = *known;
  RestorePlan plan;
  plan.repository_id = repository.id();
  plan.account_id = definitions.account_id();
  plan.moment = moment;
  plan.at = definitions.at();
  plan.selection = selection;
  plan.account = copy(definitions.account());
  if (!definitions.exact())
    plan.notes.emplace_back("the account's definitions are not known for the moment: they are as last read before it");
  plan.losses = definitions.losses();
  plan.notes.insert(plan.notes.end(), plan.losses.begin(), plan.losses.end());
  TRY(check_patterns(repository, definitions, plan));
  ASSIGN(const auto undocumented, add_containers(repository, definitions, options, plan));
  TRY(add_databases(definitions, undocumented, plan));
  TRY(add_definition_notes(repository, definitions, plan));
  return plan;
}

std::string how_to_complete(const RestorePlan& plan, std::string_view with) {
  const std::string at = plan.moment.latest ? "" : " --at " + plan.moment.text();
  std::string text = "the same restore" + at + std::string(with) + " completes it";
  if (plan.moment.latest) text += " until another backup has run; from then on restore into another place";
  return text;
}

Result<PlannedContainer> plan_container(repo::Repository& repository, const Moment& moment, std::string_view database,
                                        std::string_view container) {
  const auto good = [&](const repo::LaneState& account) {
    return good_moments_of(repository, account, database, container);
  };
  const auto known = DefinitionsAt::read(repository, moment, false);
  if (!known) {
    Selection selection;
    selection.include = {std::string(database) + "/" + std::string(container)};
    return fail(nothing_known(repository, moment, selection, known.error(), good));
  }
  const DefinitionsAt& definitions = *known;
  const repo::Definition* const definition = definitions.container(database, container);
  if (definition == nullptr) {
    return fail(nothing_there(repository, definitions, std::string(database) + "/" + std::string(container)));
  }
  ASSIGN(PlannedContainer planned, describe(definitions, *definition));
  planned.losses = definitions.losses();
  auto found = find_cut(repository, definitions, moment, false, planned);
  if (!found && repo::is_damage(found.error())) {
    found.error().hint = what_is_left(good(definitions.account_lane()));
  }
  ASSIGN(const Coverage coverage, std::move(found));
  if (coverage == Coverage::none_captured) return fail(none_captured(planned));
  if (coverage == Coverage::outside) {
    const std::string hint = nearest_good(good(definitions.account_lane()), moment.at);
    return fail(outside_coverage("container " + planned.name(), moment.at, hint));
  }
  return planned;
}

Result<std::vector<std::string>> notes_of(repo::Repository& repository, const PlannedContainer& planned,
                                          const DocumentName* only, std::stop_token stop) {
  std::vector<std::string> notes = planned.losses;
  if (!planned.approximate && planned.cut.positions.empty()) return notes;
  ASSIGN(const repo::LaneState lane, repository.read_lane(planned.lane));
  ASSIGN(const auto doubts, planned.approximate
                                ? uncertain_notes(repository, lane, planned.at, std::move(stop))
                                : sync_point_notes(repository, lane, planned.at, only, std::move(stop)));
  notes.insert(notes.end(), doubts.begin(), doubts.end());
  return notes;
}

}  // namespace halley::recovery
