// Which containers of an account a pass is about, and whether the patterns that say so say anything.
#pragma once

#include <string>
#include <vector>

#include "capture/backup.h"

namespace halley::capture {

// Whether a container is selected by the include and exclude patterns (cosmos/name_pattern.h).
bool is_selected(const cosmos::ContainerName& name, const BackupOptions& options);

// The patterns of `patterns` that match none of `names`.
std::vector<std::string> unmatched_patterns(const std::vector<std::string>& patterns,
                                            const std::vector<cosmos::ContainerName>& names);

// What patterns that match none of the containers `live` come to. A pass that is asked for a part of the account of
// which nothing is there, and nothing was captured, has nothing to do: invalid_argument. An include pattern that
// matches neither a live container nor one of those `captured` before is an Incomplete that names what there is, and
// the others are captured. What was dropped since it was captured, or is excluded and is not there, is an event.
struct SelectionCheck {
  std::vector<Incomplete> incomplete;
  std::vector<std::string> events;
};
Result<SelectionCheck> check_selection(const BackupOptions& options, const std::vector<cosmos::ContainerName>& live,
                                       const std::vector<cosmos::ContainerName>& captured);

}  // namespace halley::capture
