#include "cosmos/read_feed.h"

#include "codec/hash.h"

namespace halley::cosmos {

Status Continuations::add(std::string_view continuation, std::string_view what) {
  const codec::Hash128 hash = codec::xxh3_128(continuation);
  if (continuation.empty() || hashes_.emplace(hash.low, hash.high).second) return {};
  return fail(Error(Code::corrupt, "the service gave the same continuation twice").in(std::string(what)));
}

Status read_range(Client& client, const ContainerName& name, std::string_view range_id,
                  const std::function<Status(const ReadPage&)>& each, std::stop_token stop) {
  std::string continuation;
  Continuations seen;
  do {
    ASSIGN(ReadPage page, client.read_documents(name, range_id, continuation, stop));
    TRY(seen.add(page.continuation, "reading the documents of " + name.text()));
    TRY(each(page));
    continuation = std::move(page.continuation);
  } while (!continuation.empty());
  return {};
}

}  // namespace halley::cosmos
