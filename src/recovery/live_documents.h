// The documents of a container as the account has them now.
#pragma once

#include <functional>
#include <stop_token>
#include <string_view>

#include "cosmos/client.h"
#include "json/document_scanner.h"

namespace halley::recovery {

// Reads the container through its read feed, which ends even where something else goes on writing: each document once,
// with its canonical key. Views are valid during the call. Fails with gone when the partitions change meanwhile.
using EachLiveDocument = std::function<Status(std::string_view partition_key, const json::ScannedDocument& document)>;
Status read_live_documents(cosmos::Client& client, const cosmos::ContainerName& name,
                           const cosmos::PartitionKeyDefinition& key, const EachLiveDocument& each,
                           std::stop_token stop);

}  // namespace halley::recovery
