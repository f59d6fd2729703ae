// A version of a document: what one write, delete or expiry made of one key, and where it stands in its range's
// history.
#pragma once

#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/time.h"
#include "json/value_places.h"

namespace halley::repo {

// a == b, for texts that are often one and the same: then nothing of them is read.
inline bool same_text(std::string_view a, std::string_view b) {
  return a.size() == b.size() && (a.data() == b.data() || a == b);
}

enum class Operation : std::uint8_t { upsert = 0, remove = 1, expire = 2 };

// A place in the history of a hash interval. The epoch rises at every split, merge and fork.
struct Position {
  std::uint32_t epoch = 0;
  std::uint64_t lsn = 0;
  friend auto operator<=>(const Position&, const Position&) = default;
};

// Which system properties stood behind the body, in the order _rid,_self,_etag,_attachments,_ts,_lsn (bit 0 to 5), so
// that the original text can be rebuilt; or kVerbatim: the original had them elsewhere, and `body` is the whole
// original text, system properties included.
using SystemLayout = std::uint8_t;
inline constexpr SystemLayout kVerbatim = 0xFF;

struct Version {
  std::string_view partition_key;  // canonical key text (cosmos/partition_key.h)
  std::string_view id;             // decoded UTF-8
  std::string_view rid;            // text as the service gives it; may be empty for deletes
  std::string_view etag;           // text as the service gives it, its quotes included; may be empty for deletes
  Second ts;                       // _ts; for deletes the time of the delete
  Second time;                     // commit time raised to the running maximum of its range: what T is compared with
  Second since;                    // remove found by reconciliation: last proof of life, else equal to `time`
  Position position;
  Operation operation = Operation::upsert;
  SystemLayout layout = 0;
  std::uint64_t digest = 0;  // json::value_digest of the body without system properties; 0 for deletes
  std::string_view body;     // JSON object text; empty for deletes
  // Where the values of the body stand, as json::DocumentScanner tells. It makes segments smaller; empty: not told.
  // What is read from a repository does not tell.
  std::span<const json::ValuePlace> values;
};

// The document as it was captured: the body with its system properties as the layout says. `container_rid_path` is
// "dbs/<rid>/colls/<rid>/", from which _self is rebuilt. Empty for deletes.
std::string original_text(const Version& version, std::string_view container_rid_path);
// The body without any system property (for a verbatim one they are taken out).
std::string body_text(const Version& version);

}  // namespace halley::repo
