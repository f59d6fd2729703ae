// The one place where the condition of a patch is judged.
#pragma once

#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace halley::server {

// Whether a document, as JSON, fulfils a condition like "FROM c WHERE c.state = 'open'" at `now`. Refuses with 400 what
// is no such end of a query, naming line and column as behind "SELECT VALUE 1 ".
Result<bool> fulfils(std::string_view document, std::string_view condition, Second now);

}  // namespace halley::server
