#include "cosmos/resource_path.h"

#include "http/message.h"

namespace halley::cosmos {

ResourcePath resource_path(std::initializer_list<std::string_view> segments) {
  ResourcePath path;
  if (segments.size() == 0) path.encoded.push_back('/');
  for (const std::string_view segment : segments) {
    path.encoded += '/';
    path.encoded += http::percent_encode(segment);
  }
  path.signed_as = signed_resource(std::vector<std::string>(segments.begin(), segments.end()));
  return path;
}

}  // namespace halley::cosmos
