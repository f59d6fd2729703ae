// The statement by which an application proves to Entra that it holds the key of its certificate.
#pragma once

#include <string>

#include "base/result.h"
#include "base/time.h"

namespace halley::identity {

struct AssertionClaims {
  std::string client_id;
  std::string audience;  // the token endpoint it is sent to
  std::string id;        // never used before
  Second now;
};

// A JWT signed with RS256, good for ten minutes. `pem` holds an RSA private key, encrypted with `password` or not, and
// the certificate that goes with it, in any order; other certificates may stand there too. Fails with
// invalid_argument, saying what is missing, and never repeats what `pem` holds.
Result<std::string> client_assertion(const std::string& pem, const std::string& password,
                                     const AssertionClaims& claims);

}  // namespace halley::identity
