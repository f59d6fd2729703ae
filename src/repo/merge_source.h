// One of the inputs of a merge: versions in order, of which it stands on one.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "repo/version.h"

namespace halley::repo {

class MergeSource {
 public:
  virtual ~MergeSource() = default;

  // Goes to the first or next version. False at the end.
  virtual Result<bool> next() = 0;
  // The version it stands on; its views are valid until the next call of anything.
  virtual Status read(Version& out, bool body) = 0;

  // About as many bytes as it holds in memory at most, and as it holds before it stands on a version.
  virtual std::uint64_t held() const = 0;
  virtual std::uint64_t kept() const = 0;
  // About as many as all of its versions are.
  virtual std::uint64_t volume() const = 0;

  // Of the version it stands on.
  std::string_view effective_key() const { return place_.effective_key; }
  std::string_view partition_key() const { return place_.partition_key; }
  std::string_view id() const { return place_.id; }
  Position position() const { return place_.position; }
  std::uint64_t commit() const { return place_.commit; }

 protected:
  // What versions are ordered by.
  struct Place {
    std::string_view effective_key, partition_key, id;
    Position position;
    std::uint64_t commit = 0;
  };
  Place place_;
};

}  // namespace halley::repo
