// Which documents a restore can't be sure of.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "repo/repository.h"

namespace halley::recovery {

struct DocumentName {
  std::string partition_key;  // canonical; of one that is asked about, empty = any
  std::string id;
  friend auto operator<=>(const DocumentName&, const DocumentName&) = default;
};

// The documents that the sync point at `moment` does not vouch for: those written between the moment and the read that
// closed it, since an earlier state of theirs may not have been seen, and those whose delete is dated by an interval
// around the moment (docs/guarantees.md, sync points). In key order; empty where there is no sync point. One pass over
// the lane without bodies; where only one document is asked about and its key is known, over what may hold it. Fails
// with cancelled once it is asked to stop, as the others below do.
Result<std::vector<DocumentName>> uncertain_documents(repo::Repository& repository, const repo::LaneState& lane,
                                                      Second moment, const DocumentName* only = nullptr,
                                                      std::stop_token stop = {});
// The same in words, for the owner.
Result<std::vector<std::string>> sync_point_notes(repo::Repository& repository, const repo::LaneState& lane,
                                                  Second moment, const DocumentName* only = nullptr,
                                                  std::stop_token stop = {});

// What to tell the owner of a container that is brought to `moment`, which is outside its coverage: between two sync
// points the documents that changed after the moment and up to the next one, since an earlier state of theirs may not
// have been seen, and those whose delete was dated by an interval around the moment. One pass over the lane without
// bodies.
Result<std::vector<std::string>> uncertain_notes(repo::Repository& repository, const repo::LaneState& lane,
                                                 Second moment, std::stop_token stop = {});

}  // namespace halley::recovery
