// Azure Resource Manager beside the embedded server, for the accounts of one subscription: what `halley emulator
// --arm` serves. It answers what `halley native` and the official @azure/arm-cosmosdb client ask for, and restores
// really, from the history of the accounts it serves (docs/emulator.md, docs/resource-manager.md).
#pragma once

#include <memory>
#include <string>

#include "http/listener.h"
#include "runtime/runtime.h"
#include "server/emulator.h"
#include "server/resource_history.h"

namespace halley::arm {

inline constexpr std::string_view kSubscription = "00000000-0000-4000-8000-000000000000";
inline constexpr std::string_view kResourceGroup = "halley-rg";
inline constexpr std::string_view kTenant = "00000000-0000-4000-8000-000000000001";
inline constexpr std::string_view kLocation = "West US";

struct EndpointOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  http::GeneratedCertificate certificate;  // it is always served by TLS: clients send tokens to nothing else
  bool test_door = false;                  // POST /_emulator/…: docs/fault-injection.md
  server::EmulatorOptions accounts;        // how the accounts that it makes are served
};

// The account that is there from the beginning. It has a continuous backup of 30 days from now on.
struct FirstAccount {
  std::string name;
  std::vector<std::string> regions;                  // none = kLocation
  std::shared_ptr<server::Emulator> emulator;        // begun with `history`
  std::shared_ptr<server::ResourceHistory> history;  // not null
};

class Endpoint {
 public:
  // Binds and serves until it is destroyed. Fails with io, naming the address.
  static Result<std::unique_ptr<Endpoint>> start(Runtime& runtime, EndpointOptions options, FirstAccount first);
  ~Endpoint();

  std::string url() const;  // "https://127.0.0.1:PORT"

 private:
  Endpoint();
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace halley::arm
