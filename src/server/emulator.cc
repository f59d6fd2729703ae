#include "server/emulator.h"

#include <fmt/format.h>

#include <map>

#include "codec/base64.h"
#include "server/topology.h"

namespace halley::server {
namespace {

bool is_loopback(std::string_view address) { return address.starts_with("127.") || address == "::1"; }

}  // namespace

struct Emulator::State {
  State(Runtime& runtime, AccountOptions options) : account(runtime, std::move(options)) {}

  Account account;
  std::string certificate_pem;
  std::string endpoint;
  std::string host;
  std::map<std::string, std::string, std::less<>> region_endpoints;
  std::vector<std::unique_ptr<http::Listener>> listeners;  // last: they stop before what they serve goes
};

Result<std::unique_ptr<Emulator>> Emulator::start(Runtime& runtime, EmulatorOptions options) {
  if (options.account.account_id == "localhost") {
    return fail(Code::invalid_argument, "an account can't be called localhost", "clients treat that name apart");
  }
  if (!options.account.key.empty() && !codec::base64_decode(options.account.key)) {
    return fail(Code::invalid_argument, "the account key is not base64");
  }
  if (options.account.test_door && !is_loopback(options.address)) {
    return fail(Code::invalid_argument, "the test door is open to everyone who can reach it",
                "listen on 127.0.0.1, or leave it off");
  }
  options.account.https = options.tls;
  std::unique_ptr<Emulator> emulator(new Emulator);
  emulator->state_ = std::make_unique<State>(runtime, options.account);
  State& state = *emulator->state_;
  TRY(state.account.recover());
  http::ListenerOptions listener;
  listener.address = options.address;
  listener.port = options.port;
  if (options.tls) {
    http::GeneratedCertificate certificate;
    if (options.certificate) {
      certificate = *std::move(options.certificate);
    } else {
      ASSIGN(certificate, http::generate_certificate({options.address, "localhost"}));
    }
    state.certificate_pem = certificate.certificate_pem;
    listener.certificate_pem = std::move(certificate.certificate_pem);
    listener.private_key_pem = std::move(certificate.private_key_pem);
  }
  const auto handle = [&state](const http::ServerRequest& request) { return state.account.handle(request); };
  const bool ipv6 = options.address.find(':') != std::string::npos;
  const auto listen = [&](http::ListenerOptions listening) -> Result<std::string> {
    ASSIGN(auto started, http::Listener::start(runtime, std::move(listening), handle));
    state.listeners.push_back(std::move(started));
    return fmt::format("{}{}{}:{}", ipv6 ? "[" : "", options.address, ipv6 ? "]" : "", state.listeners.back()->port());
  };
  const std::string_view scheme = options.tls ? "https" : "http";
  ASSIGN(state.host, listen(listener));
  state.endpoint = fmt::format("{}://{}/", scheme, state.host);
  for (const RegionOptions& region : options.account.regions) {
    listener.port = 0;
    ASSIGN(const std::string region_host, listen(listener));
    state.account.topology().set_host(region.name, region_host);
    state.region_endpoints[region.name] = fmt::format("{}://{}/", scheme, region_host);
  }
  return emulator;
}

Emulator::Emulator() = default;
Emulator::~Emulator() { state_->account.interrupt(); }

void Emulator::stop_serving() {
  state_->account.interrupt();
  state_->listeners.clear();
}

std::string Emulator::endpoint() const { return state_->endpoint; }
std::string Emulator::region_endpoint(std::string_view name) const {
  const auto found = state_->region_endpoints.find(name);
  return found == state_->region_endpoints.end() ? "" : found->second;
}
const std::string& Emulator::key() const { return state_->account.key(); }
const std::string& Emulator::certificate_pem() const { return state_->certificate_pem; }
Account& Emulator::account() { return state_->account; }
std::string Emulator::account_record() const { return state_->account.record(state_->host); }

}  // namespace halley::server
