// Names that nothing else has.
#pragma once

#include <string>

#include "runtime/runtime.h"

namespace halley {

// "3b241101-e2bb-4255-8caf-4136c566a962": a random one, as RFC 4122 has them (version 4).
std::string new_guid(Runtime& runtime);

}  // namespace halley
