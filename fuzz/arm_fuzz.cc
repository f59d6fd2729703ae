// Requests to the emulator's Resource Manager: request line, header fields, an empty line, a body. Signed in, so that
// what is behind the door is reached; an operation that one begins is looked at until it is done.
#include <algorithm>
#include <cctype>
#include <memory>

#include "arm/gateway.h"
#include "base/check.h"
#include "fuzz/answering.h"
#include "fuzz/target.h"
#include "server/engine.h"
#include "testing/virtual_runtime.h"

namespace halley {
namespace {

constexpr std::string_view kHost = "azure.test";
constexpr std::string_view kInstance = "00000000-0000-4000-8000-00000000000a";  // seeds restore from it
constexpr std::string_view kOrders =
    R"({"id":"orders","partitionKey":{"paths":["/pk"],"kind":"Hash","version":2},"defaultTtl":60})";

// An account with a container, and another container that was deleted.
class World {
 public:
  World() {
    shop_ = azure_.new_account("shop", {"West US", "East US"});
    shop_->instance = kInstance;
    shop_->tier = "Continuous30Days";
    CHECK(azure_.start(*shop_));
    azure_.add(shop_);
    server::Engine& engine = shop_->emulator->account().engine();
    CHECK(engine.create_database("store"));
    for (const std::string name : {"orders", "carts"}) {
      std::string definition(kOrders);
      CHECK(engine.create_container("store", definition.replace(definition.find("orders"), 6, name)));
      CHECK(engine.upsert("store", name, R"({"id":"1","pk":"a"})"));
    }
    azure_.advance(60);
    CHECK(engine.remove({"dbs", "store", "colls", "carts"}));
  }

  arm::Reply send(std::string_view method, std::string_view target, http::Headers headers, std::string_view body) {
    headers.set("host", std::string(kHost));
    if (headers.find("authorization") == nullptr) headers.add("authorization", "Bearer t");
    return gateway_.handle({method, target, headers, body});
  }

  // The status of what a reply began, and what it made, until neither says that it goes on.
  void follow(const arm::Reply& begun) {
    for (const std::string_view name : {"azure-asyncoperation", "location"}) {
      const std::string url(begun.headers.get(name));
      const std::size_t path = url.find('/', std::string_view("https://").size());
      if (path == std::string::npos) continue;
      for (int looks = 0; looks < 4; ++looks) check(send("GET", url.substr(path), {}, ""));
    }
  }

  // Whatever is asked for is answered in JSON, or with a status that has no body.
  static void check(const arm::Reply& reply) {
    if (reply.drop_connection) return;  // a fault that was asked for
    CHECK(reply.status >= 200 && reply.status <= 599);
    if (reply.body.empty()) {
      CHECK(reply.status == 204);
      return;
    }
    CHECK(json::parse(reply.body));
    CHECK(reply.headers.get("content-type").starts_with("application/json"));
  }

 private:
  testing::VirtualRuntime runtime_{Second{1795000000}};
  arm::Subscription azure_{runtime_, {"sub", "rg", {}, 2}};
  arm::Gateway gateway_{azure_, true};
  std::shared_ptr<arm::ManagedAccount> shop_;
};

// What the listener lets in as a method.
bool is_method(std::string_view method) {
  return !method.empty() && std::all_of(method.begin(), method.end(), [](unsigned char c) { return std::isalpha(c); });
}

}  // namespace

void fuzz_one(std::string_view input) {
  // A new world now and then: what one input leaves behind is part of the next one's, but not for ever.
  static std::unique_ptr<World> world;
  static int uses = 0;
  if (world == nullptr || ++uses % 10 == 0) world = std::make_unique<World>();
  const std::string_view first = take_line(input);
  const std::size_t space = std::min(first.find(' '), first.size());
  const std::string_view method = first.substr(0, space);
  const std::string_view target = first.substr(std::min(space + 1, first.size()));
  if (!is_method(method)) return;
  http::Headers headers = take_headers(input);
  const arm::Reply reply = world->send(method, target, std::move(headers), input);
  World::check(reply);
  world->follow(reply);
  World::check(world->send("POST", "/_emulator/fault", {}, R"({"clear":true})"));
}

}  // namespace halley
