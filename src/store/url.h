// Repository URLs: file:///path or a bare path now; s3:// and azblob:// are refused by name as not offered yet. That
// and any other scheme is an invalid_argument.
#pragma once

#include "store/object_store.h"

namespace halley::store {

Result<std::unique_ptr<ObjectStore>> open_store(const std::string& url, bool create);

}  // namespace halley::store
