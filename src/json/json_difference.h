// What changed between two JSON values, place by place.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace halley::json {

struct Change {
  enum class Kind { added, removed, changed };
  Kind kind = Kind::changed;
  std::string path;         // JSON pointer (RFC 6901); empty is the whole value
  std::string_view before;  // the value as written; empty when it was added
  std::string_view after;   // likewise; empty when it was removed
};

// The changes that make `after` of `before`, whose texts the changes view. Values are compared by what they mean: order
// of members, spelling of numbers and escapes do not count, as for value_digest(). Arrays are compared from both ends,
// what is left between them element by element; an object that has a name twice is compared as a whole. Applied in
// their order the changes are right: an index counts in the array as it is by then. Linear but for nesting. Fails with
// corrupt for what is not JSON.
Result<std::vector<Change>> difference(std::string_view before, std::string_view after);

// Appends the changes as a JSON Patch (RFC 6902): [{"op":"add"|"remove"|"replace","path":…,"value":…,"old":…}]. `old`
// is what stood there before, which the standard has patch programs ignore.
void append_patch(std::string& out, const std::vector<Change>& changes);

}  // namespace halley::json
