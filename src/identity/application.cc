#include "identity/application.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "http/repeat.h"
#include "identity/client_assertion.h"
#include "identity/token_answer.h"

namespace halley::identity {
namespace {

constexpr std::size_t kMaxFileBytes = 256 * 1024;
constexpr std::string_view kAssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

using Form = std::vector<std::pair<std::string_view, std::string>>;

std::string encoded(const Form& form) {
  std::string text;
  for (const auto& [name, value] : form) {
    if (!text.empty()) text += '&';
    text += std::string(name) + "=" + http::percent_encode(value);
  }
  return text;
}

Result<std::string> read_file(const std::string& path, const std::string& what) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxFileBytes + 1, '\0');
  if (file) file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (!file.eof() && file.gcount() == 0)) {
    return fail(Code::invalid_argument, what + ": cannot read " + path + ": " + std::strerror(errno));
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kMaxFileBytes) return fail(Code::invalid_argument, what + ": " + path + " is too large to be one");
  return text;
}

// A tenant becomes a part of a path, and both are sent: they are ids or domain names.
bool is_id(const std::string& text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  };
  return !text.empty() && text.size() < 256 && std::all_of(text.begin(), text.end(), allowed);
}

class ApplicationCredential : public Credential {
 public:
  ApplicationCredential(Runtime& runtime, http::Transport& transport, Application application)
      : runtime_(runtime), transport_(transport), application_(std::move(application)) {}

  Result<AccessToken> fetch(const std::string& scope, std::stop_token stop) override {
    if (!is_id(application_.tenant)) {
      return fail(Code::invalid_argument, "AZURE_TENANT_ID is no tenant: it takes an id or a domain name");
    }
    if (!is_id(application_.client_id)) {
      return fail(Code::invalid_argument, "AZURE_CLIENT_ID is no application's id");
    }
    ASSIGN(Form proof, prove());
    const std::string secret = proof.back().second;
    Form form = {{"grant_type", "client_credentials"}, {"client_id", application_.client_id}, {"scope", scope}};
    std::move(proof.begin(), proof.end(), std::back_inserter(form));
    http::Request request{"POST", token_endpoint(), {}, encoded(form)};
    request.headers.add("Content-Type", "application/x-www-form-urlencoded");
    request.headers.add("Accept", "application/json");
    http::RepeatPolicy policy;
    policy.attempts = 3;
    policy.attempt_timeout = Milliseconds(20000);
    policy.longest_wait = Milliseconds(20000);
    const Second now = runtime_.wall_second();
    ASSIGN(const http::Response response, http::send_repeating(runtime_, transport_, request, policy, std::move(stop)));
    return read_token(response, now, secret);
  }

 protected:
  std::string token_endpoint() const {
    return application_.authority + "/" + application_.tenant + "/oauth2/v2.0/token";
  }
  // The fields that prove who this is, the secret one last.
  virtual Result<Form> prove() = 0;

  Runtime& runtime_;
  http::Transport& transport_;
  const Application application_;
};

class SecretCredential final : public ApplicationCredential {
 public:
  SecretCredential(Runtime& runtime, http::Transport& transport, Application application, std::string secret)
      : ApplicationCredential(runtime, transport, std::move(application)), secret_(std::move(secret)) {}

 private:
  Result<Form> prove() override { return Form{{"client_secret", secret_}}; }
  const std::string secret_;
};

class CertificateCredential final : public ApplicationCredential {
 public:
  CertificateCredential(Runtime& runtime, http::Transport& transport, Application application, std::string path,
                        std::string password)
      : ApplicationCredential(runtime, transport, std::move(application)),
        path_(std::move(path)),
        password_(std::move(password)) {}

 private:
  Result<Form> prove() override {
    ASSIGN(const std::string pem, read_file(path_, "AZURE_CLIENT_CERTIFICATE_PATH"));
    const AssertionClaims claims{application_.client_id, token_endpoint(), to_hex(runtime_.random_bytes(16)),
                                 runtime_.wall_second()};
    auto assertion = client_assertion(pem, password_, claims);
    if (!assertion) return fail(std::move(assertion).error().in("the certificate in " + path_));
    return Form{{"client_assertion_type", std::string(kAssertionType)}, {"client_assertion", *std::move(assertion)}};
  }
  const std::string path_;
  const std::string password_;
};

class WorkloadCredential final : public ApplicationCredential {
 public:
  WorkloadCredential(Runtime& runtime, http::Transport& transport, Application application, std::string path)
      : ApplicationCredential(runtime, transport, std::move(application)), path_(std::move(path)) {}

 private:
  Result<Form> prove() override {
    ASSIGN(std::string token, read_file(path_, "AZURE_FEDERATED_TOKEN_FILE"));
    while (token.ends_with('\n') || token.ends_with('\r')) token.pop_back();
    if (token.empty()) return fail(Code::invalid_argument, "AZURE_FEDERATED_TOKEN_FILE: " + path_ + " is empty");
    return Form{{"client_assertion_type", std::string(kAssertionType)}, {"client_assertion", std::move(token)}};
  }
  const std::string path_;
};

}  // namespace

std::unique_ptr<Credential> secret_credential(Runtime& runtime, http::Transport& transport, Application application,
                                              std::string secret) {
  return std::make_unique<SecretCredential>(runtime, transport, std::move(application), std::move(secret));
}

std::unique_ptr<Credential> certificate_credential(Runtime& runtime, http::Transport& transport,
                                                   Application application, std::string path, std::string password) {
  return std::make_unique<CertificateCredential>(runtime, transport, std::move(application), std::move(path),
                                                 std::move(password));
}

std::unique_ptr<Credential> workload_credential(Runtime& runtime, http::Transport& transport, Application application,
                                                std::string path) {
  return std::make_unique<WorkloadCredential>(runtime, transport, std::move(application), std::move(path));
}

}  // namespace halley::identity
