// Operations that go on without this program, kept so that a later command can ask how they stand.
#pragma once

#include <string>

#include "native/operation.h"

namespace halley::native {

// Files in a folder, one for each, that only their owner can read.
class SavedOperations {
 public:
  // Nothing is made before something is kept.
  explicit SavedOperations(std::string folder) : folder_(std::move(folder)) {}

  // Fails with io.
  Status keep(const Operation& operation) const;
  // Fails with not_found; with invalid_argument when `id` is none.
  Result<Operation> find(const std::string& id, const std::string& origin) const;
  // Once it is done; one that is not kept is none the worse.
  void forget(const std::string& id) const;

 private:
  Result<std::string> path_of(const std::string& id) const;
  const std::string folder_;
};

}  // namespace halley::native
