// Tokens for whoever needs them: from the first way of signing in that there is, kept until they are about to expire.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "identity/credential.h"
#include "runtime/runtime.h"

namespace halley::identity {

// A way of signing in, or why there is none.
struct Way {
  std::string name;  // "client secret"
  std::unique_ptr<Credential> credential;
  std::string absent;  // without a credential: "AZURE_CLIENT_SECRET is not set"
};

// Safe from any thread. Of callers that need a token at once one asks for it, and the others wait for what comes of it;
// while the old one is still good they do not even wait.
class TokenSource {
 public:
  TokenSource(Runtime& runtime, std::vector<Way> ways);

  // A token that is good for half a minute at least. The ways are tried in order: past one that says there is no such
  // identity here, and no further than one that exists and is refused, for a later one would be somebody else. The way
  // that worked is the only one from then on. Fails with unauthorized when there is none, naming each and why.
  Result<std::string> token(const std::string& scope, std::stop_token stop);

  // The service refused this token: it is not given out again.
  void forget(const std::string& scope, const std::string& token);

  // The way that worked; empty before.
  std::string way() const;

 private:
  struct Held {
    AccessToken token;  // no text: none yet
    bool fetching = false;
    std::uint64_t fetches = 0;
    std::optional<Error> failure;  // of the last fetch
  };
  Result<AccessToken> fetch(const std::string& scope, const std::stop_token& stop);

  Runtime& runtime_;
  const std::vector<Way> ways_;
  mutable std::mutex mutex_;
  const std::unique_ptr<Condition> fetched_;
  std::map<std::string, Held> held_;
  std::optional<std::size_t> chosen_;
};

}  // namespace halley::identity
