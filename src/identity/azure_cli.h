// The user who is signed in to the Azure CLI.
#pragma once

#include <memory>
#include <string>

#include "identity/credential.h"
#include "runtime/runtime.h"

namespace halley::identity {

struct AzureCliOptions {
  std::string program = "az";
  std::string tenant;  // empty = the one that is signed in to
  Milliseconds patience{60000};
};

// Runs `az account get-access-token` without a shell. Says not_found where there is no Azure CLI. The token comes by a
// pipe: it is in no argument, file or message.
std::unique_ptr<Credential> azure_cli_credential(Runtime& runtime, AzureCliOptions options);

// The token in what that command printed at `now`. Its `expires_on` counts seconds; older versions of it have only
// `expiresOn`, in this machine's own time zone. Fails with corrupt, without repeating any of `output`.
Result<AccessToken> read_azure_cli_token(const std::string& output, Second now);

}  // namespace halley::identity
