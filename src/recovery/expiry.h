// Time to live: which documents a container had let go at a moment (docs/guarantees.md, expiry).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "json/value.h"

namespace halley::recovery {

// What a container definition says of expiry.
struct ExpiryRule {
  std::optional<std::int64_t>
      default_ttl;                // nothing: expiry is off and a document's own ttl means nothing; -1: only by its own
  std::vector<std::string> base;  // the property that time to live counts from (ttlPropertyPath); empty: _ts

  static ExpiryRule of(const json::Value& container_definition);
  bool enabled() const { return default_ttl.has_value(); }
  friend bool operator==(const ExpiryRule&, const ExpiryRule&) = default;
};

// Whether a document was expired at `moment`: `moment` >= base + ttl. The ttl is the document's own `ttl` (a positive
// whole number, or -1 for never), else the container's. The base is `ts`, or the property named by the rule; a
// document without that property stays. Bodies are looked into only where they may have a ttl of their own. Fails
// with corrupt for a body that is not JSON.
Result<bool> is_expired(const ExpiryRule& rule, Second ts, std::string_view body, Second moment);

}  // namespace halley::recovery
