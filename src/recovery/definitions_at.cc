#include "recovery/definitions_at.h"

#include <algorithm>

#include "json/value.h"
#include "recovery/outside.h"
#include "recovery/selection.h"

namespace halley::recovery {

using repo::Definition;
using repo::DefinitionKey;
using repo::DefinitionKind;

std::vector<std::string> lost_definitions(const repo::LaneState& account) {
  if (account.damage.empty()) return {};
  return {"the newest backups of the account's definitions are lost: " + account.damage};
}

Result<DefinitionsAt> DefinitionsAt::read(repo::Repository& repository, const Moment& moment, bool approximate) {
  DefinitionsAt definitions;
  auto lane = repository.read_lane(repo::LaneId(repo::kAccountLane));
  if (!lane && lane.error().code == Code::not_found) {
    return fail(Code::outside_coverage, "nothing has been backed up yet", "run `halley backup` first");
  }
  if (!lane) return fail(std::move(lane).error());
  definitions.lane_ = std::move(*lane);

  if (const auto losses = definitions.losses(); moment.latest && !approximate && !losses.empty()) {
    const auto seconds = repo::restorable_seconds(definitions.lane_);
    return fail(Code::corrupt, losses.front(),
                seconds.empty()
                    ? ""
                    : "what is left can be restored with --at up to " + format_rfc3339(seconds.back().until - 1));
  }
  definitions.latest_ = moment.latest;
  repo::Cut cut;
  if (moment.latest) {
    auto newest = repo::newest_cut(definitions.lane_);
    if (!newest) {
      return fail(Code::outside_coverage, "no backup has finished reading the account's definitions yet",
                  "run `halley backup` again");
    }
    definitions.at_ = newest->at;
    cut = std::move(newest->cut);
  } else {
    definitions.at_ = moment.at;
    auto known = repo::cut_at(definitions.lane_, moment.at);
    const auto seconds = repo::restorable_seconds(definitions.lane_);
    const bool read_before = !seconds.empty() && seconds.front().from <= moment.at;
    if (!known && (!approximate || !read_before)) {
      const auto nearest = repo::nearest(seconds, moment.at);
      return fail(outside_coverage("the account's definitions", moment.at, nearest_text(nearest)));
    }
    definitions.exact_ = known.has_value();
    cut = known ? std::move(*known) : repo::Cut{moment.at, {}};
  }
  ASSIGN(definitions.all_, repo::read_definitions(repository, definitions.lane_, cut));
  return definitions;
}

DefinitionsAt::Each DefinitionsAt::of_kind(DefinitionKind kind) const {
  Each found;
  for (const Definition& definition : all_) {
    if (definition.key.kind == kind) found.push_back(&definition);
  }
  return found;
}

const Definition* DefinitionsAt::find(const DefinitionKey& key) const {
  const auto found = std::lower_bound(all_.begin(), all_.end(), key,
                                      [](const Definition& a, const DefinitionKey& b) { return a.key < b; });
  return found != all_.end() && found->key == key ? &*found : nullptr;
}

bool DefinitionsAt::has(const std::string& pattern) const {
  Selection one;
  one.include = {pattern};
  return std::any_of(all_.begin(), all_.end(), [&](const Definition& each) {
    if (each.key.kind == DefinitionKind::database) return one.selects_database(each.key.id);
    return each.key.kind == DefinitionKind::container && one.selects_container(each.key.database, each.key.id);
  });
}

const Definition* DefinitionsAt::account() const {
  const Each found = of_kind(DefinitionKind::account);
  return found.empty() ? nullptr : found.front();
}

const Definition* DefinitionsAt::description() const {
  return find({DefinitionKind::description, {}, {}, "description"});
}

const Definition* DefinitionsAt::database(std::string_view name) const {
  return find({DefinitionKind::database, {}, {}, std::string(name)});
}

const Definition* DefinitionsAt::container(std::string_view database, std::string_view name) const {
  return find({DefinitionKind::container, std::string(database), {}, std::string(name)});
}

const Definition* DefinitionsAt::offer(std::string_view database, std::string_view container) const {
  return find({DefinitionKind::offer, std::string(database), std::string(container), "offer"});
}

DefinitionsAt::Each DefinitionsAt::scripts(std::string_view database, std::string_view container) const {
  Each found;
  for (const auto kind :
       {DefinitionKind::stored_procedure, DefinitionKind::trigger, DefinitionKind::user_defined_function}) {
    for (const Definition* script : of_kind(kind)) {
      if (script->key.database == database && script->key.parent == container) found.push_back(script);
    }
  }
  return found;
}

DefinitionsAt::Each DefinitionsAt::users(std::string_view database) const {
  Each found = of_kind(DefinitionKind::user);
  std::erase_if(found, [&](const Definition* user) { return user->key.database != database; });
  return found;
}

DefinitionsAt::Each DefinitionsAt::permissions(std::string_view database) const {
  Each found = of_kind(DefinitionKind::permission);
  std::erase_if(found, [&](const Definition* permission) { return permission->key.database != database; });
  return found;
}

Result<std::vector<Definition>> DefinitionsAt::uncertain(repo::Repository& repository) const {
  std::vector<Definition> found;
  if (latest_) return found;
  ASSIGN(const auto history, repo::read_definition_history(repository, lane_));
  for (const auto& [key, versions] : history) {
    for (const Definition& version : versions) {
      if (version.since <= at_ && at_ < version.time) found.push_back(version);
    }
  }
  return found;
}

Result<cosmos::PartitionKeyDefinition> partition_key_of(const Definition& container) {
  ASSIGN(const json::Value value, json::parse(container.text));
  const json::Value* const key = value.find("partitionKey");
  if (key != nullptr) return cosmos::PartitionKeyDefinition::parse(*key);
  return fail(Code::unsupported,
              "container " + container.key.database + "/" + container.key.id +
                  " has no partition key: its documents are not captured",
              "copy it into a container that has one, and back that up");
}

std::string what_there_is(const std::vector<std::string>& names) {
  constexpr std::size_t kNamed = 5;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kNamed); ++i) text += (i == 0 ? "there is " : ", ") + names[i];
  if (names.size() > kNamed) text += " and " + std::to_string(names.size() - kNamed) + " more";
  return text;
}

