// The plain files of a repository: one line of JSON that ends with a checksum of its own, so that damage is told
// apart from a wrong password (docs/repository-format.md, plain files).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "json/value.h"

namespace halley::repo {

// The file of a JSON object's text.
std::string with_checksum(std::string object_text);

// The object in a file; corrupt naming it unless the checksum is right.
Result<json::Value> parse_checked(std::string_view file, std::string_view name);

}  // namespace halley::repo
