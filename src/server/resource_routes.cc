#include "server/resource_routes.h"

#include <fmt/format.h>

#include <charconv>

#include "server/page.h"
#include "server/query_request.h"
#include "server/refusal.h"

namespace halley::server {
namespace {

// The throughput asked for by the headers of a create request.
Result<Throughput> throughput_headers(const Call& call) {
  Throughput throughput;
  const std::string_view manual = call.header("x-ms-offer-throughput");
  const std::string_view autopilot = call.header("x-ms-cosmos-offer-autopilot-settings");
  if (!autopilot.empty()) {
    const auto settings = json::parse(autopilot);
    const json::Value* maximum = settings ? settings->find("maxThroughput") : nullptr;
    const auto units = maximum != nullptr ? maximum->as_integer() : std::nullopt;
    if (!units || *units < 1000) return refuse(400, "The autoscale maxThroughput must be 1000 or more.");
    throughput.content = json::Value::object(
        {{"offerThroughput", json::Value::integer(*units / 10)}, {"offerAutopilotSettings", *settings}});
  } else if (!manual.empty()) {
    std::int64_t units = 0;
    const auto [end, error] = std::from_chars(manual.data(), manual.data() + manual.size(), units);
    if (error != std::errc() || end != manual.data() + manual.size() || units < 1) {
      return refuse(400, fmt::format("x-ms-offer-throughput '{}' is not a number of request units.", manual));
    }
    throughput.content = json::Value::object({{"offerThroughput", json::Value::integer(units)}});
  }
  return throughput;
}

Result<json::Value> parse_body(const Call& call) {
  auto value = json::parse(call.request.body);
  if (!value) return refuse(400, "The request payload is invalid: " + value.error().message);
  return std::move(*value);
}

Reply resource_reply(int status, const ResourceView& view) {
  Reply reply = json_reply(status, {});
  reply.headers.add("content-type", "application/json");
  reply.headers.add("etag", view.etag);
  reply.shared_body = view.text;
  return reply;
}

Reply feed_reply(const Engine::Listing& listing, const ResourceTraits& traits,
                 const std::vector<std::shared_ptr<const std::string>>& texts) {
  Reply reply = json_reply(200, resources_page(listing.parent.rid, traits.envelope, texts));
  reply.headers.add("x-ms-item-count", std::to_string(texts.size()));
  if (!listing.parent.names.empty()) set_owner(reply, listing.parent.names, listing.parent.rid);
  return reply;
}

// A page of a listing. The continuation is the place of its first resource.
Result<Reply> serve_list(const Call& call, Engine& engine, const ResourceTraits& traits) {
  ASSIGN(PageLimits limits, page_limits(call));
  ASSIGN(Engine::Listing listing, engine.list(call.path_to(call.path.size() - 1), traits.kind));
  std::size_t begin = 0;
  const std::string_view continuation = call.header("x-ms-continuation");
  const auto [end, error] = std::from_chars(continuation.data(), continuation.data() + continuation.size(), begin);
  if (!continuation.empty() && (error != std::errc() || end != continuation.data() + continuation.size())) {
    return refuse(400, fmt::format("The continuation '{}' is not one of this server.", continuation));
  }
  begin = std::min(begin, listing.texts.size());
  const std::size_t count = std::min(limits.items, listing.texts.size() - begin);
  const auto first = listing.texts.begin() + static_cast<std::ptrdiff_t>(begin);
  Reply reply = feed_reply(listing, traits, {first, first + static_cast<std::ptrdiff_t>(count)});
  if (begin + count < listing.texts.size()) {
    reply.headers.add("x-ms-continuation", std::to_string(begin + count));
  }
  return reply;
}

Result<Reply> serve_resource_query(const Call& call, Engine& engine, const ResourceTraits& traits) {
  ASSIGN(const query::Query query, read_query(call.request.body));
  ASSIGN(const query::RunOptions options, run_options(call, engine.stamps().now()));
  ASSIGN(const Engine::Listing listing, engine.list(call.path_to(call.path.size() - 1), traits.kind));
  auto run = query::Run::start(query, options, call.header("x-ms-continuation"));
  if (!run) return fail(as_refusal(std::move(run).error()));
  for (std::size_t i = 0; i < listing.texts.size() && query.reads_documents(); ++i) {
    if (i + 1 <= run->after()) continue;
    const auto more = run->add(i + 1, *listing.texts[i]);
    if (!more) return fail(as_refusal(more.error()));
    if (!*more) break;
  }
  auto page = run->finish();
  if (!page) return fail(as_refusal(std::move(page).error()));
  Reply reply = rows_reply(call, listing.parent.rid, traits.envelope, *page);
  if (!listing.parent.names.empty()) set_owner(reply, listing.parent.names, listing.parent.rid);
  return reply;
}

Result<Reply> serve_create(const Call& call, Engine& engine, const ResourceTraits& traits) {
  ASSIGN(json::Value definition, parse_body(call));
  ASSIGN(const Throughput throughput, throughput_headers(call));
  Engine::Path path = call.path_to(call.path.size() - 1);
  auto created = engine.create(path, traits.kind, definition, throughput);
  int status = 201;
  if (!created && created.error().status == 409 && call.is_true("x-ms-documentdb-is-upsert")) {
    path.emplace_back(traits.keyword);
    path.push_back(definition.string_at("id"));
    created = engine.replace(path, std::move(definition));
    status = 200;
  }
  if (!created) return fail(std::move(created).error());
  return resource_reply(status, *created);
}

Result<Reply> serve_feed_path(const Call& call, Engine& engine, const ResourceTraits& traits) {
  if (call.method() == "GET") return serve_list(call, engine, traits);
  if (call.method() != "POST") return refuse(405, fmt::format("{} is not offered for a feed.", call.method()));
  if (is_query_plan(call)) return refuse(400, "Query plans are made for documents only.");
  if (is_query(call)) return serve_resource_query(call, engine, traits);
  return serve_create(call, engine, traits);
}

Result<Reply> serve_resource(const Call& call, Engine& engine) {
  if (call.method() == "GET") {
    ASSIGN(const ResourceView view, engine.find(call.path));
    Reply reply = resource_reply(200, view);
    if (call.header("if-none-match") == view.etag) {
      reply.status = 304;
      reply.shared_body.reset();
    }
    return reply;
  }
  if (call.method() == "PUT") {
    ASSIGN(json::Value definition, parse_body(call));
    ASSIGN(const ResourceView view, engine.replace(call.path, std::move(definition), call.header("if-match")));
    return resource_reply(200, view);
  }
  if (call.method() == "DELETE") {
    TRY(engine.remove(call.path, call.header("if-match")));
    return json_reply(204, {});
  }
  ASSIGN(const ResourceView view, engine.find(call.path));
  if (call.method() == "POST" && view.kind == ResourceKind::sproc) {
    return refuse(400, "Executing stored procedures is not supported by this server yet.");
  }
  return refuse(405, fmt::format("{} is not offered for this resource.", call.method()));
}

}  // namespace

Result<Reply> serve_resources(const Call& call, Engine& engine) {
  if (call.path.size() % 2 == 0) return serve_resource(call, engine);
  // What the feed's owner is follows from the path, so that an unknown path is told apart from a missing owner.
  ResourceKind kind = ResourceKind::account;
  const ResourceTraits* traits = nullptr;
  for (std::size_t i = 0; i < call.path.size(); i += 2) {
    traits = find_traits(kind, call.path[i]);
    if (traits == nullptr) return refuse(400, fmt::format("The path has an unknown part '{}'.", call.path[i]));
    kind = traits->kind;
  }
  return serve_feed_path(call, engine, *traits);
}

}  // namespace halley::server
