#include "server/document_scan.h"

#include <algorithm>

namespace halley::server {

Result<DocumentPtr> DocumentScan::next() {
  constexpr std::size_t kLargestBatch = 8192;
  while (at_ == scanned_.documents.size()) {
    if (begun_ && !scanned_.more) return DocumentPtr();
    ASSIGN(scanned_, container_.scan(selection_, after_, batch_));
    after_ = scanned_.next;
    batch_ = std::min(2 * batch_, kLargestBatch);
    at_ = 0;
    if (!begun_) positions_ = scanned_.positions;
    begun_ = true;
  }
  return scanned_.documents[at_++];
}

}  // namespace halley::server
