// Documents as the account holds them: the very text that is answered, made once when a document is written.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "cosmos/partition_key.h"
#include "server/unique_keys.h"

namespace halley::server {

inline constexpr std::size_t kMaxDocumentBytes = 2 * 1024 * 1024 - 1;
inline constexpr std::int64_t kMaxTtl = 2147483647;

// One version of a document; immutable.
struct Document {
  std::string id;
  std::string key;           // canonical partition key
  std::string epk;           // its effective partition key, bytes
  std::uint64_t number = 0;  // place among the container's documents: the order of _rid
  Second ts;
  std::int64_t ttl = 0;                   // the member `ttl`; 0 = none, -1 = never
  std::string etag;                       // with its quotes
  std::vector<std::string> unique_texts;  // UniqueKeys::texts_of
  // The whole JSON object: the body, then _rid, _self, _etag, _attachments, _ts in this order.
  std::string text;
};
using DocumentPtr = std::shared_ptr<const Document>;

// A body as a client sent it, checked and normalised, not yet stamped.
struct Draft {
  std::string id;
  std::string key;
  std::string epk;
  std::int64_t ttl = 0;
  std::vector<std::string> unique_texts;
  std::string body;  // a JSON object without system properties
};

// What a container asks of the bodies written to it.
struct DraftRules {
  const cosmos::PartitionKeyDefinition& key;
  const UniqueKeys& unique_keys;
  bool ttl_on = false;  // an invalid member `ttl` is refused only then
};

// Refuses with 413 what is too large and with 400 what is not a JSON object with an `id` of 1 to 1,023 bytes without
// slashes of either kind, or has a partition key value that is an object, an array or too long.
Result<Draft> read_draft(std::string_view body, const DraftRules& rules);

// The document of a draft. `rid` and `self` are its texts; the number is left 0.
Document make_document(Draft draft, std::string_view rid, std::string_view self, std::string etag, Second ts);

// When documents of a container expire.
struct TimeToLive {
  std::int64_t container_default = 0;  // 0 = off, -1 = on without a default

  bool on() const { return container_default != 0; }
  // The second from which on the document is gone; nothing when it stays.
  std::optional<Second> expiry(const Document& document) const;
  bool expired(const Document& document, Second now) const;
};

}  // namespace halley::server
