// Puts versions into the order of segments (docs/repository-format.md, order) without moving them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "repo/key_order.h"
#include "repo/version.h"

namespace halley::repo {

// Each distinct partition key is hashed and ordered once; the versions of a key are then sorted by id. Keeps its
// buffers.
class VersionSorter {
 public:
  explicit VersionSorter(KeyDefinition definition) : effective_keys_(std::move(definition)) {}

  // Indices into `versions`, valid until the next call. Of equal key and position, the later in `versions` comes first.
  // Fails with invalid_argument for a partition key that is none of the definition.
  Result<std::span<const std::uint32_t>> sort(const std::vector<Version>& versions);

 private:
  struct Key {
    std::uint64_t high = 0, low = 0;  // of its effective key, padded with zeros
    std::string_view text;
    std::uint32_t effective_begin = 0, effective_size = 0;  // in effective_
    std::uint32_t versions = 0;                             // how many; then where they begin
    std::string_view first_id;                              // of its first version
    std::uint32_t shared = 0;                               // bytes that its ids begin with
  };
  struct Item {
    std::uint64_t id = 0;  // its first bytes behind those that all ids of its key begin with
    std::uint32_t version = 0;
  };

  Status collect(const std::vector<Version>& versions);
  void place(const std::vector<Version>& versions);
  Result<std::uint32_t> number_of(std::string_view text);
  void grow_table();
  std::string_view effective(const Key& key) const {
    return std::string_view(effective_).substr(key.effective_begin, key.effective_size);
  }

  EffectiveKeys effective_keys_;
  std::vector<Key> keys_;
  std::string effective_;
  std::vector<std::uint32_t> table_;    // open addressing by the hash of the text: number of the key + 1, 0 = free
  std::vector<std::uint32_t> key_of_;   // of each version
  std::vector<std::uint32_t> by_rank_;  // numbers of keys in their order
  std::vector<Item> items_;
  std::vector<std::uint32_t> order_;
};

}  // namespace halley::repo
