// The condition of a patch: when it is understood, and how it is judged.
#pragma once

#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "query/query.h"

namespace halley::server {

// A condition like "FROM c WHERE c.state = 'open'". Cheap to copy.
class Condition {
 public:
  // Refuses with 400 what is no such end of a query, naming line and column as behind "SELECT VALUE 1 ".
  static Result<Condition> parse(std::string_view text);

  // Whether a document, as JSON, fulfils it at `now`. Refused with 400 beyond bounds of time and memory, as a container
  // may be locked meanwhile.
  Result<bool> holds(std::string_view document, Second now) const;

 private:
  explicit Condition(query::Query query) : query_(std::move(query)) {}

  query::Query query_;
};

}  // namespace halley::server