Result<std::string> when_it_was_there(repo::Repository& repository, const repo::LaneState& account,
                                      std::string_view database, std::string_view container) {
  ASSIGN(const auto history, repo::read_definition_history(repository, account));
  const DefinitionKey key =
      container.empty() ? DefinitionKey{DefinitionKind::database, {}, {}, std::string(database)}
                        : DefinitionKey{DefinitionKind::container, std::string(database), {}, std::string(container)};
  const auto versions = history.find(key);
  if (versions == history.end()) return std::string();
  std::string text;
  const Definition* first = nullptr;
  for (const Definition& version : versions->second) {
    if (!version.text.empty()) {
      if (first == nullptr) first = &version;
      continue;
    }
    if (first == nullptr) continue;
    text += (text.empty() ? "it was there from " : ", from ") + format_rfc3339(first->time) + " until " +
            format_rfc3339(version.since);
    first = nullptr;
  }
  if (first != nullptr) {
    text += (text.empty() ? "it is there from " : ", and is from ") + format_rfc3339(first->time) + " on";
  }
  return text;
}

Error nothing_there(repo::Repository& repository, const DefinitionsAt& definitions, std::string_view pattern) {
  const std::size_t slash = std::min(pattern.find('/'), pattern.size());
  const std::string_view container = slash < pattern.size() ? pattern.substr(slash + 1) : std::string_view();
  const auto when = when_it_was_there(repository, definitions.account_lane(), pattern.substr(0, slash), container);
  std::string hint = when ? *when : std::string();
  if (hint.empty()) {
    std::vector<std::string> names;
    for (const repo::Definition* each : definitions.containers()) {
      names.push_back(each->key.database + "/" + each->key.id);
    }
    hint = what_there_is(names);
  }
  return Error(Code::not_found, "there was no " + std::string(pattern) + " at " + format_rfc3339(definitions.at()),
               std::move(hint));
}

}  // namespace halley::recovery
