#include "cosmos/link.h"

#include "cosmos/resource_id.h"
#include "http/message.h"

namespace halley::cosmos {
namespace {

constexpr std::size_t kContainerRidBytes = 8;
constexpr std::size_t kDocumentRidBytes = 16;

}  // namespace

std::vector<std::string> link_segments(std::string_view link) {
  std::vector<std::string> segments;
  while (!link.empty()) {
    const std::string segment(link.substr(0, link.find('/')));
    link.remove_prefix(std::min(segment.size() + 1, link.size()));
    if (!segment.empty()) segments.push_back(http::percent_decode(segment).value_or(segment));
  }
  return segments;
}

std::string link_of(const std::vector<std::string>& segments) {
  std::string link;
  for (const std::string& segment : segments) link += (link.empty() ? "" : "/") + http::percent_encode(segment);
  return link;
}

bool names_document_by_rid(const std::vector<std::string>& segments) {
  if (segments.size() != 6 || segments[4] != "docs") return false;
  const auto container = rid_bytes(segments[3]);
  const auto document = rid_bytes(segments[5]);
  return container && document && container->size() == kContainerRidBytes && document->size() == kDocumentRidBytes &&
         document->starts_with(*container);
}

}  // namespace halley::cosmos
