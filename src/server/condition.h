// The one place where the condition of a patch is judged.
#pragma once

#include <string_view>

#include "base/result.h"

namespace halley::server {

// Whether a document, as JSON, fulfils a condition like "FROM c WHERE c.state = 'open'". Refuses with 400 one that is
// not understood.
Result<bool> fulfils(std::string_view document, std::string_view condition);

}  // namespace halley::server
