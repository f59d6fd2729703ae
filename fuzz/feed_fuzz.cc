// What an account may answer to capture: status, header fields (continuations among them) and a page of a change feed.
#include "capture/page_decoder.h"
#include "fuzz/answering.h"
#include "fuzz/target.h"
#include "repo/version_batch.h"
#include "testing/virtual_runtime.h"

namespace halley {

void fuzz_one(std::string_view input) {
  const cosmos::PartitionKeyDefinition key{{{"pk"}, {"a", "b"}}, cosmos::KeyKind::multi_hash, 2, false};
  testing::VirtualRuntime runtime(Second{1'800'000'000});  // what is waited for is over at once
  Answering account(input);
  const auto client = client_of(account, runtime);
  const std::stop_token stop;
  for (const auto mode : {cosmos::FeedMode::latest_version, cosmos::FeedMode::all_versions}) {
    cosmos::FeedRequest request;
    request.mode = mode;
    request.range_id = "0";
    auto page = client->read_change_feed({"d", "c"}, request, stop);
    if (!page || page->not_modified) continue;
    CHECK(!page->continuation.empty());
    capture::PageDecoder decoder(key);
    capture::DecodeContext context;
    repo::VersionBatch batch;
    (void)decoder.decode(mode, std::move(page->body), context, batch);
  }
}

}  // namespace halley
