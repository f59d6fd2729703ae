// What an account may answer to capture: status, header fields (continuations among them) and a page of a change feed.
#include <memory>

#include "base/check.h"
#include "capture/page_decoder.h"
#include "cosmos/client.h"
#include "cosmos/signing.h"
#include "fuzz/target.h"
#include "http/transport.h"
#include "json/document_scanner.h"
#include "repo/version_batch.h"
#include "testing/virtual_runtime.h"

namespace halley {
namespace {

// Answers every request with what the input says.
class Answering final : public http::Transport {
 public:
  http::Response answer;
  Result<http::Response> send(const http::Request&, Deadline, std::stop_token) override {
    http::Response copy = answer;
    copy.body.reserve(copy.body.size() + json::kPadding);
    return copy;
  }
};

std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

const cosmos::PartitionKeyDefinition kKey{{{"pk"}, {"a", "b"}}, cosmos::KeyKind::multi_hash, 2, false};

}  // namespace

void fuzz_one(std::string_view input) {
  testing::VirtualRuntime runtime(Second{1'800'000'000});  // what is waited for is over at once
  Answering transport;
  cosmos::ClientOptions options;
  options.endpoint = "http://account.test/";
  options.key = std::string(cosmos::kEmulatorKey);
  auto client = cosmos::Client::create(runtime, transport, options);
  CHECK(client.has_value());
  // 200 and 304 only: other answers are waited for and asked again.
  transport.answer.status = take_line(input).starts_with("304") ? 304 : 200;
  for (std::string_view line = take_line(input); !line.empty(); line = take_line(input)) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) break;
    transport.answer.headers.add(std::string(line.substr(0, colon)),
                                 std::string(line.substr(std::min(colon + 2, line.size()))));
  }
  transport.answer.body = input;
  std::stop_source stop;
  (void)(*client)->partition_key_ranges({"d", "c"}, stop.get_token());
  for (const auto mode : {cosmos::FeedMode::latest_version, cosmos::FeedMode::all_versions}) {
    cosmos::FeedRequest request;
    request.mode = mode;
    request.range_id = "0";
    auto page = (*client)->read_change_feed({"d", "c"}, request, stop.get_token());
    if (!page || page->not_modified) continue;
    CHECK(!page->continuation.empty());
    capture::PageDecoder decoder(kKey);
    capture::DecodeContext context;
    repo::VersionBatch batch;
    (void)decoder.decode(mode, std::move(page->body), context, batch);
  }
}

}  // namespace halley
