#include "recovery/live_documents.h"

#include "cosmos/read_feed.h"

namespace halley::recovery {

Status read_live_documents(cosmos::Client& client, const cosmos::ContainerName& name,
                           const cosmos::PartitionKeyDefinition& key, const EachLiveDocument& each,
                           std::stop_token stop) {
  ASSIGN(const auto ranges, client.partition_key_ranges(name, stop));
  json::DocumentScanner scanner(key.paths);
  const auto give = [&](json::ScannedDocument& document) -> Status {
    ASSIGN(const std::string canonical, cosmos::canonical_key(document.key_values));
    return each(canonical, document);
  };
  const auto scan = [&](const cosmos::ReadPage& page) { return scanner.scan_page(page.body, false, give); };
  for (const cosmos::PartitionKeyRange& range : ranges) TRY(cosmos::read_range(client, name, range.id, scan, stop));
  return {};
}

}  // namespace halley::recovery
