#include "capture/definition_poll.h"

#include <algorithm>

#include "cosmos/name_pattern.h"
#include "json/document_scanner.h"

namespace halley::capture {
namespace {

using repo::Definition;
using repo::DefinitionKey;
using repo::DefinitionKind;

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

void add(std::map<DefinitionKey, Definition>& listing, DefinitionKey key, const cosmos::Resource& resource) {
  Definition definition = definition_of(key, resource);
  listing.emplace(std::move(key), std::move(definition));
}

}  // namespace

bool is_selected(const cosmos::ContainerName& name, const BackupOptions& options) {
  return (options.include.empty() || cosmos::any_matches_container(options.include, name.database, name.container)) &&
         !cosmos::any_matches_container(options.exclude, name.database, name.container);
}

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
    const auto database = current_.find({DefinitionKind::database, "", "", key.database});
    if (database != current_.end()) live.push_back({database->second, definition});
  }
  return live;
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
    default:
      return true;
  }
}

Status DefinitionPoll::list_container(const cosmos::ContainerName& name, Listing& listing, std::stop_token stop) {
  for (const auto kind :
       {cosmos::ScriptKind::stored_procedure, cosmos::ScriptKind::trigger, cosmos::ScriptKind::user_defined_function}) {
    ASSIGN(const auto scripts, pass_.client.list_scripts(name, kind, stop));
    for (const cosmos::Resource& script : scripts)
      add(listing, {kind_of(kind), name.database, name.container, script.id}, script);
  }
  return {};
}

Status DefinitionPoll::list_database(const cosmos::Resource& database, Listing& listing, std::stop_token stop) {
  ASSIGN(const auto containers, pass_.client.list_containers(database.id, stop));
  bool any = pass_.options.include.empty();
  for (const cosmos::Resource& container : containers) {
    if (!is_selected({database.id, container.id}, pass_.options)) continue;
    any = true;
    add(listing, {DefinitionKind::container, database.id, "", container.id}, container);
    TRY(list_container({database.id, container.id}, listing, stop));
  }
  if (!any) return {};
  add(listing, {DefinitionKind::database, "", "", database.id}, database);
  ASSIGN(const auto users, pass_.client.list_users(database.id, stop));
  for (const cosmos::Resource& user : users) {
    add(listing, {DefinitionKind::user, database.id, "", user.id}, user);
    ASSIGN(const auto permissions, pass_.client.list_permissions(database.id, user.id, stop));
    for (cosmos::Resource permission : permissions) {
      // The token is a secret, and another one at every read.
      ASSIGN(permission.text, json::without_members(permission.text, {"_token"}));
      add(listing, {DefinitionKind::permission, database.id, user.id, permission.id}, permission);
    }
  }
  return {};
}

// Offers name their resource by _rid; here they stand under the names of what they are for.
Status DefinitionPoll::list_offers(Listing& listing, std::stop_token stop) {
  ASSIGN(const auto offers, pass_.client.list_offers(stop));
  std::map<std::string, DefinitionKey> owners;
  for (const auto& [key, definition] : listing) {
    if (key.kind == DefinitionKind::database) owners[definition.rid] = {DefinitionKind::offer, key.id, "", "offer"};
    if (key.kind == DefinitionKind::container)
      owners[definition.rid] = {DefinitionKind::offer, key.database, key.id, "offer"};
  }
  for (const cosmos::Resource& offer : offers) {
    const auto owner = owners.find(offer.value.string_at("offerResourceId"));
    if (owner != owners.end()) add(listing, owner->second, offer);
  }
  return {};
}

// A parent that is dropped while its children are listed answers 404: everything is listed once more.
Result<DefinitionPoll::Listing> DefinitionPoll::list_all(std::stop_token stop) {
  auto listing = list_once(stop);
  if (!listing && listing.error().code == Code::not_found) return list_once(stop);
  return listing;
}

Result<DefinitionPoll::Listing> DefinitionPoll::list_once(std::stop_token stop) {
  Listing listing;
  Definition account;
  account.key = {DefinitionKind::account, "", "", "account"};
  account.text = account_.value.to_text();
  account.ts = account.time = account.since = pass_.client.newest_server_time();
  listing.emplace(account.key, account);
  ASSIGN(const auto databases, pass_.client.list_databases(stop));
  for (const cosmos::Resource& database : databases) TRY(list_database(database, listing, stop));
  TRY(list_offers(listing, stop));
  return listing;
}

