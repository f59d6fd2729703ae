#include "cli/configuration_keys.h"

#include <algorithm>

#include "base/time.h"
#include "http/message.h"
#include "identity/cloud.h"
#include "native/bodies.h"

namespace halley::cli {
namespace {

// An empty text is as if the key were not there.
template <auto parse>
Status parses(const std::string& text) {
  if (text.empty()) return {};
  const auto parsed = parse(text);
  if (!parsed) return fail(parsed.error());
  return {};
}

// The value is not repeated: a connection string, which is easily taken for the endpoint, has the key in it.
Status check_endpoint(const std::string& text) {
  if (text.empty() || text.starts_with("https://") || text.starts_with("http://")) return {};
  return fail(Code::invalid_argument, "it is not the endpoint of an account",
              "it looks like https://ACCOUNT.documents.azure.com:443/");
}

Status check_variable(const std::string& text) {
  if (text.empty() || is_variable_name(text)) return {};
  return fail(Code::invalid_argument, "the name of an environment variable is expected, not the secret itself");
}

Status check_path(const std::string& text) {
  if (text != "~" && !text.starts_with("~/")) return {};
  return fail(Code::invalid_argument, "~ is not expanded here", "write the whole path, or ./~ for a folder named so");
}

Status check_pattern(const std::string& text) {
  const std::size_t slash = text.find('/');
  const bool one_name = slash == std::string::npos && !text.empty();
  const bool two_names = slash != std::string::npos && slash > 0 && slash + 1 < text.size() &&
                         text.find('/', slash + 1) == std::string::npos;
  if (one_name || two_names) return {};
  return fail(Code::invalid_argument, "'" + text + "' can match no container",
              "write DATABASE or DATABASE/CONTAINER, with * and ? as wildcards");
}

Status check_redundancy(const std::string& text) {
  for (const std::string_view known : {"", "Geo", "Zone", "Local"}) {
    if (http::equal_ignoring_case(text, known)) return {};
  }
  return fail(Code::invalid_argument, "there is no redundancy '" + text + "'", "there are Geo, Zone and Local");
}

}  // namespace

std::vector<ConfigurationKey> configuration_keys(Configuration& into) {
  return {
      {"account", "endpoint", &into.endpoint, check_endpoint},
      {"account", "key_env", &into.key.env, check_variable},
      {"account", "key_file", &into.key.file, check_path},
      {"account", "key_command", &into.key.command},
      {"account", "ca", &into.ca, check_path},
      {"account", "include", &into.include, check_pattern},
      {"account", "exclude", &into.exclude, check_pattern},
      {"repository", "url", &into.repository_url, check_path},
      {"repository", "password_env", &into.password.env, check_variable},
      {"repository", "password_file", &into.password.file, check_path},
      {"repository", "password_command", &into.password.command},
      {"capture", "mode", &into.mode, parses<parse_mode>},
      {"native", "subscription", &into.subscription},
      {"native", "resource_group", &into.resource_group},
      {"native", "account", &into.account},
      {"native", "cloud", &into.cloud, parses<identity::find_cloud>},
      {"native", "ca", &into.azure_ca, check_path},
      {"native", "tier", &into.tier, parses<native::parse_tier>},
      {"native", "longest_lag", &into.longest_lag, parses<parse_lag>},
      {"native", "redundancy", &into.redundancy, check_redundancy},
      {"native", "zone_redundant", &into.zone_redundant},
      {"native", "all_versions", &into.all_versions},
      {"prices", "currency", &into.prices.currency},
      {"prices", "native_restore_gb", &into.prices.native_restore_gb},
      {"prices", "native_restore_minutes", &into.prices.native_restore_minutes},
      {"prices", "native_restore_gb_hour", &into.prices.native_restore_gb_hour},
      {"prices", "request_units_hour", &into.prices.request_units_hour},
      {"prices", "repository_gb", &into.prices.repository_gb},
  };
}

Result<capture::ModeChoice> parse_mode(const std::string& text) {
  if (text.empty() || text == "auto") return capture::ModeChoice::automatic;
  if (text == "all-versions") return capture::ModeChoice::all_versions;
  if (text == "latest") return capture::ModeChoice::latest;
  return fail(Code::invalid_argument, "the capture mode is auto, all-versions or latest, not '" + text + "'");
}

Result<std::int64_t> parse_lag(const std::string& text) {
  const auto seconds = parse_age("-" + text);
  if (seconds) return seconds;
  return fail(Code::invalid_argument, "'" + text + "' is no length of time", "such as 30m, 1h or 1h30m");
}

}  // namespace halley::cli
