// Which documents an approximate restore can't be sure of.
#pragma once

#include <string>
#include <vector>

#include "repo/repository.h"

namespace halley::recovery {

// What to tell the owner of a container that is brought to `moment`, which is outside its coverage: between two sync
// points the documents that changed after the moment and up to the next one, since an earlier state of theirs may not
// have been seen, and those whose delete was dated by an interval around the moment. One pass over the lane without
// bodies.
Result<std::vector<std::string>> uncertain_notes(repo::Repository& repository, const repo::LaneState& lane,
                                                 Second moment);

}  // namespace halley::recovery
