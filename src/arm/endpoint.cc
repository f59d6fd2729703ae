#include "arm/endpoint.h"

#include <fmt/format.h>

#include "arm/gateway.h"

namespace halley::arm {

struct Endpoint::State {
  State(Runtime& runtime, SubscriptionOptions options, bool test_door)
      : subscription(runtime, std::move(options)), gateway(subscription, test_door) {}

  Subscription subscription;
  Gateway gateway;
  std::string url;
  std::unique_ptr<http::Listener> listener;  // last: it stops before what it serves goes
};

Result<std::unique_ptr<Endpoint>> Endpoint::start(Runtime& runtime, EndpointOptions options, FirstAccount first) {
  std::unique_ptr<Endpoint> endpoint(new Endpoint);
  SubscriptionOptions subscription{std::string(kSubscription), std::string(kResourceGroup),
                                   std::move(options.accounts)};
  endpoint->state_ = std::make_unique<State>(runtime, std::move(subscription), options.test_door);
  State& state = *endpoint->state_;
  if (first.regions.empty()) first.regions.emplace_back(kLocation);
  const auto account = state.subscription.new_account(first.name, std::move(first.regions));
  account->tier = "Continuous30Days";
  account->emulator = std::move(first.emulator);
  account->history = std::move(first.history);
  state.subscription.add(account);
  http::ListenerOptions listener;
  listener.address = options.address;
  listener.port = options.port;
  listener.certificate_pem = std::move(options.certificate.certificate_pem);
  listener.private_key_pem = std::move(options.certificate.private_key_pem);
  ASSIGN(state.listener, http::Listener::start(runtime, std::move(listener), [&state](const auto& request) {
           return state.gateway.handle(request);
         }));
  const bool ipv6 = options.address.find(':') != std::string::npos;
  state.url =
      fmt::format("https://{}{}{}:{}", ipv6 ? "[" : "", options.address, ipv6 ? "]" : "", state.listener->port());
  return endpoint;
}

Endpoint::Endpoint() = default;
Endpoint::~Endpoint() { state_->gateway.interrupt(); }

std::string Endpoint::url() const { return state_->url; }

}  // namespace halley::arm
