#include "capture/definition_poll.h"

#include <algorithm>
#include <limits>

#include "capture/container_selection.h"
#include "capture/margins.h"
#include "cosmos/resource_id.h"
#include "json/document_scanner.h"
#include "repo/coverage.h"
#include "repo/uncaptured.h"

namespace halley::capture {
namespace {

using repo::Definition;
using repo::DefinitionKey;
using repo::DefinitionKind;

DefinitionKey database_of(const DefinitionKey& key) { return {DefinitionKind::database, "", "", key.database}; }

DefinitionKind kind_of(cosmos::ScriptKind kind) {
  switch (kind) {
    case cosmos::ScriptKind::stored_procedure:
      return DefinitionKind::stored_procedure;
    case cosmos::ScriptKind::trigger:
      return DefinitionKind::trigger;
    case cosmos::ScriptKind::user_defined_function:
      return DefinitionKind::user_defined_function;
  }
  return DefinitionKind::stored_procedure;
}

Definition definition_of(DefinitionKey key, const cosmos::Resource& resource) {
  return {std::move(key), resource.rid, resource.etag, resource.ts, resource.ts, resource.ts, resource.text};
}

void add(std::map<DefinitionKey, Definition>& found, DefinitionKey key, const cosmos::Resource& resource) {
  Definition definition = definition_of(key, resource);
  found.emplace(std::move(key), std::move(definition));
}

// What the refused listing would have told, for the owner.
std::string name_of_listing(const DefinitionKey& scope) {
  const std::string in = scope.parent.empty() ? scope.database : scope.database + "/" + scope.parent;
  switch (scope.kind) {
    case DefinitionKind::database:
      return "the list of databases";
    case DefinitionKind::offer:
      return "throughput";
    case DefinitionKind::container:
      return "the list of containers of " + in;
    default:
      return "every " + std::string(repo::definition_kind_name(scope.kind)) + " of " + in;
  }
}

// What a container's definition says of expiry.
Result<std::pair<std::string, std::string>> expiry_of(const Definition& container) {
  ASSIGN(const json::Value definition, json::parse(container.text));
  const json::Value* const ttl = definition.find("defaultTtl");
  return std::pair(ttl == nullptr ? std::string() : ttl->to_text(), definition.string_at("ttlPropertyPath"));
}

bool is_absent(const Error& error) {
  return error.code == Code::not_found && (error.sub_status == 0 || error.sub_status == 1003);
}

}  // namespace

Result<std::unique_ptr<DefinitionPoll>> DefinitionPoll::open(Pass& pass, const cosmos::Account& account) {
  std::unique_ptr<DefinitionPoll> poll(new DefinitionPoll(pass, account));
  repo::LaneIdentity identity;
  identity.account_id = account.id;
  auto writer = pass.repository.open_writer(repo::LaneId(repo::kAccountLane), identity);
  if (!writer) {
    Error error = std::move(writer).error();
    if (error.code == Code::precondition) {
      error = Error(Code::precondition, "this repository belongs to another account than '" + account.id + "'",
                    "each account has a repository of its own: name the right --repo, or make one with halley init");
    }
    return fail(std::move(error));
  }
  poll->writer_ = std::move(*writer);
  if (poll->writer_->state().seq == 0) return poll;
  ASSIGN(const auto definitions, repo::read_definitions(pass.repository, poll->writer_->state(), {}));
  for (const Definition& definition : definitions) poll->current_.emplace(definition.key, definition);
  return poll;
}

std::vector<DefinitionPoll::LiveContainer> DefinitionPoll::containers() const {
  std::vector<LiveContainer> live;
  for (const auto& [key, definition] : current_) {
    if (key.kind != DefinitionKind::container || !is_watched(key)) continue;
    const auto database = current_.find(database_of(key));
    if (database != current_.end()) live.push_back({database->second, definition});
  }
  return live;
}

std::vector<cosmos::ContainerName> DefinitionPoll::live_names() const {
  // What the list lacks and is not gone is there all the same.
  std::set<cosmos::ContainerName> names = listed_;
  for (const LiveContainer& each : containers()) names.insert({each.container.key.database, each.container.key.id});
  return {names.begin(), names.end()};
}

Result<std::vector<cosmos::ContainerName>> DefinitionPoll::captured_names() {
  ASSIGN(const History* const versions, history());
  std::vector<cosmos::ContainerName> names;
  for (const auto& [key, unused] : *versions) {
    if (key.kind == DefinitionKind::container) names.push_back({key.database, key.id});
  }
  return names;
}

bool DefinitionPoll::is_watched(const DefinitionKey& key) const {
  switch (key.kind) {
    case DefinitionKind::container:
      return is_selected({key.database, key.id}, pass_.options);
    case DefinitionKind::stored_procedure:
    case DefinitionKind::trigger:
    case DefinitionKind::user_defined_function:
      return is_selected({key.database, key.parent}, pass_.options);
    case DefinitionKind::offer:
      return key.parent.empty() || is_selected({key.database, key.parent}, pass_.options);
    case DefinitionKind::description:
      return false;  // not among what the account lists: what was kept stays until another is given
    default:
      return true;
  }
}

bool DefinitionPoll::Listing::is_unread(const DefinitionKey& key) const {
  return std::any_of(unread.begin(), unread.end(), [&](const DefinitionKey& scope) {
    if (scope.kind == DefinitionKind::database) return key.kind != DefinitionKind::account;
    if (scope.kind == DefinitionKind::offer) return key.kind == DefinitionKind::offer;
    if (scope.database != key.database) return false;
    if (scope.kind == DefinitionKind::container) {
      const bool of_container = key.kind != DefinitionKind::user && key.kind != DefinitionKind::permission;
      return key.kind == DefinitionKind::container || (of_container && !key.parent.empty());
    }
    if (scope.kind == DefinitionKind::user && key.kind == DefinitionKind::permission) return true;
    return scope.kind == key.kind && scope.parent == key.parent;
  });
}

Status DefinitionPoll::refused(Error error, DefinitionKey scope, Listing& listing) {
  const bool answered = error.status != 0 || error.code == Code::corrupt;
  if (!answered) return fail(std::move(error));
  listing.why.push_back({name_of_listing(scope), std::move(error)});
  listing.unread.push_back(std::move(scope));
  return {};
}

Status DefinitionPoll::list_container(const cosmos::ContainerName& name, Listing& listing, std::stop_token stop) {
  for (const auto kind :
       {cosmos::ScriptKind::stored_procedure, cosmos::ScriptKind::trigger, cosmos::ScriptKind::user_defined_function}) {
    auto scripts = pass_.client.list_scripts(name, kind, stop);
    if (!scripts) {
      TRY(refused(std::move(scripts).error(), {kind_of(kind), name.database, name.container, ""}, listing));
      continue;
    }
    for (const cosmos::Resource& script : *scripts)
      add(listing.found, {kind_of(kind), name.database, name.container, script.id}, script);
  }
  return {};
}

Status DefinitionPoll::list_database(const cosmos::Resource& database, Listing& listing, std::stop_token stop) {
  const DefinitionKey key{DefinitionKind::database, "", "", database.id};
  bool any = pass_.options.include.empty();
  auto containers = pass_.client.list_containers(database.id, stop);
  if (!containers) {
    any = any || current_.count(key) != 0;
    TRY(refused(std::move(containers).error(), {DefinitionKind::container, database.id, "", ""}, listing));
    containers = std::vector<cosmos::Resource>();
  }
  for (const cosmos::Resource& container : *containers) {
    listing.names.insert({database.id, container.id});
    if (!is_selected({database.id, container.id}, pass_.options)) continue;
    any = true;
    add(listing.found, {DefinitionKind::container, database.id, "", container.id}, container);
    TRY(list_container({database.id, container.id}, listing, stop));
  }
  if (!any) return {};
  add(listing.found, key, database);
  return list_users(database.id, listing, stop);
}

Status DefinitionPoll::list_users(std::string_view database, Listing& listing, std::stop_token stop) {
  const std::string in(database);
  auto users = pass_.client.list_users(database, stop);
  if (!users) return refused(std::move(users).error(), {DefinitionKind::user, in, "", ""}, listing);
  for (const cosmos::Resource& user : *users) {
    add(listing.found, {DefinitionKind::user, in, "", user.id}, user);
    auto permissions = pass_.client.list_permissions(database, user.id, stop);
    if (!permissions) {
      TRY(refused(std::move(permissions).error(), {DefinitionKind::permission, in, user.id, ""}, listing));
      continue;
    }
    for (cosmos::Resource& permission : *permissions) {
      // The token is a secret, and another one at every read.
      ASSIGN(permission.text, json::without_members(permission.text, {"_token"}));
      add(listing.found, {DefinitionKind::permission, in, user.id, permission.id}, permission);
    }
  }
  return {};
}

// Offers name their resource by _rid; here they stand under the names of what they are for.
Status DefinitionPoll::list_offers(Listing& listing, std::stop_token stop) {
  auto offers = pass_.client.list_offers(stop);
  if (!offers) return refused(std::move(offers).error(), {DefinitionKind::offer, "", "", ""}, listing);
  std::map<std::string, DefinitionKey> owners;
  for (const auto& [key, definition] : listing.found) {
    if (key.kind == DefinitionKind::database) owners[definition.rid] = {DefinitionKind::offer, key.id, "", "offer"};
    if (key.kind == DefinitionKind::container)
      owners[definition.rid] = {DefinitionKind::offer, key.database, key.id, "offer"};
  }
  for (const cosmos::Resource& offer : *offers) {
    const auto owner = owners.find(offer.value.string_at("offerResourceId"));
    if (owner != owners.end()) add(listing.found, owner->second, offer);
  }
  return {};
}

// A parent that is dropped while its children are listed answers 404: everything is listed once more.
Result<DefinitionPoll::Listing> DefinitionPoll::list_all(std::stop_token stop) {
  auto listing = list_once(stop);
  if (!listing) return listing;
  const bool dropped = std::any_of(listing->why.begin(), listing->why.end(),
                                   [](const Incomplete& each) { return each.error.code == Code::not_found; });
  return dropped ? list_once(stop) : std::move(listing);
}

Result<DefinitionPoll::Listing> DefinitionPoll::list_once(std::stop_token stop) {
  Listing listing;
  Definition account;
  account.key = {DefinitionKind::account, "", "", "account"};
  account.text = account_.value.to_text();
  account.ts = account.time = account.since = pass_.client.newest_server_time();
  listing.found.emplace(account.key, account);
  if (!description_.empty()) {
    Definition description = account;
    description.key = {DefinitionKind::description, "", "", "description"};
    description.text = description_;
    listing.found.emplace(description.key, description);
  }
  auto databases = pass_.client.list_databases(stop);
  if (!databases) {
    if (current_.empty()) return fail(std::move(databases).error());
    TRY(refused(std::move(databases).error(), {DefinitionKind::database, "", "", ""}, listing));
    return listing;
  }
  for (const cosmos::Resource& database : *databases) TRY(list_database(database, listing, stop));
  TRY(list_offers(listing, stop));
  return listing;
}

Result<cosmos::Resource> DefinitionPoll::read(const DefinitionKey& key, std::stop_token stop) {
  using cosmos::ScriptKind;
  const cosmos::ContainerName in{key.database, key.parent};
  switch (key.kind) {
    case DefinitionKind::database:
      return pass_.client.read_database(key.id, stop);
    case DefinitionKind::container:
      return pass_.client.read_container({key.database, key.id}, stop);
    case DefinitionKind::stored_procedure:
      return pass_.client.read_script(in, ScriptKind::stored_procedure, key.id, stop);
    case DefinitionKind::trigger:
      return pass_.client.read_script(in, ScriptKind::trigger, key.id, stop);
    case DefinitionKind::user_defined_function:
      return pass_.client.read_script(in, ScriptKind::user_defined_function, key.id, stop);
    case DefinitionKind::user:
      return pass_.client.read_user(key.database, key.id, stop);
    case DefinitionKind::permission:
      return pass_.client.read_permission(key.database, key.parent, key.id, stop);
    default:
      return fail(Code::not_found, "");  // offers have no name to be read by: two listings tell
  }
}

// A drop is believed when a second listing lacks the thing too and two reads answer 404. What can't be told is as it
// was.
Result<bool> DefinitionPoll::is_gone(const DefinitionKey& key, const Listing& second_listing, std::stop_token stop) {
  if (second_listing.found.count(key) != 0 || second_listing.is_unread(key)) return false;
  for (int look = 0; look < 2; ++look) {
    const auto answer = read(key, stop);
    if (answer) return false;
    const Error& error = answer.error();
    if (is_absent(error)) continue;
    if (error.status == 0) return fail(error);
    const std::string in = key.database.empty() ? "" : key.database + "/";
    const std::string name = in + (key.parent.empty() ? "" : key.parent + "/") + key.id;
    incomplete_.push_back(
        {"whether " + std::string(repo::definition_kind_name(key.kind)) + " " + name + " is gone", error});
    return false;
  }
  return true;
}

void DefinitionPoll::add_version(const Definition& definition, repo::Operation operation, Second time,
                                 repo::VersionBatch& batch) {
  repo::Version version;
  version.partition_key = batch.keep(repo::definition_partition_key(definition.key));
  version.id = batch.keep(definition.key.id);
  version.rid = batch.keep(definition.rid);
  version.etag = batch.keep(definition.etag);
  version.ts = definition.ts;
  version.time = time;
  version.since = definition.since;
  version.position = {0, writer_->state().seq + 1};
  version.operation = operation;
  if (operation == repo::Operation::upsert) {
    version.layout = repo::kVerbatim;
    version.body = batch.keep(definition.text);
    version.digest = json::value_digest(definition.text).value_or(0);
  }
  batch.add(version);
}

bool DefinitionPoll::Listing::lacks_database_of(const Definition& definition) const {
  const auto database = found.find(database_of(definition.key));
  if (database == found.end()) return true;
  if (definition.key.kind == DefinitionKind::offer) return false;  // its _rid tells nothing of what it is for
  const auto own = cosmos::rid_bytes(definition.rid);
  const auto there = cosmos::rid_bytes(database->second.rid);
  return own && there && !own->starts_with(*there);
}

// What is known and no longer listed becomes a removal, once it is confirmed.
Status DefinitionPoll::add_removals(const Listing& listing, const repo::SelectionHistory& selections, Second claimed,
                                    repo::VersionBatch& batch, std::stop_token stop) {
  std::vector<Definition> missing;
  for (const auto& [key, definition] : current_) {
    if (listing.found.count(key) != 0 || listing.is_unread(key)) continue;
    // What a pass leaves out goes with its database.
    const bool lost = !key.database.empty() && listing.lacks_database_of(definition);
    if (is_watched(key) || lost) missing.push_back(definition);
  }
  if (missing.empty()) return {};
  ASSIGN(const Listing second, list_all(stop));
  for (std::size_t i = 0; i < second.why.size(); ++i) {
    if (!listing.is_unread(second.unread[i])) incomplete_.push_back(second.why[i]);
  }
  std::vector<DefinitionKey> dropped;  // parents stand before what they hold
  for (Definition& definition : missing) {
    const DefinitionKey& key = definition.key;
    const bool with_parent = std::any_of(dropped.begin(), dropped.end(), [&](const DefinitionKey& parent) {
      return (parent.kind == DefinitionKind::database && parent.id == key.database) ||
             (parent.kind == DefinitionKind::container && parent.database == key.database && parent.id == key.parent);
    });
    const bool database_listed = key.database.empty() || listing.found.count(database_of(key)) != 0;
    if (!with_parent && is_watched(key)) {
      // What belongs to a database that this pass does not list was not looked for.
      if (!database_listed && key.kind != DefinitionKind::container) continue;
      ASSIGN(const bool gone, is_gone(key, second, stop));
      if (!gone) continue;
    }
    // Of what is left out: another database has the name, by two listings, or its own is confirmed to be gone.
    const bool another =
        database_listed && second.found.count(database_of(key)) != 0 && second.lacks_database_of(definition);
    if (!with_parent && !is_watched(key) && !another) continue;
    dropped.push_back(key);
    definition.ts = pass_.client.newest_server_time();
    definition.since = selections.last_look(key, claimed).value_or(claimed);
    if (key.kind == DefinitionKind::container) newest_drop_ = definition.ts;
    add_version(definition, repo::Operation::remove, definition.ts, batch);
    current_.erase(dropped.back());
  }
  return {};
}

bool DefinitionPoll::was_read_whole() const {
  const std::vector<repo::RangeState>& ranges = writer_->state().ranges;
  return !ranges.empty() && ranges.front().base_done;
}

Result<const DefinitionPoll::History*> DefinitionPoll::history() {
  if (!history_) {
    ASSIGN(auto history, repo::read_definition_history(pass_.repository, writer_->state()));
    history_ = std::move(history);
  }
  return &*history_;
}

Result<std::optional<Second>> DefinitionPoll::expiry_changed(const Definition& container) {
  std::optional<Second> changed;
  ASSIGN(const History* const history, this->history());
  const auto versions = history->find(container.key);
  if (versions == history->end()) return changed;
  std::optional<std::pair<std::string, std::string>> before;
  for (const Definition& version : versions->second) {
    if (version.rid != container.rid || version.text.empty()) continue;
    ASSIGN(auto rule, expiry_of(version));
    if (before && rule != *before) changed = version.time;
    before = std::move(rule);
  }
  return changed;
}

std::vector<repo::Interval> DefinitionPoll::known_seconds() const { return repo::restorable_seconds(writer_->state()); }

Second DefinitionPoll::these_since() const {
  Second since = newest_drop_;
  if (!writer_->state().exact.empty()) since = std::max(since, writer_->state().exact.back().from);
  for (const auto& [key, definition] : current_) {
    if (key.kind == DefinitionKind::container) since = std::max(since, definition.time);
  }
  return std::min(since, pass_.client.newest_server_time() + kCoverageMarginSeconds);
}

Result<std::vector<repo::Interval>> DefinitionPoll::seconds_of_these_only(
    const std::set<std::string>& container_rids) const {
  constexpr Second kBeginning{std::numeric_limits<std::int64_t>::min()};
  constexpr Second kEnd{std::numeric_limits<std::int64_t>::max()};
  ASSIGN(const auto history, repo::read_definition_history(pass_.repository, writer_->state()));
  std::vector<repo::Interval> others;
  for (const auto& [key, versions] : history) {
    if (key.kind != DefinitionKind::container || !is_watched(key)) continue;
    for (std::size_t i = 0; i < versions.size(); ++i) {
      if (versions[i].text.empty() || container_rids.count(versions[i].rid) != 0) continue;
      ASSIGN(const json::Value definition, json::parse(versions[i].text));
      if (definition.find("partitionKey") == nullptr) continue;
      others.push_back({versions[i].time, i + 1 < versions.size() ? versions[i + 1].time : kEnd});
    }
  }
  std::vector<repo::Interval> rest;
  Second free = kBeginning;
  for (const repo::Interval& other : repo::joined(std::move(others))) {
    rest.push_back({free, other.from});
    free = other.until;
  }
  rest.push_back({free, kEnd});
  return repo::joined(std::move(rest));
}

void DefinitionPoll::describe(std::stop_token stop) {
  if (!pass_.options.describe) return;
  auto description = pass_.options.describe(std::move(stop));
  if (description) {
    description_ = *std::move(description);
  } else {
    undescribed_ = std::move(description).error();
  }
}

Status DefinitionPoll::poll(std::stop_token stop, const std::function<Status()>& agreed) {
  const std::vector<repo::ExactInterval>& known = writer_->state().exact;
  const bool known_before = was_read_whole() && !known.empty();
  const Second claimed = known_before ? known.back().until : Second{0};
  const Second began = pass_.client.newest_server_time();
  ASSIGN(Listing listing, list_all(stop));
  incomplete_ = listing.why;
  listed_ = listing.names;

  repo::VersionBatch batch;
  const repo::SelectionHistory selections(writer_->state().events);
  TRY(add_removals(listing, selections, claimed, batch, stop));
  for (auto& [key, definition] : listing.found) {
    const auto known_as = current_.find(key);
    if (known_as != current_.end() && known_as->second.text == definition.text) continue;
    // Between the reads others may have been in force; what the first read finds has no read before it.
    const std::optional<Second> looked = known_before ? selections.last_look(key, claimed) : std::nullopt;
    definition.since = std::min(looked.value_or(definition.ts), definition.ts);
    definition.time = std::max(definition.ts, claimed);
    add_version(definition, repo::Operation::upsert, definition.time, batch);
    current_.insert_or_assign(key, definition);
  }
  if (agreed) TRY(agreed());

  repo::CommitDraft draft;
  draft.mode = repo::CaptureMode::definitions;
  // What the first read finds may be dated behind its Date, by another clock: before, it is not known what was there.
  Second from = began;
  for (const auto& [key, definition] : listing.found) from = std::max(from, definition.ts);
  from = std::min(from, began + kCoverageMarginSeconds);
  draft.exact = known_before ? known : std::vector<repo::ExactInterval>{{{}, from, from}};
  if (incomplete_.empty()) draft.exact.back().until = std::max(draft.exact.back().until, began);
  repo::RangeState range;
  range.until = draft.exact.back().until;
  range.newest = began;
  range.last_304 = began;
  range.base_done = was_read_whole() || incomplete_.empty();
  draft.ranges = {range};
  auto change = selections.change({pass_.options.include, pass_.options.exclude}, claimed);
  if (change) draft.events.push_back(*std::move(change));
  const bool nothing_new = batch.empty() && draft.events.empty() && writer_->state().seq != 0 && draft.exact == known;
  if (nothing_new) return {};
  ASSIGN(const repo::CommitResult committed, writer_->commit(draft, batch));
  history_.reset();  // whoever looked before the commit has read less
  pass_.progress.bytes_stored += committed.bytes_stored;
  ++pass_.progress.commits;
  return {};
}

Status DefinitionPoll::record_end(std::vector<repo::LaneHead> heads, const std::map<std::string, bool>& captured) {
  const repo::LaneState& state = writer_->state();
  std::erase_if(heads, [&](const repo::LaneHead& head) {
    const repo::LaneHead* const recorded = repo::recorded_head(state.heads, head.lane);
    return recorded != nullptr && *recorded == head;
  });
  std::set<std::string> uncaptured;
  const std::set<std::string> before = repo::uncaptured(state.events);
  for (const auto& [key, definition] : current_) {
    if (key.kind != DefinitionKind::container) continue;
    const auto found = captured.find(definition.rid);
    if (found == captured.end() ? before.contains(definition.rid) : !found->second) uncaptured.insert(definition.rid);
  }
  auto change = repo::uncaptured_change(state.events, uncaptured, pass_.client.newest_server_time());
  if (heads.empty() && !change) return {};
  repo::CommitDraft draft;
  if (change) draft.events.push_back(*std::move(change));
  draft.mode = state.mode;
  draft.ranges = state.ranges;
  draft.exact = state.exact;
  draft.heads = std::move(heads);
  repo::VersionBatch nothing;
  ASSIGN(const repo::CommitResult committed, writer_->commit(draft, nothing));
  pass_.progress.bytes_stored += committed.bytes_stored;
  ++pass_.progress.commits;
  return {};
}

}  // namespace halley::capture
