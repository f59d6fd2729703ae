// Unique keys: values that no two documents of one logical partition may share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/value.h"

namespace halley::server {

// What a container asks to be unique. Nothing, unless its definition has a policy.
class UniqueKeys {
 public:
  // Parses the member `uniqueKeyPolicy` of a container's definition. Refuses with 400 what is not one: at most ten
  // keys, each of one to sixteen paths.
  static Result<UniqueKeys> parse(const json::Value& container_definition);

  bool empty() const { return keys_.empty(); }

  // For each key one text that stands for the values this document has, in its logical partition: two documents of a
  // container may not have a text in common. A path that is missing counts as null. `body` must be normalised JSON.
  Result<std::vector<std::string>> texts_of(std::string_view partition_key, std::string_view body) const;

  friend bool operator==(const UniqueKeys&, const UniqueKeys&) = default;

 private:
  using Path = std::vector<std::string>;
  std::vector<std::vector<Path>> keys_;
};

}  // namespace halley::server
