// What the commands of the group `native` share: getting at Resource Manager, and operations that take their time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/configuration.h"
#include "http/transport.h"
#include "identity/token_source.h"
#include "json/writer.h"
#include "native/arm_client.h"
#include "native/paths.h"
#include "native/saved_operations.h"

namespace halley::cli {

// Parts hold on to those before them, so it stays where it is.
struct Azure {
  std::unique_ptr<http::Transport> transport;
  std::unique_ptr<identity::TokenSource> tokens;
  std::string base;  // of Resource Manager
  std::unique_ptr<native::ArmClient> arm;
};

// Which certificates of Entra and Resource Manager are trusted: --azure-ca, [native] ca, else the system's. They are
// always verified, for the secrets that sign in go there: what is trusted of the account (--ca, --insecure-tls,
// [account] ca) is no matter here.
http::CurlOptions azure_trust(const Context& context, const Configuration& configuration);

// A client of Resource Manager of the cloud that options and configuration name, signed in as the environment says.
// Sends nothing.
Result<std::unique_ptr<Azure>> open_azure(const Context& context, const Configuration& configuration);

// Each is named by its option, else the configuration (the subscription by AZURE_SUBSCRIPTION_ID before that). Fail
// with invalid_argument when it is missing.
Result<std::string> subscription_of(const Context& context, const Configuration& configuration);
Result<std::string> resource_group_of(const Context& context, const Configuration& configuration);
Result<std::string> account_name_of(const Context& context, const Configuration& configuration);
Result<native::AccountId> account_of(const Context& context, const Configuration& configuration);

// Prints requests instead of sending them, for --dry-run.
void print_requests(Output& output, const Azure& azure, const std::vector<native::Request>& requests);

// Where operations are kept: $XDG_STATE_HOME/halley/operations, ~/.local/state without that.
native::SavedOperations saved_operations(const Context& context);

// Keeps an operation, and says how to ask for it later.
void announce(Context& context, const native::Operation& operation);

// Waits for an operation, showing how it stands, and forgets it once it ended. What it made, or its failure; an
// interruption leaves it kept.
Result<json::Value> follow(Context& context, native::ArmClient& arm, const native::Operation& operation);

// "shop-rg/shop" and the like in JSON: subscription, resource_group, account.
void write_account(json::Writer& writer, const native::AccountId& account);

// A moment of --at that is one: a moment or an age, not `latest`. Fails with invalid_argument.
Result<Second> past_moment(const Context& context);

}  // namespace halley::cli
