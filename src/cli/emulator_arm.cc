#include "cli/emulator_arm.h"

#include <charconv>

#include "server/resource_history.h"

namespace halley::cli {
namespace {

Result<std::pair<std::string, std::uint16_t>> arm_place(const Context& context) {
  return parse_listen("--arm-listen", context.arguments.find("--arm-listen").value_or("127.0.0.1:0"));
}

}  // namespace

Result<std::pair<std::string, std::uint16_t>> parse_listen(const std::string& option, const std::string& text) {
  const std::size_t colon = text.rfind(':');
  const std::string port = colon == std::string::npos ? "" : text.substr(colon + 1);
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc() || end != port.data() + port.size() || colon == 0) {
    return fail(Code::invalid_argument, option + " takes ADDRESS:PORT, not '" + text + "'", "for example 127.0.0.1:0");
  }
  std::string address = text.substr(0, colon);
  if (address.front() == '[' && address.back() == ']') address = address.substr(1, address.size() - 2);
  return std::pair(address, number);
}

bool is_loopback(const std::string& address) { return address.starts_with("127.") || address == "::1"; }

Status prepare_arm(const Context& context, server::EmulatorOptions& options) {
  if (context.arguments.has("--data")) {
    return fail(Code::invalid_argument, "--arm does not go with --data",
                "what Resource Manager restores from is in memory: use --load to begin with documents");
  }
  options.account.history = std::make_shared<server::ResourceHistory>();
  ASSIGN(const auto place, arm_place(context));
  ASSIGN(options.certificate, http::generate_certificate({options.address, place.first, "localhost"}));
  return {};
}

Result<std::unique_ptr<arm::Endpoint>> start_arm(const Context& context, const server::EmulatorOptions& options,
                                                 std::shared_ptr<server::Emulator> emulator) {
  arm::EndpointOptions arm_options;
  ASSIGN(const auto place, arm_place(context));
  arm_options.address = place.first;
  if (options.account.test_door && !is_loopback(arm_options.address)) {
    return fail(Code::invalid_argument, "--test-door is on loopback only", "give --arm-listen 127.0.0.1:0");
  }
  arm_options.port = place.second;
  arm_options.certificate = *options.certificate;
  arm_options.test_door = options.account.test_door;
  arm_options.accounts = options;
  arm::FirstAccount first;
  first.name = options.account.account_id;
  for (const server::RegionOptions& region : options.account.regions) first.regions.push_back(region.name);
  first.emulator = std::move(emulator);
  first.history = options.account.history;
  return arm::Endpoint::start(context.runtime, std::move(arm_options), std::move(first));
}

void write_arm(json::Writer& writer, const arm::Endpoint& endpoint, const std::string& account) {
  writer.key("arm").begin_object().member("endpoint", endpoint.url());
  writer.member("subscription", arm::kSubscription).member("resource_group", arm::kResourceGroup);
  writer.member("account", account).member("tenant", arm::kTenant).end_object();
}

void say_arm(Output& output, const arm::Endpoint& endpoint, const std::string& account,
             const std::string& certificate) {
  output.line("resource manager   " + endpoint.url());
  output.line("certificate        " + certificate);
  output.line();
  output.line("# halley.toml");
  output.line("[account]");
  output.line("ca = \"" + certificate + "\"");
  output.line("[native]");
  output.line("cloud = \"" + endpoint.url() + "\"");
  output.line("ca = \"" + certificate + "\"");
  output.line("subscription = \"" + std::string(arm::kSubscription) + "\"");
  output.line("resource_group = \"" + std::string(arm::kResourceGroup) + "\"");
  output.line("account = \"" + account + "\"");
  output.line();
  output.line("# any secret signs in; Node.js: NODE_EXTRA_CA_CERTS=" + certificate);
  output.line("export AZURE_AUTHORITY_HOST=" + endpoint.url() + " AZURE_TENANT_ID=" + std::string(arm::kTenant));
  output.line("export AZURE_CLIENT_ID=emulator AZURE_CLIENT_SECRET=emulator");
  output.line();
}

}  // namespace halley::cli
