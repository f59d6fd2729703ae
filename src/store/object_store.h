// The seam to durable bytes: named objects, written once.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace halley::store {

// Names are '/'-separated paths of [a-z0-9._-], relative, without empty, "." or ".." parts, at most kMaxName bytes.
inline constexpr std::size_t kMaxName = 512;
// For list(): all there are.
inline constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

// invalid_argument unless `name` is such a name. Every store asks it before it looks at anything.
Status check_name(std::string_view name);

// One store may be used from several threads at once.
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  // Writes a new object, durable when it returns. already_exists when there is a durable one of that name (nothing is
  // changed). ambiguous when the answer was lost, or the object is there and may not outlive a crash: put it again, and
  // where the error stays, don't go on as if it were there.
  // no_space, io, unavailable: certainly not visible under `name`.
  virtual Status put(std::string_view name, std::string_view bytes) = 0;

  // The bytes [offset, offset + size) of an object, fewer only where it ends. not_found when absent; corrupt when the
  // disk can't give them. io, unavailable: they can't be had now, which says nothing of the object.
  virtual Result<std::string> get(std::string_view name, std::uint64_t offset, std::uint64_t size) = 0;
  // All bytes of an object; corrupt, without reading any, where it has more than `most`.
  Result<std::string> get_all(std::string_view name, std::uint64_t most = std::numeric_limits<std::uint64_t>::max());

  virtual Result<std::uint64_t> size(std::string_view name) = 0;  // not_found when absent

  // Names that begin with `prefix` and are greater than `after`, sorted, at most `limit`. No snapshot: of what is put
  // or removed during the call any part may be there, a later object without an earlier one too. What is not listed is
  // absent only if get() or size() says so. Each call may look through all the names; ask for many at once.
  virtual Result<std::vector<std::string>> list(std::string_view prefix, std::string_view after, std::size_t limit) = 0;

  // Removes an object; success when it is gone already.
  virtual Status remove(std::string_view name) = 0;

  // For messages: the place, without credentials.
  virtual std::string description() const = 0;
};

// A put whose answer may be lost, settled: on `ambiguous` it is sent again with the same bytes, a few times, and then
// the error stands. When there is one of that name by then it is read back: equal bytes are success, others mean
// already_exists.
Status put_settled(ObjectStore& store, std::string_view name, std::string_view bytes);

}  // namespace halley::store
