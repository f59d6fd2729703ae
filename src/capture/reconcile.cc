#include "capture/reconcile.h"

#include <algorithm>

#include "codec/hash.h"
#include "cosmos/read_feed.h"
#include "json/document_scanner.h"

namespace halley::capture {
namespace {

std::pair<std::uint64_t, std::uint64_t> hash_of(std::string_view partition_key, std::string_view id) {
  const codec::Hash128 hash = codec::xxh3_128(document_key(partition_key, id));
  return {hash.low, hash.high};
}

// Whether the service still answers the document; an answer other than "yes" or a plain 404 is an error.
Result<bool> exists(Pass& pass, const cosmos::ContainerName& name, const Vanished& document, std::stop_token stop) {
  const auto read = pass.client.read_document(name, document.id, document.partition_key, stop);
  if (read) return true;
  if (read.error().code == Code::not_found && read.error().sub_status == 0) return false;
  return fail(Error(read.error()).in("confirming that document '" + document.id + "' is gone"));
}

}  // namespace

std::string document_key(std::string_view partition_key, std::string_view id) {
  std::string key;
  key.reserve(partition_key.size() + id.size() + 1);
  key.append(partition_key).push_back('\0');
  return key.append(id);
}

void LiveKeys::add(std::string_view partition_key, std::string_view id) {
  hashes_.push_back(hash_of(partition_key, id));
}
void LiveKeys::seal() { std::sort(hashes_.begin(), hashes_.end()); }
bool LiveKeys::contains(std::string_view partition_key, std::string_view id) const {
  return std::binary_search(hashes_.begin(), hashes_.end(), hash_of(partition_key, id));
}

Result<LiveKeys> list_live_keys(Pass& pass, const cosmos::ContainerName& name,
                                const cosmos::PartitionKeyDefinition& key, const std::vector<std::string>& range_ids,
                                std::stop_token stop) {
  LiveKeys live;
  json::DocumentScanner scanner(key.paths);
  for (const std::string& range_id : range_ids) {
    const auto scan = [&](const cosmos::ReadPage& page) {
      pass.progress.bytes_read += page.body.size();
      return scanner.scan_page(page.body, false, [&](json::ScannedDocument& document) -> Status {
        if (!document.has_id || document.bad_key)
          return fail(Code::corrupt, "the read feed gave an item without id or key");
        ASSIGN(const std::string canonical, cosmos::canonical_key(document.key_values));
        live.add(canonical, document.id);
        return {};
      });
    };
    TRY(cosmos::read_range(pass.client, name, range_id, scan, stop));
  }
  live.seal();
  return live;
}

Result<std::vector<Vanished>> find_vanished(Pass& pass, const cosmos::ContainerName& name, const repo::LaneState& lane,
                                            const LiveKeys& live, const std::unordered_set<std::string>& seen_since,
                                            std::stop_token stop) {
  repo::ReadOptions options;
  options.bodies = false;
  ASSIGN(const auto stream, pass.repository.snapshot(lane, options));
  std::vector<Vanished> vanished;
  repo::Version version;
  while (true) {
    if (stop.stop_requested()) return fail(Code::cancelled, "stopped");
    ASSIGN(const bool more, stream->next(version));
    if (!more) break;
    if (version.operation != repo::Operation::upsert || live.contains(version.partition_key, version.id) ||
        seen_since.count(document_key(version.partition_key, version.id)) != 0) {
      continue;
    }
    Vanished candidate{std::string(version.partition_key), std::string(version.id), std::string(version.rid),
                       version.time};
    ASSIGN(const bool alive, exists(pass, name, candidate, stop));
    if (!alive) vanished.push_back(std::move(candidate));
  }
  return vanished;
}

}  // namespace halley::capture
