#include "identity/managed_identity.h"

#include <filesystem>
#include <fstream>
#include <system_error>

#include "http/repeat.h"
#include "identity/token_answer.h"

namespace halley::identity {
namespace {

constexpr std::string_view kMetadataPath = "/metadata/identity/oauth2/token";
constexpr std::string_view kMetadataVersion = "2018-02-01";
constexpr std::string_view kAppServiceVersion = "2019-08-01";
constexpr std::string_view kArcVersion = "2020-06-01";
constexpr Milliseconds kProbePatience{1500};
constexpr std::size_t kMaxKeyBytes = 4096;

// These endpoints know resources rather than scopes.
std::string resource_of(std::string scope) {
  constexpr std::string_view kDefault = "/.default";
  if (scope.ends_with(kDefault)) scope.resize(scope.size() - kDefault.size());
  return scope;
}

class ManagedIdentityCredential final : public Credential {
 public:
  ManagedIdentityCredential(Runtime& runtime, http::Transport& transport, ManagedIdentityOptions options)
      : runtime_(runtime), transport_(transport), options_(std::move(options)) {}

  Result<AccessToken> fetch(const std::string& scope, std::stop_token stop) override {
    if (options_.endpoint.empty()) return from_metadata(scope, stop);
    return options_.header.empty() ? from_arc(scope, stop) : from_app_service(scope, stop);
  }

 private:
  http::Request request(const std::string& base, std::string_view version, const std::string& scope) const {
    http::Request request{"GET", base, {}, {}};
    request.url += base.find('?') == std::string::npos ? '?' : '&';
    request.url += "api-version=" + std::string(version) + "&resource=" + http::percent_encode(resource_of(scope));
    if (!options_.client_id.empty()) request.url += "&client_id=" + http::percent_encode(options_.client_id);
    request.headers.add("Accept", "application/json");
    return request;
  }

  Result<http::Response> send(const http::Request& request, const std::stop_token& stop,
                              std::vector<int> also_passing = {}, int attempts = 4) {
    http::RepeatPolicy policy;
    policy.attempts = attempts;
    policy.attempt_timeout = Milliseconds(20000);
    policy.also_passing = std::move(also_passing);
    return http::send_repeating(runtime_, transport_, request, policy, stop);
  }

  // Off Azure nothing answers at that address, or something that knows nothing of identities: a short question comes
  // first, so that it takes no longer than it must to find out. While the service is updated it answers 404 or 410.
  Result<AccessToken> from_metadata(const std::string& scope, const std::stop_token& stop) {
    http::Request ask = request(options_.metadata_host + std::string(kMetadataPath), kMetadataVersion, scope);
    ask.headers.add("Metadata", "true");
    const Second now = runtime_.wall_second();
    auto answer = transport_.send(ask, Deadline::after(runtime_, kProbePatience), stop);
    if (!answer && answer.error().code == Code::cancelled) return fail(std::move(answer).error());
    if (!answer) return fail(Code::not_found, "no metadata service answers at " + options_.metadata_host);
    // Another cloud's service answers 404, too, always.
    const bool may_be_another = answer->status == 404;
    if (may_be_another || answer->status == 410 || http::is_passing(answer->status)) {
      answer = send(ask, stop, {404, 410}, may_be_another ? 2 : 4);
      if (!answer) return fail(std::move(answer).error());
    }
    auto token = read_token(*answer, now, {});
    if (!token && !http::is_passing(answer->status) && answer->status != 410) {
      Error error = std::move(token).error();
      error.code = Code::not_found;
      return fail(std::move(error).in("this machine's managed identity"));
    }
    return token;
  }

  Result<AccessToken> from_app_service(const std::string& scope, const std::stop_token& stop) {
    http::Request ask = request(options_.endpoint, kAppServiceVersion, scope);
    ask.headers.add("X-IDENTITY-HEADER", options_.header);
    const Second now = runtime_.wall_second();
    ASSIGN(const http::Response answer, send(ask, stop));
    return read_token(answer, now, options_.header);
  }

  // Arc challenges: who can read a file of its own, may have the token.
  Result<AccessToken> from_arc(const std::string& scope, const std::stop_token& stop) {
    http::Request ask = request(options_.endpoint, kArcVersion, scope);
    ask.headers.add("Metadata", "true");
    const Second now = runtime_.wall_second();
    ASSIGN(const http::Response challenge, send(ask, stop));
    if (challenge.status != 401) return read_token(challenge, now, {});
    ASSIGN(const std::string key, read_challenge(challenge.headers.get("WWW-Authenticate")));
    ask.headers.add("Authorization", "Basic " + key);
    ASSIGN(const http::Response answer, send(ask, stop));
    return read_token(answer, now, key);
  }

  // The file must be one of Arc's: whoever answers there must not have other files read and sent.
  Result<std::string> read_challenge(std::string_view header) const {
    const std::size_t at = header.find("realm=");
    const std::filesystem::path path(at == std::string_view::npos ? std::string() : std::string(header.substr(at + 6)));
    std::error_code error;
    const bool is_file = std::filesystem::is_regular_file(path, error);
    const bool hidden = error == std::errc::permission_denied;  // what this user may not see is told below
    if (path.parent_path() != options_.arc_keys || path.extension() != ".key" || (!is_file && !hidden)) {
      return fail(Code::corrupt, "the identity endpoint asks for a file that is none of Azure Arc's");
    }
    std::ifstream file(path, std::ios::binary);
    std::string key(kMaxKeyBytes + 1, '\0');
    file.read(key.data(), static_cast<std::streamsize>(key.size()));
    key.resize(static_cast<std::size_t>(file.gcount()));
    if (!key.empty() && key.size() <= kMaxKeyBytes) return key;
    return fail(Code::unauthorized, "cannot read " + path.string(),
                "run as root, or as a member of the group himds, which may read Azure Arc's keys");
  }

  Runtime& runtime_;
  http::Transport& transport_;
  const ManagedIdentityOptions options_;
};

}  // namespace

std::unique_ptr<Credential> managed_identity_credential(Runtime& runtime, http::Transport& transport,
                                                        ManagedIdentityOptions options) {
  return std::make_unique<ManagedIdentityCredential>(runtime, transport, std::move(options));
}

}  // namespace halley::identity
