// Partition key ranges, change feeds, read feed and point reads: docs/wire-protocol.md, partition key ranges and
// change feeds.
#include <charconv>

#include "cosmos/account_client.h"
#include "cosmos/live_ranges.h"

namespace halley::cosmos {
namespace {

constexpr std::string_view kWireFormat = "2021-09-15";  // all versions: {current, metadata} envelopes
constexpr int kWriteMoves = 3;                          // between regions, while a feed is asked
constexpr int kRangeReads = 40;                         // while the ranges are changing
constexpr Milliseconds kRangeReadPause{250};
constexpr std::size_t kShownEtag = 64;

std::optional<std::uint64_t> whole_number(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Result<Second> server_time(const http::Response& response, const std::string& what) {
  const std::string_view date = response.headers.get("Date");
  const auto time = parse_http_date(date);
  if (time) return *time;
  const std::string held =
      date.empty() ? "no Date header" : "a Date header that is no date: " + std::string(date.substr(0, 64));
  return fail(Error(Code::corrupt, "the answer has " + held,
                    "the service's clock dates what is read; look for a proxy that changes answers")
                  .in(what));
}

Result<PartitionKeyRange> parse_range(const Resource& resource) {
  PartitionKeyRange range;
  range.id = resource.id;
  const json::Value* max = resource.value.find("maxExclusive");
  if (resource.value.find("minInclusive") == nullptr || max == nullptr) {
    return fail(Code::corrupt, "partition key range " + resource.id + " has no bounds");
  }
  const auto min_bytes = epk_from_hex(resource.value.string_at("minInclusive"));
  const auto max_bytes = epk_from_hex(max->text());
  if (!min_bytes || !max_bytes) return fail(Code::corrupt, "partition key range " + resource.id + " has odd bounds");
  range.range = {*min_bytes, *max_bytes};
  if (const json::Value* parents = resource.value.find("parents"); parents != nullptr) {
    for (const json::Value& parent : parents->items()) range.parents.push_back(parent.text());
  }
  return range;
}

ResourcePath documents_of(const ContainerName& name) {
  return resource_path({"dbs", name.database, "colls", name.container, "docs"});
}

Call change_feed_call(const ContainerName& name, const FeedRequest& request) {
  Call call;
  call.method = "GET";
  call.path = documents_of(name);
  call.operation = Operation::change_feed;
  call.what = "reading the change feed of " + name.text();
  if (request.mode == FeedMode::latest_version) {
    call.headers.add("A-IM", "Incremental feed");
  } else {
    call.headers.add("A-IM", "Full-Fidelity Feed");
    call.headers.add("x-ms-cosmos-changefeed-wire-format-version", std::string(kWireFormat));
  }
  call.container = name.text();
  call.range_id = request.range_id;
  call.write_regions_only = !request.any_region;
  if (!request.continuation.empty()) call.headers.add("If-None-Match", request.continuation);
  if (request.part) {
    call.headers.add("x-ms-start-epk", epk_to_hex(request.part->min));
    call.headers.add("x-ms-end-epk", epk_to_hex(request.part->max));
    call.headers.add("x-ms-read-key-type", "EffectivePartitionKeyRange");
  }
  return call;
}

}  // namespace

std::string AccountClient::page_items(std::size_t asked) const {
  const std::size_t items = asked != 0 ? asked : max_page_items_;
  return items == 0 ? "-1" : std::to_string(items);
}

Result<std::vector<PartitionKeyRange>> AccountClient::partition_key_ranges(const ContainerName& name,
                                                                           std::stop_token stop) {
  const std::string what = "reading the partition key ranges of " + name.text();
  for (int reads = 1;; ++reads) {
    ASSIGN(const auto resources, list(resource_path({"dbs", name.database, "colls", name.container, "pkranges"}),
                                      "PartitionKeyRanges", what, stop));
    std::vector<PartitionKeyRange> ranges;
    for (const Resource& resource : resources) {
      auto range = parse_range(resource);
      if (!range) return fail(std::move(range.error()).in(what));
      ranges.push_back(std::move(*range));
    }
    auto live = live_ranges(std::move(ranges));
    if (live) return live;
    if (reads == kRangeReads) return fail(Error(Code::unavailable, live.error().message).in(what));
    if (!sender_.runtime().sleep(kRangeReadPause, stop)) return fail(Error(Code::cancelled, "stopped").in(what));
  }
}

// A region that lost the writes may lag, and know of neither. So where an account has several, a 304 counts once the
// account record, read after it and elsewhere where that can be, names the same regions for writes as before it.
Outcome AccountClient::ask_change_feed(const Call& call, std::stop_token stop) {
  for (int asked = 1;; ++asked) {
    const std::string before = sender_.regions().where_writes_go();
    Outcome outcome = sender_.send(call, stop);
    if (!outcome.response || outcome.response->status != 304 || before.empty() || !outcome.from_write_region) {
      return outcome;
    }
    std::vector<std::string> not_first = sender_.regions().write_endpoints();
    not_first.push_back(outcome.base);
    const auto account = read_account(std::move(not_first), stop);
    if (!account) {
      outcome.response = fail(Error(account.error()).in(call.what));
      return outcome;
    }
    if (sender_.regions().where_writes_go(account->value) == before) return outcome;
    if (asked == kWriteMoves) {
      outcome.response = fail(Error(Code::unavailable, "writes keep moving between regions").in(call.what));
      return outcome;
    }
  }
}

std::optional<std::uint64_t> position_of(std::string_view continuation) { return whole_number(continuation); }

Result<FeedPage> AccountClient::read_change_feed(const ContainerName& name, const FeedRequest& request,
                                                 std::stop_token stop) {
  Call call = change_feed_call(name, request);
  call.headers.add("x-ms-max-item-count", page_items(request.max_items));
  Outcome outcome = ask_change_feed(call, stop);
  ASSIGN(http::Response response, std::move(outcome.response));
  const auto corrupt = [&](std::string message) {
    return fail(Error(Code::corrupt, std::move(message)).in(call.what));
  };

  FeedPage page;
  page.from_write_region = outcome.from_write_region;
  page.not_modified = response.status == 304;
  page.continuation = response.headers.get("ETag");
  if (page.continuation.empty()) return corrupt("the answer has no etag to continue from");
  auto lsn = position_of(page.continuation);
  if (!lsn) lsn = whole_number(response.headers.get("lsn"));
  if (!lsn) return corrupt("the answer names no position: neither its etag nor its header lsn is a whole number");
  page.lsn = *lsn;
  if (!page.not_modified && page.continuation == request.continuation) {
    return corrupt("the service gave a page that leads nowhere: its etag " + page.continuation.substr(0, kShownEtag) +
                   " is the one that was asked for");
  }
  ASSIGN(page.server_time, server_time(response, call.what));
  page.round_trip = response.round_trip;
  page.items = static_cast<std::size_t>(whole_number(response.headers.get("x-ms-item-count")).value_or(0));
  page.session_token = response.headers.get("x-ms-session-token");
  if (!page.not_modified) {
    if (response.body.empty()) return corrupt("a page without a body");
    page.body = std::move(response.body);
  }
  return page;
}

Result<ReadPage> AccountClient::read_documents(const ContainerName& name, std::string_view range_id,
                                               std::string_view continuation, std::stop_token stop) {
  Call call;
  call.method = "GET";
  call.path = documents_of(name);
  call.operation = Operation::read_feed;
  call.what = "reading the documents of " + name.text();
  call.container = name.text();
  call.keeps_session = true;
  call.range_id = range_id;
  call.headers.add("x-ms-max-item-count", page_items(0));
  if (!continuation.empty()) call.headers.add("x-ms-continuation", std::string(continuation));
  ASSIGN(http::Response response, sender_.send(call, stop).response);
  ReadPage page;
  page.continuation = response.headers.get("x-ms-continuation");
  if (!page.continuation.empty() && page.continuation == continuation) {
    return fail(Error(Code::corrupt, "the service gave the same continuation twice").in(call.what));
  }
  ASSIGN(page.server_time, server_time(response, call.what));
  if (response.body.empty()) return fail(Error(Code::corrupt, "a page without a body").in(call.what));
  page.body = std::move(response.body);
  return page;
}

Result<ReadDocument> AccountClient::read_document(const ContainerName& name, std::string_view id,
                                                  std::string_view partition_key, std::stop_token stop) {
  Call call;
  call.method = "GET";
  call.path = resource_path({"dbs", name.database, "colls", name.container, "docs", id});
  call.operation = Operation::point_read;
  call.what = "reading a document of " + name.text();
  call.container = name.text();
  call.keeps_session = true;
  call.headers.add("x-ms-documentdb-partitionkey", header_text(partition_key));
  ASSIGN(http::Response response, sender_.send(call, stop).response);
  if (response.body.empty()) return fail(Error(Code::corrupt, "an answer without a body").in(call.what));
  return ReadDocument{std::move(response.body), whole_number(response.headers.get("x-ms-item-lsn"))};
}

}  // namespace halley::cosmos
