// The path of a request, and what of it is signed (docs/wire-protocol.md, authentication).
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "cosmos/signing.h"

namespace halley::cosmos {

struct ResourcePath {
  std::string encoded;  // "/dbs/a%20b/colls", each segment percent-encoded
  SignedResource signed_as;
};

// From raw segments, names as they are: {"dbs", "a b", "colls"}. No segments = the account itself.
ResourcePath resource_path(std::initializer_list<std::string_view> segments);

}  // namespace halley::cosmos
