// Applications that sign in to Entra: with a secret, with a certificate, or with a token of the place they run in.
#pragma once

#include <memory>
#include <string>

#include "http/transport.h"
#include "identity/credential.h"
#include "runtime/runtime.h"

namespace halley::identity {

struct Application {
  std::string authority;  // Cloud::authority
  std::string tenant;
  std::string client_id;
};

// Each of these sends to `transport`, which must outlive it, and repeats what passes. Files are read anew for every
// token, for those who keep them replace them.
std::unique_ptr<Credential> secret_credential(Runtime& runtime, http::Transport& transport, Application application,
                                              std::string secret);
// `path`: a PEM file as client_assertion() takes it.
std::unique_ptr<Credential> certificate_credential(Runtime& runtime, http::Transport& transport,
                                                   Application application, std::string path, std::string password);
// `path`: a file with the token that the place (Kubernetes, a pipeline) gives its workload.
std::unique_ptr<Credential> workload_credential(Runtime& runtime, http::Transport& transport, Application application,
                                                std::string path);

}  // namespace halley::identity
