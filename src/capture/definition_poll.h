// Definitions have no feed: they are listed, compared with what the account lane holds, and what differs becomes a
// version.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "capture/pass.h"
#include "repo/definitions.h"
#include "repo/interval.h"
#include "repo/selection_history.h"

namespace halley::capture {

class DefinitionPoll {
 public:
  // Opens the account lane, pinned to `account`. precondition when the repository belongs to another account.
  static Result<std::unique_ptr<DefinitionPoll>> open(Pass& pass, const cosmos::Account& account);

  // Lists everything once and commits what changed, and that definitions are known up to the Date of the first answer.
  // What the service refuses to tell is taken as it was, nothing of it counts as dropped, and definitions are not known
  // any further; incomplete() has it then. Fails when the service can't be reached, or tells no databases to begin
  // with, and where what was found is not `agreed` to: then nothing is committed.
  Status poll(std::stop_token stop, const std::function<Status()>& agreed = {});

  // Asks BackupOptions::describe, for the polls after it to keep what it gives.
  void describe(std::stop_token stop);
  // Why the account could not be described; nothing when it was, or nobody does.
  const std::optional<Error>& undescribed() const { return undescribed_; }

  // What the last poll could not read, and why.
  const std::vector<Incomplete>& incomplete() const { return incomplete_; }
  // Whether everything was read once, in this pass or before.
  bool was_read_whole() const;
  // When the time to live of this container was changed last; nothing when it never was, as far as is known.
  Result<std::optional<Second>> expiry_changed(const repo::Definition& container);
  // From which second on definitions are known and there are the containers that the last poll found, and no others:
  // drops count from when they were found, and what was made may be dated behind the Date, by another clock.
  Second these_since() const;
  // The seconds at which there was no selected container but those given by their _rid, and those without a key.
  Result<std::vector<repo::Interval>> seconds_of_these_only(const std::set<std::string>& container_rids) const;
  // The seconds of which definitions are known.
  std::vector<repo::Interval> known_seconds() const;

  // Where the lanes of containers stood when they were last recorded.
  const std::vector<repo::LaneHead>& heads() const { return writer_->state().heads; }
  // Commits where they stand now, so that a lane that is lost, or its newest commits, are missed; and which containers
  // the pass could not capture anything of: `captured` says it by incarnation, of those that it came to its end with.
  Status record_end(std::vector<repo::LaneHead> heads, const std::map<std::string, bool>& captured);

  // The containers to capture: those selected and live, after a poll.
  struct LiveContainer {
    repo::Definition database;
    repo::Definition container;
  };
  std::vector<LiveContainer> containers() const;
  // The names of all containers that the last poll found, those not selected too.
  std::vector<cosmos::ContainerName> live_names() const;
  // The names of all that were ever among containers(), in this pass or before.
  Result<std::vector<cosmos::ContainerName>> captured_names();

 private:
  struct Listing {
    std::map<repo::DefinitionKey, repo::Definition> found;
    std::set<cosmos::ContainerName> names;  // of all containers that were told, those not selected too
    // The listings that were refused: the kind of what they list, and its parents; no id.
    std::vector<repo::DefinitionKey> unread;
    std::vector<Incomplete> why;  // for each of `unread`
    bool is_unread(const repo::DefinitionKey& key) const;
    // Whether the database that it was in is not among them: none of the name, or one that its _rid does not begin
    // with.
    bool lacks_database_of(const repo::Definition& definition) const;
  };

  DefinitionPoll(Pass& pass, cosmos::Account account) : pass_(pass), account_(std::move(account)) {}
  Result<Listing> list_all(std::stop_token stop);
  Result<Listing> list_once(std::stop_token stop);
  // Goes on without a listing that the service refused; any other failure ends the poll.
  static Status refused(Error error, repo::DefinitionKey scope, Listing& listing);
  Status list_database(const cosmos::Resource& database, Listing& listing, std::stop_token stop);
  Status list_users(std::string_view database, Listing& listing, std::stop_token stop);
  Status list_container(const cosmos::ContainerName& name, Listing& listing, std::stop_token stop);
  Status list_offers(Listing& listing, std::stop_token stop);
  Result<cosmos::Resource> read(const repo::DefinitionKey& key, std::stop_token stop);
  Result<bool> is_gone(const repo::DefinitionKey& key, const Listing& second_listing, std::stop_token stop);
  // A definition that this pass does not look at (excluded): neither changed nor dropped.
  bool is_watched(const repo::DefinitionKey& key) const;
  using History = std::map<repo::DefinitionKey, std::vector<repo::Definition>>;
  // Every version there was when this pass first asked.
  Result<const History*> history();
  Status add_removals(const Listing& listing, const repo::SelectionHistory& selections, Second claimed,
                      repo::VersionBatch& batch, std::stop_token stop);
  void add_version(const repo::Definition& definition, repo::Operation operation, Second time,
                   repo::VersionBatch& batch);

  Pass& pass_;
  cosmos::Account account_;
  std::unique_ptr<repo::LaneWriter> writer_;
  std::map<repo::DefinitionKey, repo::Definition> current_;
  std::vector<Incomplete> incomplete_;
  Second newest_drop_;
  std::string description_;  // once it was given
  std::optional<Error> undescribed_;
  std::optional<History> history_;  // once it was asked for
  std::set<cosmos::ContainerName> listed_;
};

}  // namespace halley::capture
