// Secrets from where they are kept. Neither they nor what a command printed ever appear in an error; nor does what may
// be a secret that was given in place of a name.
#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "cli/variables.h"
#include "store/file_system.h"

namespace halley::cli {

// Where a secret is; at most one is set.
struct SecretSource {
  std::string env;                             // name of an environment variable
  std::string file;                            // path
  std::string command;                         // run by /bin/sh; its standard output
  std::string file_by = "the name of a file";  // what names the file, for errors: "--key-file"
  std::string folder = {};                     // where a relative path begins; empty = the current folder
  bool empty() const { return env.empty() && file.empty() && command.empty(); }
  friend bool operator==(const SecretSource&, const SecretSource&) = default;
};

// Whether this can be the name of an environment variable; what is not may be a secret in its place.
bool is_variable_name(const std::string& name);

// Reads it. One line end behind the secret is dropped. Fails with invalid_argument when there is none, when it is
// empty, or longer than 64 KiB, with cancelled on `stop`. `what` names it in errors ("the account's key").
Result<std::string> read_secret(const SecretSource& source, const std::string& what, const Variables& variables,
                                const std::stop_token& stop = {});

// Writes a secret and a line end to a new file that only its owner can read, durably, its name too; already_exists when
// there is one. Whatever else fails, there is none.
Status write_secret(const std::string& path, const std::string& secret,
                    store::FileSystem& files = store::real_file_system());

// The same for what `make` then makes with it. When that fails, so that nothing was made, the file goes; where
// something may have been made all the same (ambiguous, timeout) it stays, and the error says so.
Status write_secret_for(const std::string& path, const std::string& secret, const std::function<Status()>& make);

// Asks on the controlling terminal, without echo. invalid_argument when there is none; cancelled on `stop`.
Result<std::string> prompt_secret(const std::string& prompt, std::stop_token stop);

}  // namespace halley::cli
