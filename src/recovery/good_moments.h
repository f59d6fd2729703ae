// The moments at which all that is selected can be restored, for a refusal to name the nearest of them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "recovery/selection.h"
#include "repo/interval.h"
#include "repo/repository.h"
#include "repo/selection_history.h"

namespace halley::recovery {

// The seconds for which make_plan() makes a plan of the selection, neither approximate nor of `latest`: definitions are
// known, every pattern of `include` selects something, and every container that is selected and there is covered. What
// is selected at a second is told by the definitions of that second: a container that was dropped, or not made yet,
// does not count, and one that was made again is another one. Disjoint and in order. Reads the history of definitions
// once, and once the state of each lane that it tells of.
Result<std::vector<repo::Interval>> good_moments(repo::Repository& repository, const repo::LaneState& account,
                                                 const Selection& selection);

// The same for what backups take in, whether or not each of their patterns selects anything.
Result<std::vector<repo::Interval>> good_moments_of(repo::Repository& repository, const repo::LaneState& account,
                                                    const repo::TakenIn& taken_in);

// The same for plan_container(): the seconds at which the container is there and covered.
Result<std::vector<repo::Interval>> good_moments_of(repo::Repository& repository, const repo::LaneState& account,
                                                    std::string_view database, std::string_view container);

// The hint of a refusal: which of the good moments are nearest, or that there is none. Where they can't be told, why: a
// hint takes no place of what it is given for.
std::string nearest_good(const Result<std::vector<repo::Interval>>& good, Second moment);

}  // namespace halley::recovery
