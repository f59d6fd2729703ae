// Links to resources: "dbs/a%20b/colls/c", as permissions name what they are for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace halley::cosmos {

// The segments of a link, decoded where they are percent-encoded; empty ones are left out.
std::vector<std::string> link_segments(std::string_view link);

// Of raw segments, each percent-encoded; without a slash before or behind it.
std::string link_of(const std::vector<std::string>& segments);

// Whether these are the segments of a document's _self link: of a container's _rid, and a document's in it.
bool names_document_by_rid(const std::vector<std::string>& segments);

}  // namespace halley::cosmos
