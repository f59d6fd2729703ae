#include "server/exchange.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "http/message.h"
#include "json/writer.h"
#include "server/refusal.h"

namespace halley::server {
namespace {

// Header values are ASCII: what is not is percent-encoded.
std::string ascii(std::string_view names) {
  const bool plain = std::all_of(names.begin(), names.end(), [](char c) { return c > ' ' && c < '\x7F'; });
  if (plain) return std::string(names);
  std::string out;
  for (std::size_t begin = 0; begin <= names.size();) {
    const std::size_t end = std::min(names.find('/', begin), names.size());
    if (begin > 0) out += '/';
    out += http::percent_encode(names.substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}

bool is_document_place(const std::vector<std::string>& segments) {
  return segments.size() == 5 && segments[0] == "dbs" && segments[2] == "colls" && segments[4] == "docs";
}

}  // namespace

std::vector<std::string> Call::path_to(std::size_t segments) const {
  return {path.begin(), path.begin() + static_cast<std::ptrdiff_t>(std::min(segments, path.size()))};
}

Result<std::vector<std::string>> split_target(std::string_view target) {
  std::vector<std::string> segments;
  while (!target.empty()) {
    if (target.front() == '/') {
      target.remove_prefix(1);
      continue;
    }
    std::size_t end = std::min(target.find('/'), target.size());
    if (!is_document_place(segments)) {
      const std::size_t query = target.find('?');
      if (query < end) {
        end = query;
        target = target.substr(0, end);
      }
    }
    if (end == 0) break;
    auto segment = http::percent_decode(target.substr(0, end));
    if (!segment) return refuse(400, "The path is not percent-encoded correctly.");
    segments.push_back(std::move(*segment));
    target.remove_prefix(end);
  }
  return segments;
}

namespace {

// Only there do the headers of queries mean one: any request may carry them.
bool is_post_on_a_feed(const Call& call) { return call.method() == "POST" && call.path.size() % 2 == 1; }

}  // namespace

bool is_query(const Call& call) {
  return is_post_on_a_feed(call) && (call.header("content-type").starts_with("application/query+json") ||
                                     call.is_true("x-ms-documentdb-isquery") || call.is_true("x-ms-documentdb-query"));
}

bool is_query_plan(const Call& call) {
  return is_post_on_a_feed(call) && call.is_true("x-ms-cosmos-is-query-plan-request");
}

bool is_bulk(const Call& call) {
  return call.is_true("x-ms-cosmos-is-batch-request") && !call.is_true("x-ms-cosmos-batch-atomic");
}

bool changes_something(const Call& call) {
  return call.method() != "GET" && call.method() != "HEAD" && !is_query(call) && !is_query_plan(call);
}

Result<PageLimits> page_limits(const Call& call) {
  PageLimits limits;
  const std::string_view text = call.header("x-ms-max-item-count");
  if (text.empty()) return limits;
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size() || count < -1 || count == 0) {
    return refuse(400, fmt::format("x-ms-max-item-count '{}' is not a positive number or -1.", text));
  }
  limits.items = count == -1 ? std::numeric_limits<std::size_t>::max() : static_cast<std::size_t>(count);
  return limits;
}

Result<std::optional<std::string>> key_header(const Call& call) {
  const std::string_view text = call.header("x-ms-documentdb-partitionkey");
  if (text.empty()) return std::optional<std::string>();
  auto key = cosmos::canonical_key(text);
  if (!key) return refuse(400, fmt::format("The partition key '{}' is invalid: {}", text, key.error().message));
  return std::optional<std::string>(std::move(*key));
}

Result<ReplicaView> replica_view(const Call& call) {
  ReplicaView view{call.behind, {}};
  std::string_view tokens = call.header("x-ms-session-token");
  while (!tokens.empty()) {
    const std::string_view token = tokens.substr(0, tokens.find(','));
    tokens.remove_prefix(std::min(token.size() + 1, tokens.size()));
    const std::size_t colon = token.find(':');
    const std::size_t hash = token.find('#');
    if (colon == std::string_view::npos || hash == std::string_view::npos || hash < colon) {
      return refuse(400, fmt::format("The session token '{}' is invalid.", token));
    }
    const std::string_view digits = token.substr(hash + 1, token.find('#', hash + 1) - hash - 1);
    SeenPosition seen{std::string(token.substr(0, colon)), 0};
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seen.lsn);
    if (digits.empty() || error != std::errc() || end != digits.data() + digits.size()) {
      return refuse(400, fmt::format("The session token '{}' is invalid.", token));
    }
    view.seen.push_back(std::move(seen));
  }
  return view;
}

Result<Selection> selection_headers(const Call& call) {
  Selection selection;
  ASSIGN(selection.replica, replica_view(call));
  // Some clients put the container's rid before the range id.
  std::string_view range_id = call.header("x-ms-documentdb-partitionkeyrangeid");
  if (const auto comma = range_id.rfind(','); comma != std::string_view::npos) range_id.remove_prefix(comma + 1);
  selection.range_id = range_id;
  ASSIGN(const auto key, key_header(call));
  selection.key = key.value_or("");
  if (selection.key == "[]") selection.key.clear();
  const std::string_view start = call.header("x-ms-start-epk");
  const std::string_view end = call.header("x-ms-end-epk");
  if (start.empty() && end.empty()) return selection;
  if (http::equal_ignoring_case(call.header("x-ms-read-key-type"), "EffectivePartitionKey")) {
    return refuse(400, "x-ms-read-key-type must be EffectivePartitionKeyRange.");
  }
  const auto min = cosmos::epk_from_hex(start);
  const auto max = cosmos::epk_from_hex(end);
  if (!min || !max || *min >= *max) return refuse(400, "x-ms-start-epk and x-ms-end-epk must be a range in hex.");
  selection.epks = cosmos::HashRange{*min, *max};
  return selection;
}

Reply json_reply(int status, std::string body) {
  Reply reply;
  reply.status = status;
  if (!body.empty()) reply.headers.add("content-type", "application/json");
  reply.body = std::move(body);
  return reply;
}

void set_charge(Reply& reply, double charge) {
  reply.headers.set("x-ms-request-charge", fmt::format("{:.2f}", charge));
}

void set_position(Reply& reply, const Position& position) {
  reply.headers.set("x-ms-documentdb-partitionkeyrangeid", position.range_id);
  reply.headers.set("x-ms-session-token", fmt::format("{}:1#{}", position.range_id, position.lsn));
  reply.headers.set("lsn", std::to_string(position.lsn));
}

void set_owner(Reply& reply, std::string_view names, std::string_view rid) {
  reply.headers.set("x-ms-alt-content-path", ascii(names));
  reply.headers.set("x-ms-content-path", std::string(rid));
}

Reply error_reply(const Error& error) {
  const int status = error.status != 0 ? error.status : 500;
  std::string body = R"({"code":")";
  body += status_name(status);
  body += R"(","message":)";
  json::append_string(body, error.message);
  body += '}';
  Reply reply = json_reply(status, std::move(body));
  if (error.sub_status != 0) reply.headers.add("x-ms-substatus", std::to_string(error.sub_status));
  if (error.retry_after) reply.headers.add("x-ms-retry-after-ms", std::to_string(error.retry_after->count()));
  return reply;
}

}  // namespace halley::server
