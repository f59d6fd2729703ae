// Objects as files of a directory: written to a temporary file, synced, linked under their name, the directory synced.
#pragma once

#include "store/file_system.h"
#include "store/object_store.h"

namespace halley::store {

// Changes the disk by way of `files`, which outlives it. `create`: make the directory (and its parents) when it is not
// there; otherwise not_found.
Result<std::unique_ptr<ObjectStore>> open_file_store(const std::string& directory, bool create,
                                                     FileSystem& files = real_file_system());

}  // namespace halley::store
