// Verification: is the latest backup there, is everything whole, can it be restored?
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "recovery/timeline.h"
#include "repo/check.h"

namespace halley::recovery {

// Seconds of a container that can't be restored, but for the sync points among them: between two exact stretches, or
// for a live one of which nothing can be restored, all since it was made.
struct CoverageHole {
  std::string container;  // "db/container"
  std::string incarnation;
  repo::Interval hole;
  std::vector<Second> sync_points;
};

struct VerifyReport {
  repo::CheckReport check;
  std::vector<CoverageHole> coverage_holes;
  std::optional<Second> last_backup;       // as in the timeline
  std::optional<Second> restorable_until;  // as in the timeline
  bool restorable = false;                 // a plan for the whole account as of `latest` can be made
  std::string not_restorable;              // why not
  std::vector<std::string> notes;          // of that plan, and what backups leave out
  std::vector<std::string> missed;         // containers that backups take in, and captured nothing of
  bool sound() const { return check.damaged.empty() && last_backup && restorable; }  // though some were missed
};

// `options` as repo::check() takes them. Damage is reported, not an error.
Result<VerifyReport> verify(repo::Repository& repository, const repo::CheckOptions& options);

}  // namespace halley::recovery
