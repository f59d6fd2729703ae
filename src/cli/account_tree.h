// A folder in the layout of `halley restore --to dir:`, read back.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "recovery/plan.h"

namespace halley::cli {

struct TreeContainer {
  recovery::PlannedContainer plan;  // names, key, definition, throughput and scripts; no lane, no cut
  std::string documents;            // path of documents.ndjson, which may be missing
};

struct AccountTree {
  recovery::RestorePlan plan;  // databases and containers, as a restore target takes them
  std::vector<TreeContainer> containers;
};

// Reads all definitions. Fails with not_found when there is no database in the folder, corrupt naming a file that is
// not what it must be.
Result<AccountTree> read_account_tree(const std::string& path);

struct TreeDocument {
  std::string_view partition_key;  // canonical
  std::string_view id;
  std::string_view text;  // the line
};

// Gives every document of a container to `each`, whose first error stops it; views are valid during the call. Fails
// with corrupt naming file and line for what is no document. Memory is one line.
Status for_each_document(const TreeContainer& container, const std::function<Status(const TreeDocument&)>& each);

}  // namespace halley::cli
