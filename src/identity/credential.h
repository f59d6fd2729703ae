// An identity that Entra knows, and how to get a token for it.
#pragma once

#include <stop_token>
#include <string>

#include "base/result.h"
#include "base/time.h"

namespace halley::identity {

struct AccessToken {
  std::string text;  // a secret
  Second expires;
  Second refresh_from;  // from then on a fresh one is better
};

class Credential {
 public:
  virtual ~Credential() = default;

  // A token for a scope such as "https://management.azure.com/.default". `not_found` says that there is no such
  // identity here, so that another way may be tried; every other failure is one of this identity. Messages hold no
  // secret. Safe from any thread; bounded in time.
  virtual Result<AccessToken> fetch(const std::string& scope, std::stop_token stop) = 0;
};

}  // namespace halley::identity
