// Changing parts of a document: the service's variety of JSON Patch (docs/wire-protocol.md, patch).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cosmos/partition_key.h"
#include "json/value.h"
#include "server/condition.h"

namespace halley::server {

inline constexpr std::size_t kMaxPatchOperations = 10;

struct PatchOperation {
  enum class Kind : std::uint8_t { add, set, replace, remove, increment, move };
  using Path = std::vector<std::string>;  // property names and array places, outermost first

  Kind kind = Kind::add;
  Path path;
  Path from;          // of a move
  json::Value value;  // of all but removals and moves
};

struct Patch {
  std::optional<Condition> condition;
  std::vector<PatchOperation> operations;
};

// Parses the body of a patch request: {"condition":…,"operations":[…]}, or the array of operations alone. Refuses with
// 400 what is not one, and more than ten operations.
Result<Patch> parse_patch(std::string_view body);

// The JSON object `text` as the operations leave it, one after the other. What they do not touch keeps its text but for
// white space: numbers, spelling and the order of members. Refuses with 400 what can't be done, naming the operation;
// so also a change of a system property, of the id or of the partition key.
Result<std::string> apply_patch(const Patch& patch, std::string_view text, const cosmos::PartitionKeyDefinition& key);

}  // namespace halley::server
