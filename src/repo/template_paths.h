// Where the values of a template stand in the document: their paths, hashed.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace halley::repo {

// `text`: JSON with kSlot (body_splitter.h) for each scalar. Replaces `paths` by a hash
// of each slot's path: the names of the members it is in, elements of an array all alike. False for what is no such
// text.
bool read_paths(std::string_view text, std::vector<std::uint64_t>& paths);

}  // namespace halley::repo
