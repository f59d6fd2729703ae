#include "store/url.h"

#include "http/message.h"
#include "store/file_store.h"

namespace halley::store {

Result<std::unique_ptr<ObjectStore>> open_store(const std::string& url, bool create) {
  const std::size_t colon = url.find("://");
  if (url == "~" || url.starts_with("~/")) {  // neither by a shell behind = nor where services are configured
    return fail(Code::invalid_argument, "`" + url + "`: ~ is not expanded here",
                "Write the whole path, or ./~ for a folder named so.");
  }
  if (colon == std::string::npos) return open_file_store(url, create);
  const std::string scheme = url.substr(0, colon);
  if (scheme == "file") {
    const std::string path = url.substr(colon + 3);
    if (!path.starts_with('/')) {
      return fail(Code::invalid_argument, "`" + url + "` names another machine",
                  "Write file:///path, or just the path.");
    }
    const auto decoded = http::percent_decode(path);
    if (!decoded) return fail(Code::invalid_argument, "`%` in a URL needs two hex digits behind it");
    return open_file_store(*decoded, create);
  }
  if (scheme == "s3" || scheme == "azblob") {
    return fail(Code::invalid_argument, "repositories at " + scheme + ":// are not offered yet",
                "Use a path or file:///path.");
  }
  return fail(Code::invalid_argument, "no kind of store is called `" + scheme + "`", "Use a path or file:///path.");
}

}  // namespace halley::store
