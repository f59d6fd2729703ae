// halley.toml: what is not given on the command line or in the environment.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/command.h"
#include "cli/secret.h"

namespace halley::cli {

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
  std::string mode;
  // [native]
  std::string subscription;
  std::string resource_group;
  std::string account;
  std::string tier;
  std::string cloud;
};

// Reads `text`; `path` is for messages. Fails with invalid_argument naming every wrong key, with its line and the
// nearest known name.
Result<Configuration> parse_configuration(std::string_view text, const std::string& path);

// The file --config names, else the first there is of ./halley.toml, $XDG_CONFIG_HOME/halley/halley.toml (~/.config
// without that) and /etc/halley/halley.toml; all empty when there is none.
Result<Configuration> load_configuration(const Context& context);

}  // namespace halley::cli
