// Objects in memory, for tests and trials. Safe from any thread.
#pragma once

#include "store/object_store.h"

namespace halley::store {

std::unique_ptr<ObjectStore> make_memory_store();

}  // namespace halley::store
