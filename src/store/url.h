// Repository URLs: file:///path or a bare path now; s3:// and azblob:// are refused by name as not offered yet, like any
// other scheme: invalid_argument.
#pragma once

#include "store/object_store.h"

namespace halley::store {

Result<std::unique_ptr<ObjectStore>> open_store(const std::string& url, bool create);

}  // namespace halley::store
