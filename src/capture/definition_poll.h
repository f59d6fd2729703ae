// Definitions have no feed: they are listed, compared with what the account lane holds, and what differs becomes a
// version.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "capture/pass.h"
#include "repo/definitions.h"

namespace halley::capture {

// Whether a container is selected by the include and exclude patterns (cosmos/name_pattern.h).
bool is_selected(const cosmos::ContainerName& name, const BackupOptions& options);

class DefinitionPoll {
 public:
  // Opens the account lane, pinned to `account`. precondition when the repository belongs to another account.
  static Result<std::unique_ptr<DefinitionPoll>> open(Pass& pass, const cosmos::Account& account);

  // Lists everything once and commits what changed, and that definitions are known up to the Date of the first answer.
  Status poll(std::stop_token stop);

  // The containers to capture: those selected and live, after a poll.
  struct LiveContainer {
    repo::Definition database;
    repo::Definition container;
  };
  std::vector<LiveContainer> containers() const;

 private:
  using Listing = std::map<repo::DefinitionKey, repo::Definition>;

  DefinitionPoll(Pass& pass, cosmos::Account account) : pass_(pass), account_(std::move(account)) {}
  Result<Listing> list_all(std::stop_token stop);
  Result<Listing> list_once(std::stop_token stop);
  Status list_database(const cosmos::Resource& database, Listing& listing, std::stop_token stop);
  Status list_container(const cosmos::ContainerName& name, Listing& listing, std::stop_token stop);
  Status list_offers(Listing& listing, std::stop_token stop);
  Result<bool> is_gone(const repo::DefinitionKey& key, const Listing& second_listing, std::stop_token stop);
  // A definition that this pass does not look at (excluded): neither changed nor dropped.
  bool is_watched(const repo::DefinitionKey& key) const;
  Status add_removals(const Listing& listing, Second claimed, repo::VersionBatch& batch, std::stop_token stop);
  void add_version(const repo::Definition& definition, repo::Operation operation, Second time,
                   repo::VersionBatch& batch);

  Pass& pass_;
  cosmos::Account account_;
  std::unique_ptr<repo::LaneWriter> writer_;
  Listing current_;
};

}  // namespace halley::capture
