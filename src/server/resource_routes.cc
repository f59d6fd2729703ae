#include "server/resource_routes.h"

#include <fmt/format.h>

#include <charconv>

#include "server/page.h"
#include "server/query_request.h"
#include "server/refusal.h"
#include "server/resource_token.h"

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
    throughput.content = autoscale_content(*units);
    throughput.content.set("offerAutopilotSettings", *settings);  // whole: it may say more
  } else if (!manual.empty()) {
    std::int64_t units = 0;
    const auto [end, error] = std::from_chars(manual.data(), manual.data() + manual.size(), units);
    if (error != std::errc() || end != manual.data() + manual.size() || units < 1) {
      return refuse(400, fmt::format("x-ms-offer-throughput '{}' is not a number of request units.", manual));
    }
    throughput.content = manual_content(units);
  }
  return throughput;
}

Result<json::Value> parse_body(const Call& call) {
  auto value = json::parse(call.request.body);
  if (!value) return refuse(400, "The request payload is invalid: " + value.error().message);
  return std::move(*value);
}

// One request about resources: what every step of it needs.
struct Request {
  const Call& call;
  Engine& engine;
  std::string_view token_key;
};

using Text = std::shared_ptr<const std::string>;

// The text of a resource as answered: a permission comes with a token, fresh each time.
Result<Text> answered_text(const Request& request, ResourceKind kind, const Text& text) {
  if (kind != ResourceKind::permission) return text;
  ASSIGN(const std::int64_t seconds, token_seconds(request.call));
  ASSIGN(const json::Value permission, json::parse(*text));
  const Second expiry = request.engine.stamps().now() + seconds;
  const std::string token = make_resource_token(request.token_key, permission.string_at("_rid"), expiry);
  return std::make_shared<const std::string>(
      fmt::format(R"({},"_token":"{}"}})", std::string_view(*text).substr(0, text->size() - 1), token));
}

Result<Reply> resource_reply(const Request& request, int status, const ResourceView& view) {
  Reply reply = json_reply(status, {});
  reply.headers.add("content-type", "application/json");
  reply.headers.add("etag", view.etag);
  ASSIGN(reply.shared_body, answered_text(request, view.kind, view.text));
  return reply;
}

Result<Reply> feed_reply(const Request& request, const Engine::Listing& listing, const ResourceTraits& traits,
                         std::vector<Text> texts) {
  for (Text& text : texts) {
    ASSIGN(text, answered_text(request, traits.kind, text));
  }
  Reply reply = json_reply(200, resources_page(listing.parent.rid, traits.envelope, texts));
  reply.headers.add("x-ms-item-count", std::to_string(texts.size()));
  if (!listing.parent.names.empty()) set_owner(reply, listing.parent.names, listing.parent.rid);
  return reply;
}

// What a container tells of itself besides its definition.
void append_usage(const Call& call, const ResourceView& view, Reply& reply) {
  if (view.container == nullptr || !call.is_true("x-ms-documentdb-populatequotainfo")) return;
  const Container::Usage usage = view.container->usage();
  const std::size_t kilobytes = (usage.bytes + 1023) / 1024;
  reply.headers.add("x-ms-resource-quota",
                    "documentSize=10240;documentsSize=10485760;documentsCount=-1;collectionSize=10485760;");
  reply.headers.add("x-ms-resource-usage",
                    fmt::format("documentSize={0};documentsSize={0};documentsCount={1};collectionSize={0};", kilobytes,
                                usage.documents));
  reply.headers.add("x-ms-documentdb-collection-index-transformation-progress",
                    std::to_string(view.container->index_progress()));
}

// A page of a listing. The continuation is the place of its first resource.
Result<Reply> serve_list(const Request& request, const ResourceTraits& traits) {
  const auto& [call, engine, token_key] = request;
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
  ASSIGN(Reply reply, feed_reply(request, listing, traits, {first, first + static_cast<std::ptrdiff_t>(count)}));
  if (begin + count < listing.texts.size()) {
    reply.headers.add("x-ms-continuation", std::to_string(begin + count));
  }
  return reply;
}

Result<Reply> serve_resource_query(const Request& request, const ResourceTraits& traits) {
  const auto& [call, engine, token_key] = request;
  ASSIGN(const query::Query query, read_query(call.request.body));
  ASSIGN(const query::RunOptions options, run_options(call, engine.stamps().now()));
  ASSIGN(const Engine::Listing listing, engine.list(call.path_to(call.path.size() - 1), traits.kind));
  auto run = query::Run::start(query, options, call.header("x-ms-continuation"));
  if (!run) return fail(as_refusal(std::move(run).error()));
  for (std::size_t i = 0; i < listing.texts.size() && query.reads_documents(); ++i) {
    if (i + 1 <= run->after()) continue;
    ASSIGN(const Text text, answered_text(request, traits.kind, listing.texts[i]));
    const auto more = run->add(i + 1, *text);
    if (!more) return fail(as_refusal(more.error()));
    if (!*more) break;
  }
  auto page = run->finish();
  if (!page) return fail(as_refusal(std::move(page).error()));
  Reply reply = rows_reply(call, listing.parent.rid, traits.envelope, *page);
  if (!listing.parent.names.empty()) set_owner(reply, listing.parent.names, listing.parent.rid);
  return reply;
}

Result<Reply> serve_create(const Request& request, const ResourceTraits& traits) {
  const auto& [call, engine, token_key] = request;
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
  return resource_reply(request, status, *created);
}

Result<Reply> serve_feed_path(const Request& request, const ResourceTraits& traits) {
  const auto& [call, engine, token_key] = request;
  if (call.method() == "GET") return serve_list(request, traits);
  if (call.method() != "POST") return refuse(405, fmt::format("{} is not offered for a feed.", call.method()));
  if (is_query_plan(call)) return refuse(400, "Query plans are made for documents only.");
  if (is_query(call)) return serve_resource_query(request, traits);
  return serve_create(request, traits);
}

Result<Reply> serve_resource(const Request& request) {
  const auto& [call, engine, token_key] = request;
  if (call.method() == "GET") {
    ASSIGN(const ResourceView view, engine.find(call.path));
    ASSIGN(Reply reply, resource_reply(request, 200, view));
    append_usage(call, view, reply);
    if (call.header("if-none-match") == view.etag) {
      reply.status = 304;
      reply.shared_body.reset();
    }
    return reply;
  }
  if (call.method() == "PUT") {
    ASSIGN(json::Value definition, parse_body(call));
    ASSIGN(const ResourceView view, engine.replace(call.path, std::move(definition), call.header("if-match")));
    ASSIGN(Reply reply, resource_reply(request, 200, view));
    append_usage(call, view, reply);
    return reply;
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

Result<Reply> serve_resources(const Call& call, Engine& engine, std::string_view token_key) {
  const Request request{call, engine, token_key};
  if (call.path.size() % 2 == 0) return serve_resource(request);
  // What the feed's owner is follows from the path, so that an unknown path is told apart from a missing owner.
  ResourceKind kind = ResourceKind::account;
  const ResourceTraits* traits = nullptr;
  for (std::size_t i = 0; i < call.path.size(); i += 2) {
    traits = find_traits(kind, call.path[i]);
    if (traits == nullptr) return refuse(400, fmt::format("The path has an unknown part '{}'.", call.path[i]));
    kind = traits->kind;
  }
  return serve_feed_path(request, *traits);
}

}  // namespace halley::server
