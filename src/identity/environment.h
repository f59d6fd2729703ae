// The ways of signing in to Azure that a process's environment gives, by the names that its other tools have for them.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "http/transport.h"
#include "identity/cloud.h"
#include "identity/token_source.h"

namespace halley::identity {

// The value of an environment variable; nothing when it is not set, or set to nothing.
using Variables = std::function<std::optional<std::string>(const std::string& name)>;

// In this order:
//   client secret        AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET
//   client certificate   AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_CERTIFICATE_PATH (PEM),
//                        AZURE_CLIENT_CERTIFICATE_PASSWORD
//   workload identity    AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_FEDERATED_TOKEN_FILE
//   managed identity     IDENTITY_ENDPOINT, IDENTITY_HEADER, or the metadata service (AZURE_POD_IDENTITY_AUTHORITY_HOST
//                        in its place); AZURE_CLIENT_ID of a user-assigned one
//   Azure CLI            whoever is signed in with 'az login'
// AZURE_AUTHORITY_HOST takes the place of the cloud's authority. A set of variables that is there in part is an error
// (invalid_argument) that names what is missing, for the user meant that way and not the next one. Sends nothing.
Result<std::unique_ptr<TokenSource>> tokens_of_environment(Runtime& runtime, http::Transport& transport,
                                                           const Variables& variables, const Cloud& cloud);

}  // namespace halley::identity
