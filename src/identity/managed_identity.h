// The identity that Azure gives to what runs on it: a virtual machine, an app service, a machine known to Azure Arc.
#pragma once

#include <memory>
#include <string>

#include "http/transport.h"
#include "identity/credential.h"
#include "runtime/runtime.h"

namespace halley::identity {

struct ManagedIdentityOptions {
  // App services name both (IDENTITY_ENDPOINT, IDENTITY_HEADER); Arc names the first alone. Neither: the metadata
  // service of virtual machines is asked.
  std::string endpoint;
  std::string header;  // a secret
  std::string metadata_host = "http://169.254.169.254";
  std::string client_id;                               // of an identity that a user assigned; empty = the system's own
  std::string arc_keys = "/var/opt/azcmagent/tokens";  // where Arc leaves the keys that it challenges with
};

// Says not_found where no metadata service answers within a second or two, or none of its identities is.
std::unique_ptr<Credential> managed_identity_credential(Runtime& runtime, http::Transport& transport,
                                                        ManagedIdentityOptions options);

}  // namespace halley::identity
