// halley.toml: what is not given on the command line or in the environment.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "capture/backup.h"
#include "cli/command.h"
#include "cli/secret.h"

namespace halley::cli {

// What restores cost, in money and time: estimates are made of it, and nothing else. The defaults are what Microsoft
// asked for in US regions in 2026 and what restores took that were seen; neither is promised.
struct Prices {
  std::string currency = "USD";        // a label only
  double native_restore_gb = 0.15;     // of a restore by Azure, for a GB
  double native_restore_minutes = 30;  // until one is done, besides its data
  double native_restore_gb_hour = 50;  // GB that one brings back in an hour
  double request_units_hour = 0.008;   // 100 RU/s for an hour
  double repository_gb = 0;            // reading a GB of the repository from where it is
  friend bool operator==(const Prices&, const Prices&) = default;
};

struct Configuration {
  // [account]
  std::string endpoint;
  SecretSource key;  // key_env, key_file, key_command
  std::string ca;
  std::vector<std::string> include;
  std::vector<std::string> exclude;
  // [repository]
  std::string repository_url;
  SecretSource password;  // password_env, password_file, password_command
  // [capture]
  std::string mode = "auto";
  // [native]
  std::string subscription;
  std::string resource_group;
  std::string account;
  std::string cloud = "AzureCloud";
  std::string azure_ca;  // ca
  // How the account should be; what is not so is told.
  std::string tier;
  std::string longest_lag = "1h";
  std::string redundancy;  // of periodic backup: Geo, Zone, Local
  bool zone_redundant = false;
  bool all_versions = false;
  // [prices]
  Prices prices;
  friend bool operator==(const Configuration&, const Configuration&) = default;
};

// Reads the `text` of the file `path`, in whose folder relative paths begin. Fails with invalid_argument naming every
// wrong key and value, with its line, and the nearest known name.
Result<Configuration> parse_configuration(std::string_view text, const std::string& path);

// The file --config names, else the first there is of ./halley.toml, $XDG_CONFIG_HOME/halley/halley.toml (~/.config
// without that) and /etc/halley/halley.toml; all empty when there is none.
Result<Configuration> load_configuration(const Context& context);

// What texts say, of the file and of options alike. Fail with invalid_argument.
Result<capture::ModeChoice> parse_mode(const std::string& text);  // nothing is auto, too
Result<std::int64_t> parse_lag(const std::string& text);          // "1h30m" in seconds

}  // namespace halley::cli
