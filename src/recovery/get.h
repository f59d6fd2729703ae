// One document as of a moment.
#pragma once

#include <string>
#include <vector>

#include "recovery/plan.h"

namespace halley::recovery {

struct FoundDocument {
  std::string text;  // as it was captured, system properties included
  std::string id;
  std::string partition_key;  // canonical
  std::string rid;
  std::string etag;
  Second ts;
  std::uint64_t lsn = 0;
  Second at;                       // the moment
  std::vector<std::string> notes;  // that it may not be as it was, and that newer backups are lost
};

// A point read: a few blocks are read, whatever the container's size. `partition_key` is a JSON array, or one scalar;
// without it all keys are read to find the one that the id is under; several are refused as invalid_argument, named.
// Fails with not_found when there was no such document at the moment (the message says whether it was deleted or had
// expired, the hint that this may not be so, and that newer backups are lost), outside_coverage as make_plan(), and
// with cancelled once it is asked to stop.
Result<FoundDocument> get_document(repo::Repository& repository, const Moment& moment, std::string_view database,
                                   std::string_view container, std::string_view id,
                                   std::optional<std::string_view> partition_key, std::stop_token stop = {});

}  // namespace halley::recovery
