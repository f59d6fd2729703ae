// The order of documents in a lane: by effective partition key, then key text, then id, then newest first
// (docs/repository-format.md, order).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cosmos/partition_key.h"

namespace halley::repo {

// How a lane's documents are ordered: nothing for the account lane, whose effective keys are all empty.
using KeyDefinition = std::optional<cosmos::PartitionKeyDefinition>;

// Effective partition keys of key texts; the last one is remembered, so runs of equal keys cost nothing.
class EffectiveKeys {
 public:
  explicit EffectiveKeys(KeyDefinition definition) : definition_(std::move(definition)) {}

  // Valid until the next call. Fails with invalid_argument for a text that is no key of this definition.
  Result<std::string_view> of(std::string_view key_text);

 private:
  KeyDefinition definition_;
  std::string text_;
  std::string effective_;
  bool known_ = false;
};

}  // namespace halley::repo
