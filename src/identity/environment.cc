#include "identity/environment.h"

#include "identity/application.h"
#include "identity/azure_cli.h"
#include "identity/managed_identity.h"

namespace halley::identity {
namespace {

class Environment {
 public:
  Environment(Runtime& runtime, http::Transport& transport, const Variables& variables)
      : runtime_(runtime), transport_(transport), variables_(variables) {}

  std::string get(const std::string& name) const { return variables_(name).value_or(""); }

  // What an application needs beside the variable `proof`; nothing when `proof` is not set.
  Result<std::optional<Application>> application(const std::string& proof, const std::string& authority) const {
    if (get(proof).empty()) return std::optional<Application>();
    Application application{authority, get("AZURE_TENANT_ID"), get("AZURE_CLIENT_ID")};
    for (const char* name : {"AZURE_TENANT_ID", "AZURE_CLIENT_ID"}) {
      if (get(name).empty()) {
        return fail(Code::invalid_argument, proof + " is set, and " + name + " is not",
                    "set " + std::string(name) + " too, or unset " + proof + " to sign in another way");
      }
    }
    return std::optional(std::move(application));
  }

  Way managed_identity() const {
    ManagedIdentityOptions options;
    options.endpoint = get("IDENTITY_ENDPOINT");
    options.header = get("IDENTITY_HEADER");
    options.client_id = get("AZURE_CLIENT_ID");
    if (const std::string host = get("AZURE_POD_IDENTITY_AUTHORITY_HOST"); !host.empty()) options.metadata_host = host;
    while (options.metadata_host.ends_with('/')) options.metadata_host.pop_back();
    return Way{"managed identity", managed_identity_credential(runtime_, transport_, std::move(options)), {}};
  }

 private:
  Runtime& runtime_;
  http::Transport& transport_;
  const Variables& variables_;
};

Way absent(std::string name, const std::string& variable) {
  return {std::move(name), nullptr, variable + " is not set"};
}

}  // namespace

Result<std::unique_ptr<TokenSource>> tokens_of_environment(Runtime& runtime, http::Transport& transport,
                                                           const Variables& variables, const Cloud& cloud) {
  const Environment environment(runtime, transport, variables);
  std::string authority = cloud.authority;
  if (const std::string host = environment.get("AZURE_AUTHORITY_HOST"); !host.empty()) {
    ASSIGN(authority, token_place(host, "AZURE_AUTHORITY_HOST"));
  }
  std::vector<Way> ways;
  const std::string secret = "AZURE_CLIENT_SECRET";
  ASSIGN(auto application, environment.application(secret, authority));
  ways.push_back(
      application
          ? Way{"client secret", secret_credential(runtime, transport, *application, environment.get(secret)), {}}
          : absent("client secret", secret));
  const std::string certificate = "AZURE_CLIENT_CERTIFICATE_PATH";
  ASSIGN(application, environment.application(certificate, authority));
  ways.push_back(application
                     ? Way{"client certificate",
                           certificate_credential(runtime, transport, *application, environment.get(certificate),
                                                  environment.get("AZURE_CLIENT_CERTIFICATE_PASSWORD")),
                           {}}
                     : absent("client certificate", certificate));
  const std::string federated = "AZURE_FEDERATED_TOKEN_FILE";
  ASSIGN(application, environment.application(federated, authority));
  ways.push_back(application ? Way{"workload identity",
                                   workload_credential(runtime, transport, *application, environment.get(federated)),
                                   {}}
                             : absent("workload identity", federated));
  ways.push_back(environment.managed_identity());
  AzureCliOptions cli;
  cli.tenant = environment.get("AZURE_TENANT_ID");
  ways.push_back(Way{"Azure CLI", azure_cli_credential(runtime, std::move(cli)), {}});
  return std::make_unique<TokenSource>(runtime, std::move(ways));
}

}  // namespace halley::identity
