// Feeds of documents: read feed, change feeds, and the ranges they are read by.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "cosmos/resource_id.h"
#include "http/message.h"
#include "json/writer.h"
#include "server/document_routes.h"
#include "server/document_scan.h"
#include "server/page.h"
#include "server/refusal.h"

namespace halley::server {
namespace {

// Pages cost by their size.
double page_charge(const Reply& reply) { return 1.0 + static_cast<double>(reply.body.size()) / 10240.0; }

// "37" (with or without the quotes) -> 37.
Result<std::uint64_t> parse_lsn_tag(std::string_view tag) {
  std::string_view digits = tag;
  if (digits.size() >= 2 && digits.front() == '"' && digits.back() == '"') digits = digits.substr(1, digits.size() - 2);
  std::uint64_t lsn = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), lsn);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size()) {
    return refuse(400, fmt::format("If-None-Match '{}' is not a continuation of this feed.", tag));
  }
  return lsn;
}

Result<ChangesRequest> changes_request(const Call& call, const DocumentRouteOptions& options) {
  ChangesRequest request;
  const std::string_view mode = call.header("a-im");
  if (http::equal_ignoring_case(mode, "Full-Fidelity Feed")) {
    request.all_versions = true;
  } else if (!http::equal_ignoring_case(mode, "Incremental Feed")) {
    return refuse(400, fmt::format("A-IM '{}' is not known.", mode));
  }
  if (request.all_versions && !options.all_versions_feed) {
    return refuse(400, "The all versions and deletes change feed is not enabled on this account.");
  }
  ASSIGN(request.selection, selection_headers(call));
  ASSIGN(request.limits, page_limits(call));
  const std::string_view tag = call.header("if-none-match");
  const std::string_view since = call.header("if-modified-since");
  if (request.all_versions && (tag.empty() || !since.empty())) {
    return refuse(400,
                  "The all versions and deletes change feed begins now or at a continuation, not at an earlier time.");
  }
  if (!since.empty()) {
    const auto moment = parse_http_date(since);
    if (!moment) return refuse(400, fmt::format("If-Modified-Since '{}' is not a date.", since));
    request.since = *moment;
  }
  if (!tag.empty() && tag != "*") {
    ASSIGN(request.after, parse_lsn_tag(tag));
  } else if (tag.empty() && since.empty()) {
    request.after = 0;
  }
  return request;
}

Result<Reply> serve_changes(const Call& call, Container& container, const DocumentRouteOptions& options) {
  ASSIGN(const ChangesRequest request, changes_request(call, options));
  ASSIGN(const ChangesPage page, container.read_changes(request));
  Reply reply = json_reply(304, {});
  if (!page.entries.empty()) {
    const bool envelopes = !call.header("x-ms-cosmos-changefeed-wire-format-version").empty();
    reply = json_reply(200, request.all_versions ? all_versions_page(container.rid(), page.entries, container.key())
                                                 : latest_page(container.rid(), page.entries, envelopes));
  }
  reply.headers.add("etag", fmt::format("\"{}\"", page.next));
  reply.headers.add("x-ms-item-count", std::to_string(page.entries.size()));
  set_charge(reply, page_charge(reply));
  set_position(reply, page.position);
  return reply;
}

// The documents themselves. A page is continued behind the number of its last one.
Result<Reply> serve_documents_feed(const Call& call, Container& container) {
  ASSIGN(const PageLimits limits, page_limits(call));
  ASSIGN(const Selection selection, selection_headers(call));
  const std::string_view continuation = call.header("x-ms-continuation");
  std::uint64_t after = 0;
  const auto [end, error] = std::from_chars(continuation.data(), continuation.data() + continuation.size(), after);
  if (!continuation.empty() && (error != std::errc() || end != continuation.data() + continuation.size())) {
    return refuse(400, fmt::format("The continuation '{}' is not one of this server.", continuation));
  }
  DocumentScan scan(container, selection, after);
  std::vector<DocumentPtr> documents;
  std::size_t bytes = 0;
  for (;;) {
    ASSIGN(const DocumentPtr document, scan.next());
    if (document == nullptr) {
      after = 0;
      break;
    }
    bytes += document->text.size() + 1;
    if (documents.size() >= limits.items || (!documents.empty() && bytes > limits.bytes)) break;
    after = document->number;
    documents.push_back(document);
  }
  Reply reply = json_reply(200, documents_page(container.rid(), documents));
  if (after > 0) reply.headers.add("x-ms-continuation", std::to_string(after));
  reply.headers.add("x-ms-item-count", std::to_string(documents.size()));
  set_charge(reply, page_charge(reply));
  if (!scan.positions().empty()) set_position(reply, scan.positions().back());
  return reply;
}

void append_range(json::Writer& writer, const Container& container, const RangeInfo& range, double fraction) {
  const auto number = static_cast<std::uint64_t>(std::stoul(range.id));
  const std::string rid = cosmos::child_rid(container.rid(), cosmos::ChildKind::range, number + 1);
  writer.begin_object().member("id", range.id).member("_rid", rid);
  writer.member("_self", fmt::format("{}pkranges/{}/", container.self(), rid));
  writer.member("_etag", fmt::format("\"0000{:04x}-0000-0d00-0000-000000000000\"", number + 1));
  writer.member("minInclusive", cosmos::epk_to_hex(range.range.min));
  writer.member("maxExclusive", cosmos::epk_to_hex(range.range.max));
  writer.key("ridPrefix").unsigned_integer(number).key("throughputFraction").real(fraction);
  writer.member("status", "online").key("parents").begin_array();
  for (const std::string& parent : range.parents) writer.string(parent);
  writer.end_array().key("_lsn").unsigned_integer(range.lsn).end_object();
}

}  // namespace

Result<Reply> serve_feed(const Call& call, Container& container, const DocumentRouteOptions& options) {
  if (!call.header("a-im").empty()) return serve_changes(call, container, options);
  return serve_documents_feed(call, container);
}

Result<Reply> serve_ranges(const Call& call, Container& container) {
  if (call.method() != "GET") return refuse(405, "Partition key ranges can only be read.");
  if (call.path.size() > 6) return refuse(400, fmt::format("The path has an unknown part '{}'.", call.path[6]));
  // The version first: when a split comes in between, the client asks again.
  const std::string etag = fmt::format("\"{}\"", container.ranges_version());
  const std::vector<RangeInfo> ranges = container.ranges();
  const double fraction = 1.0 / static_cast<double>(ranges.size());
  if (call.path.size() == 6) {
    const auto range = std::find_if(ranges.begin(), ranges.end(), [&](const auto& r) { return r.id == call.path[5]; });
    if (range == ranges.end()) return refuse(404, "Entity with the specified id does not exist in the system.");
    std::string body;
    json::Writer writer(body);
    append_range(writer, container, *range, fraction);
    return json_reply(200, std::move(body));
  }
  if (!call.header("a-im").empty() && call.header("if-none-match") == etag) {
    Reply reply = json_reply(304, {});
    reply.headers.add("etag", etag);
    return reply;
  }
  std::string body;
  json::Writer writer(body);
  writer.begin_object().member("_rid", container.rid()).key("PartitionKeyRanges").begin_array();
  for (const RangeInfo& range : ranges) append_range(writer, container, range, fraction);
  writer.end_array().member_integer("_count", static_cast<std::int64_t>(ranges.size())).end_object();
  Reply reply = json_reply(200, std::move(body));
  reply.headers.add("etag", etag);
  reply.headers.add("x-ms-item-count", std::to_string(ranges.size()));
  return reply;
}

}  // namespace halley::server
