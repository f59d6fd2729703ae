// The two ways to restore, compared: what each covers, how exactly, how long it may take and what it may cost.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/configuration.h"
#include "native/account_restore.h"
#include "recovery/plan.h"

namespace halley::cli {

// How much is restored, as far as the repository knows: at most this, for it has every version.
struct RestoreSize {
  std::uint64_t documents = 0;
  std::uint64_t bytes = 0;
  std::int64_t request_units = 0;  // per second, that the containers are made with; 0 = not known
};
Result<RestoreSize> size_of(repo::Repository& repository, const recovery::RestorePlan& plan);

// What writing that much into an account costs, and reading it back: request units, by rule of thumb.
double units_of(const RestoreSize& size);

struct RestoreWay {
  std::string name;              // "native", "repository"
  std::optional<Error> refused;  // why it cannot be taken
  std::string covers;            // what comes back, and what does not
  bool exact = false;            // as of the very second, all of it
  std::optional<double> seconds;
  std::optional<double> cost;
};

// How long each takes and what it costs, by the table of prices. Nothing is promised by it.
void estimate_native(const Prices& prices, const RestoreSize& size, RestoreWay& way);
void estimate_repository(const Prices& prices, const RestoreSize& size, bool to_files, RestoreWay& way);

// Of those that can be taken the one that is exact where the other is not, else the quicker, else the cheaper. A way
// whose time is not known counts as slower. nullptr when none can be.
const RestoreWay* best_of(const std::vector<RestoreWay>& ways);

}  // namespace halley::cli
