#include "identity/azure_cli.h"

#include <ctime>

#include "identity/token_answer.h"
#include "json/value.h"
#include "runtime/child_process.h"

namespace halley::identity {
namespace {

constexpr std::int64_t kUnknownLife = 300;

// "2026-11-26 04:12:55.000000" in local time.
std::optional<Second> local_time(const std::string& text) {
  std::tm parts{};
  const char* rest = strptime(text.c_str(), "%Y-%m-%d %H:%M:%S", &parts);
  if (rest == nullptr || (*rest != '\0' && *rest != '.')) return std::nullopt;
  parts.tm_isdst = -1;
  const std::time_t seconds = std::mktime(&parts);
  return seconds < 0 ? std::nullopt : std::optional(Second{seconds});
}

class AzureCliCredential final : public Credential {
 public:
  AzureCliCredential(Runtime& runtime, AzureCliOptions options) : runtime_(runtime), options_(std::move(options)) {}

  Result<AccessToken> fetch(const std::string& scope, std::stop_token stop) override {
    ChildCommand command;
    command.words = {options_.program, "account", "get-access-token", "--output", "json", "--scope", scope};
    if (!options_.tenant.empty()) command.words.insert(command.words.end(), {"--tenant", options_.tenant});
    command.patience = options_.patience;
    command.collect_errors = true;
    const Second now = runtime_.wall_second();
    auto ran = run_child(runtime_, command, std::move(stop));
    if (!ran && ran.error().code == Code::not_found) return fail(Code::not_found, "the Azure CLI is not installed");
    if (!ran) return fail(std::move(ran).error());
    if (ran->exit_code == 0) return read_azure_cli_token(ran->output, now);
    // Warnings may come before it.
    constexpr std::string_view kError = "ERROR: ";
    const std::size_t error = ran->errors.find(kError);
    const std::string said = one_safe_line(
        error == std::string::npos ? ran->errors : std::string_view(ran->errors).substr(error + kError.size()));
    return fail(Code::unauthorized, "az account get-access-token failed" + (said.empty() ? "" : ": " + said),
                "run 'az login'");
  }

 private:
  Runtime& runtime_;
  const AzureCliOptions options_;
};

}  // namespace

Result<AccessToken> read_azure_cli_token(const std::string& output, Second now) {
  const auto body = json::parse(output);
  std::string text = body && body->is_object() ? body->string_at("accessToken") : std::string();
  if (text.empty() || text.find_first_of("\r\n ") != std::string::npos) {
    return fail(Code::corrupt, "az account get-access-token printed no token");
  }
  const json::Value* seconds = body->find("expires_on");
  auto expires = seconds == nullptr ? std::nullopt : seconds->as_integer();
  if (!expires) {
    const auto local = local_time(body->string_at("expiresOn"));
    expires = local ? local->value : now.value + kUnknownLife;
  }
  return make_token(std::move(text), now, {*expires});
}

std::unique_ptr<Credential> azure_cli_credential(Runtime& runtime, AzureCliOptions options) {
  return std::make_unique<AzureCliCredential>(runtime, std::move(options));
}

}  // namespace halley::identity
