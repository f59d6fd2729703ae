// Secrets from where they are kept. Neither they nor what a command printed ever appear in an error.
#pragma once

#include <stop_token>
#include <string>

#include "base/result.h"
#include "cli/variables.h"

namespace halley::cli {

// Where a secret is; at most one is set.
struct SecretSource {
  std::string env;      // name of an environment variable
  std::string file;     // path
  std::string command;  // run by /bin/sh; its standard output
  bool empty() const { return env.empty() && file.empty() && command.empty(); }
};

// Reads it. One line end behind the secret is dropped. Fails with invalid_argument when there is none, when it is
// empty, or longer than 64 KiB. `what` names it in errors ("the account's key").
Result<std::string> read_secret(const SecretSource& source, const std::string& what, const Variables& variables);

// Writes a secret and a line end to a new file that only its owner can read; already_exists when there is one.
Status write_secret(const std::string& path, const std::string& secret);

// Asks on the controlling terminal, without echo. invalid_argument when there is none; cancelled on `stop`.
Result<std::string> prompt_secret(const std::string& prompt, std::stop_token stop);

}  // namespace halley::cli
