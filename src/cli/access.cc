#include "cli/access.h"

#include <unistd.h>

#include "cli/secret.h"
#include "repo/key_ring.h"
#include "store/url.h"

namespace halley::cli {
namespace {

std::string first_of(const std::optional<std::string>& first, const std::optional<std::string>& second,
                     const std::string& otherwise) {
  return first ? *first : second ? *second : otherwise;
}

// The secret that two options name, at most one of them given; nothing when neither is.
Result<SecretSource> source_in_options(const Context& context, std::string_view env_option,
                                       std::string_view file_option, std::string_view command_option) {
  SecretSource source;
  int given = 0;
  std::string_view empty;
  const auto take = [&](std::string_view option, std::string& into) {
    if (option.empty() || !context.arguments.has(option)) return;
    into = *context.arguments.find(option);
    if (into.empty()) empty = option;
    ++given;
  };
  take(env_option, source.env);
  take(file_option, source.file);
  source.file_by = file_option;
  take(command_option, source.command);
  const std::string_view other = env_option.empty() ? command_option : env_option;
  if (given > 1) {
    return fail(Code::invalid_argument,
                "give " + std::string(file_option) + " or " + std::string(other) + ", not both");
  }
  if (!empty.empty()) return fail(Code::invalid_argument, std::string(empty) + " is empty");
  return source;
}

Result<std::string> account_key(const Context& context, const Configuration& configuration) {
  ASSIGN(SecretSource source, source_in_options(context, "--key-env", "--key-file", ""));
  if (source.empty() && context.variables("COSMOS_KEY")) source.env = "COSMOS_KEY";
  if (source.empty()) {
    source = configuration.key;
    source.file_by = "key_file in the configuration";
  }
  if (source.empty()) {
    return fail(Code::invalid_argument, "no key given for the account",
                "set COSMOS_KEY, or give --key-file FILE or --key-env NAME");
  }
  return read_secret(source, "the account's key", context.variables, context.stop);
}

Result<std::string> asked_password(const Context& context, bool twice) {
  if (isatty(STDIN_FILENO) != 1) {
    return fail(Code::invalid_argument, "no password given for the repository",
                "set HALLEY_PASSWORD or HALLEY_PASSWORD_FILE, or give --password-file FILE or --password-command CMD");
  }
  ASSIGN(std::string password, prompt_secret("password of the repository: ", context.stop));
  if (!twice) return password;
  ASSIGN(const std::string again, prompt_secret("the same again: ", context.stop));
  if (again != password) return fail(Code::invalid_argument, "the two passwords differ");
  return password;
}

Result<std::string> repository_password(const Context& context, const Configuration& configuration, bool twice) {
  ASSIGN(SecretSource source, source_in_options(context, "", "--password-file", "--password-command"));
  if (source.empty() && context.variables("HALLEY_PASSWORD")) source.env = "HALLEY_PASSWORD";
  if (source.empty()) {
    source.file = context.variables("HALLEY_PASSWORD_FILE").value_or("");
    source.file_by = "HALLEY_PASSWORD_FILE";
  }
  if (source.empty()) {
    source = configuration.password;
    source.file_by = "password_file in the configuration";
  }
  if (source.empty()) return asked_password(context, twice);
  return read_secret(source, "the repository's password", context.variables, context.stop);
}

Result<std::string> repository_url(const Context& context, const Configuration& configuration) {
  std::string url =
      first_of(context.arguments.find("--repo"), context.variables("HALLEY_REPOSITORY"), configuration.repository_url);
  if (!url.empty()) return url;
  return fail(Code::invalid_argument, "no repository given",
              "give --repo PATH, set HALLEY_REPOSITORY, or write [repository] url in halley.toml");
}

}  // namespace

Result<DebugLog> debug_log(const Context& context) {
  const std::string level = context.arguments.find("--log").value_or("info");
  if (level == "info") return DebugLog();
  if (level != "debug") return fail(Code::invalid_argument, "--log takes info or debug, not '" + level + "'");
  return DebugLog([&output = context.output](const std::string& line) { output.note("debug: " + line); });
}

http::CurlOptions trust_of(const Context& context, const Configuration& configuration) {
  http::CurlOptions options;
  options.ca_file = context.arguments.find("--ca").value_or(configuration.ca);
  options.insecure_tls = context.arguments.has("--insecure-tls");
  return options;
}

Result<OpenAccount> connect(Runtime& runtime, const std::string& endpoint, const std::string& key,
                            http::CurlOptions trust, DebugLog log) {
  OpenAccount account;
  account.endpoint = endpoint;
  account.transport = http::make_curl_transport(runtime, std::move(trust));
  cosmos::ClientOptions options;
  options.endpoint = endpoint;
  options.key = key;
  options.debug_log = std::move(log);
  ASSIGN(account.client, cosmos::Client::create(runtime, *account.transport, options));
  return account;
}

Result<OpenAccount> open_account(const Context& context, const Configuration& configuration) {
  const std::string endpoint =
      first_of(context.arguments.find("--endpoint"), context.variables("COSMOS_ENDPOINT"), configuration.endpoint);
  if (endpoint.empty()) {
    return fail(Code::invalid_argument, "no account given",
                "give --endpoint URL, set COSMOS_ENDPOINT, or write [account] endpoint in halley.toml");
  }
  ASSIGN(const std::string key, account_key(context, configuration));
  ASSIGN(DebugLog log, debug_log(context));
  return connect(context.runtime, endpoint, key, trust_of(context, configuration), std::move(log));
}

Result<std::string> target_key(const Context& context) {
  ASSIGN(const SecretSource source, source_in_options(context, "--target-key-env", "--target-key-file", ""));
  if (source.empty()) return std::string();
  return read_secret(source, "the target account's key", context.variables, context.stop);
}

Result<OpenAccount> open_target_account(const Context& context, const Configuration& configuration) {
  const auto endpoint = context.arguments.find("--target-endpoint");
  if (!endpoint) {
    return fail(Code::invalid_argument, "no account given to write to",
                "give --target-endpoint URL with --target-key-env NAME or --target-key-file FILE");
  }
  ASSIGN(const std::string key, target_key(context));
  if (key.empty()) {
    return fail(Code::invalid_argument, "no key given for the account to write to",
                "give --target-key-env NAME or --target-key-file FILE");
  }
  ASSIGN(DebugLog log, debug_log(context));
  return connect(context.runtime, *endpoint, key, trust_of(context, configuration), std::move(log));
}

Result<std::unique_ptr<repo::Repository>> open_repository(const Context& context, const Configuration& configuration) {
  ASSIGN(const std::string url, repository_url(context, configuration));
  auto store = store::open_store(url, false);
  if (!store && store.error().code == Code::not_found) {
    return fail(Code::no_repository, "there is no repository at " + url);
  }
  if (!store) return fail(std::move(store).error());
  ASSIGN(const std::string password, repository_password(context, configuration, false));
  return repo::Repository::open(context.runtime, std::move(*store), password);
}

Result<std::unique_ptr<repo::Repository>> create_repository(const Context& context,
                                                            const Configuration& configuration) {
  ASSIGN(const std::string url, repository_url(context, configuration));
  const auto create = [&](const std::string& password) -> Result<std::unique_ptr<repo::Repository>> {
    ASSIGN(auto store, store::open_store(url, true));
    return repo::Repository::create(context.runtime, std::move(store), password);
  };
  const auto file = context.arguments.find("--generate-password");
  if (!file) {
    ASSIGN(const std::string password, repository_password(context, configuration, true));
    return create(password);
  }
  const std::string password = repo::make_random_password(context.runtime);
  std::unique_ptr<repo::Repository> repository;
  TRY(write_secret_for(*file, password, [&]() -> Status {
    ASSIGN(repository, create(password));
    return {};
  }));
  return repository;
}

}  // namespace halley::cli
