// How commands get at the account and the repository that options, environment and configuration name.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "cli/command.h"
#include "cli/configuration.h"
#include "cosmos/client.h"
#include "http/transport.h"
#include "repo/repository.h"

namespace halley::cli {

struct OpenAccount {
  std::string endpoint;
  std::unique_ptr<http::Transport> transport;
  std::unique_ptr<cosmos::Client> client;
};

// Takes a line for people who look for what goes on inside; called from any thread. Empty = nobody looks.
using DebugLog = std::function<void(const std::string& line)>;
// Where --log debug sends them: stderr. Refuses another level than info and debug.
Result<DebugLog> debug_log(const Context& context);

// Which certificates of an account are trusted: --ca, --insecure-tls, [account] ca.
http::CurlOptions trust_of(const Context& context, const Configuration& configuration);

// A client of an endpoint; sends nothing.
Result<OpenAccount> connect(Runtime& runtime, const std::string& endpoint, const std::string& key,
                            http::CurlOptions trust, DebugLog log = {});

// The account of --endpoint and its key, with what stands in for them. Sends nothing.
Result<OpenAccount> open_account(const Context& context, const Configuration& configuration);
// The account of --target-endpoint, which nothing stands in for: what is written to is always named.
Result<OpenAccount> open_target_account(const Context& context, const Configuration& configuration);

// The key of --target-key-env or --target-key-file; empty when neither is given.
Result<std::string> target_key(const Context& context);

// The repository of --repo and its password; asks for the password on a terminal when nothing gives it.
Result<std::unique_ptr<repo::Repository>> open_repository(const Context& context, const Configuration& configuration);
// The same, made anew; a password that is asked for is asked for twice.
Result<std::unique_ptr<repo::Repository>> create_repository(const Context& context, const Configuration& configuration);

}  // namespace halley::cli