// A drop is believed when a second listing lacks the thing too, and for databases and containers when two reads answer
// 404.
Result<bool> DefinitionPoll::is_gone(const DefinitionKey& key, const Listing& second_listing, std::stop_token stop) {
  if (second_listing.count(key) != 0) return false;
  if (key.kind != DefinitionKind::database && key.kind != DefinitionKind::container) return true;
  for (int read = 0; read < 2; ++read) {
    const auto answer = key.kind == DefinitionKind::database
                            ? pass_.client.read_database(key.id, stop)
                            : pass_.client.read_container({key.database, key.id}, stop);
    if (answer) return false;
    const Error& error = answer.error();
    const bool absent = error.code == Code::not_found && (error.sub_status == 0 || error.sub_status == 1003);
    if (!absent) return fail(Error(error).in("confirming that " + key.database + "/" + key.id + " is gone"));
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

// What is known and no longer listed becomes a removal, once it is confirmed.
Status DefinitionPoll::add_removals(const Listing& listing, Second claimed, repo::VersionBatch& batch,
                                    std::stop_token stop) {
  std::vector<Definition> missing;
  for (const auto& [key, definition] : current_) {
    if (listing.count(key) == 0 && is_watched(key)) missing.push_back(definition);
  }
  if (missing.empty()) return {};
  ASSIGN(const Listing second, list_all(stop));
  std::vector<DefinitionKey> dropped;
  for (Definition& definition : missing) {
    const DefinitionKey& key = definition.key;
    const bool with_parent = std::any_of(dropped.begin(), dropped.end(), [&](const DefinitionKey& parent) {
      return (parent.kind == DefinitionKind::database && parent.id == key.database) ||
             (parent.kind == DefinitionKind::container && parent.database == key.database && parent.id == key.parent);
    });
    // What belongs to a database that this pass does not list was not looked for.
    const bool looked_for = key.database.empty() || key.kind == DefinitionKind::container ||
                            listing.count({DefinitionKind::database, "", "", key.database}) != 0;
    if (!with_parent) {
      if (!looked_for) continue;
      ASSIGN(const bool gone, is_gone(key, second, stop));
      if (!gone) continue;
    }
    dropped.push_back(key);
    definition.ts = pass_.client.newest_server_time();
    definition.since = claimed;
    add_version(definition, repo::Operation::remove, definition.ts, batch);
    current_.erase(dropped.back());
  }
  return {};
}

Status DefinitionPoll::poll(std::stop_token stop) {
  const std::vector<repo::ExactInterval>& known = writer_->state().exact;
  const Second claimed = known.empty() ? Second{0} : known.back().until;
  const Second began = pass_.client.newest_server_time();
  ASSIGN(Listing listing, list_all(stop));

  repo::VersionBatch batch;
  TRY(add_removals(listing, claimed, batch, stop));
  for (auto& [key, definition] : listing) {
    const auto known_as = current_.find(key);
    if (known_as != current_.end() && known_as->second.text == definition.text) continue;
    definition.since = known_as == current_.end() ? definition.ts : std::min(claimed, definition.ts);
    definition.time = std::max(definition.ts, claimed);
    add_version(definition, repo::Operation::upsert, definition.time, batch);
    current_.insert_or_assign(key, definition);
  }

  repo::CommitDraft draft;
  draft.mode = repo::CaptureMode::definitions;
  draft.exact = known.empty() ? std::vector<repo::ExactInterval>{{{}, began, began}} : known;
  draft.exact.back().until = std::max(draft.exact.back().until, began);
  repo::RangeState range;
  range.until = draft.exact.back().until;
  range.newest = began;
  range.last_304 = began;
  range.base_done = true;
  draft.ranges = {range};
  const bool nothing_new = batch.empty() && writer_->state().seq != 0 && draft.exact == known;
  if (nothing_new) return {};
  ASSIGN(const repo::CommitResult committed, writer_->commit(draft, batch));
  pass_.progress.bytes_stored += committed.bytes_stored;
  ++pass_.progress.commits;
  return {};
}

}  // namespace halley::capture
