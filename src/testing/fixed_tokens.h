// A source of tokens that has a few, and tells what became of them.
#pragma once

#include <memory>
#include <vector>

#include "identity/token_source.h"

namespace halley::testing {

// Gives "token-1", "token-2", … each time one is fetched.
class NumberedCredential final : public identity::Credential {
 public:
  Result<identity::AccessToken> fetch(const std::string&, std::stop_token) override {
    return identity::AccessToken{"token-" + std::to_string(++given_), {4000000000}, {4000000000}};
  }

 private:
  int given_ = 0;
};

inline std::unique_ptr<identity::TokenSource> numbered_tokens(Runtime& runtime) {
  std::vector<identity::Way> ways;
  ways.push_back({"test", std::make_unique<NumberedCredential>(), {}});
  return std::make_unique<identity::TokenSource>(runtime, std::move(ways));
}

}  // namespace halley::testing
