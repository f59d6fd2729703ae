// The bodies of feed pages: the texts of documents, joined.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cosmos/partition_key.h"
#include "server/partition.h"

namespace halley::server {

// {"_rid":…,"Documents":[…],"_count":N}
std::string documents_page(std::string_view container_rid, const std::vector<DocumentPtr>& documents);

// The same for a change feed: each document with `_lsn` added, or with `envelopes` as {current, metadata: {lsn, crts}}.
std::string latest_page(std::string_view container_rid, const std::vector<LogEntry>& entries, bool envelopes);

// {current, metadata} for every version.
std::string all_versions_page(std::string_view container_rid, const std::vector<LogEntry>& entries,
                              const cosmos::PartitionKeyDefinition& key);

// A feed of other resources.
std::string resources_page(std::string_view parent_rid, std::string_view envelope,
                           const std::vector<std::shared_ptr<const std::string>>& texts);

}  // namespace halley::server
