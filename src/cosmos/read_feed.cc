#include "cosmos/read_feed.h"

namespace halley::cosmos {

Status read_range(Client& client, const ContainerName& name, std::string_view range_id,
                  const std::function<Status(const ReadPage&)>& each, std::stop_token stop) {
  std::string continuation;
  do {
    ASSIGN(ReadPage page, client.read_documents(name, range_id, continuation, stop));
    TRY(each(page));
    continuation = std::move(page.continuation);
  } while (!continuation.empty());
  return {};
}

}  // namespace halley::cosmos
