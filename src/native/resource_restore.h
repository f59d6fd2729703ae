// Bringing deleted databases and containers back in their own account.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "native/account_queries.h"

namespace halley::native {

// The service carries out so many at once.
inline constexpr std::size_t kRestoresAtOnce = 3;

struct DeletedResource {
  std::string database;
  std::string container;  // empty = the database itself
  std::string name() const { return container.empty() ? database : database + "/" + container; }
};

struct ResourceRestoreWish {
  std::vector<DeletedResource> resources;
  std::optional<Second> at;       // nothing: the last second before each was deleted
  bool with_containers = false;   // of a database: those it had, too
  bool keep_time_to_live = true;  // else documents do not expire in what comes back
};

struct ResourceRestoreStep {
  DeletedResource resource;
  Second at;
  bool implied = false;  // not asked for: the database that a container needs
  Request request;
};

// The steps, databases before containers. Fails with already_exists when something named is there (only what was
// deleted can be restored in its account), not_found when nothing deleted has that name, precondition when the service
// says that it cannot be brought back, outside_coverage for a moment at which it was not there.
Result<std::vector<ResourceRestoreStep>> plan_resource_restore(ArmClient& arm, const AccountState& account,
                                                               const ResourceRestoreWish& wish, std::stop_token stop);

struct ResourceRestoreOutcome {
  DeletedResource resource;
  Second at;
  std::optional<Error> failure;
  std::optional<Operation> operation;  // it was begun
};

// Carries the steps out, at most three at once and no container before its database; one that fails does not keep
// others from coming back, but its containers are not tried. With `wait` false nothing is waited for that nothing else
// depends on. `begun` is told of each operation. One outcome for each step, in their order; fails only when stopped.
Result<std::vector<ResourceRestoreOutcome>> restore_resources(ArmClient& arm,
                                                              const std::vector<ResourceRestoreStep>& steps, bool wait,
                                                              const std::function<void(const Operation&)>& begun,
                                                              const OnProgress& progress, std::stop_token stop);

}  // namespace halley::native
