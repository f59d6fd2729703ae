// One document written twice in one transaction: both versions have one LSN, and the feed does not promise their order.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "repo/version.h"

namespace halley::capture {

// What the all-versions feed calls the change that made a version.
enum class ChangeKind : std::uint8_t { create, replace, remove };

// The entity tag under which the service has the document now; nothing when it is gone or can't be read.
using LiveTag = std::function<std::optional<std::string>(const repo::Version&)>;

// Looks through the versions of one page (all of a transaction come on one page) for documents with several versions
// under one LSN, and moves the one that was written last behind the others of its document: it is told by what the
// changes can follow, by the document's next change on the page, or by the tag of the live document. `kinds` has one
// entry for each version and is moved alike. Where none of it tells, the order stays as the page has it; the ids of
// those documents are returned.
std::vector<std::string> order_within_transactions(std::vector<repo::Version>& versions, std::vector<ChangeKind>& kinds,
                                                   const LiveTag& live_tag);

}  // namespace halley::capture
