#include "server/document_scan.h"

#include <algorithm>

namespace halley::server {

Result<DocumentPtr> DocumentScan::next() {
  constexpr std::size_t kLargestBatch = 32768;
  if (at_ == scanned_.documents.size()) {
    if (begun_ && !scanned_.more) return DocumentPtr();
    ASSIGN(scanned_, container_.scan(selection_, after_, batch_));
    batch_ = std::min(2 * batch_, kLargestBatch);
    at_ = 0;
    if (!begun_) positions_ = scanned_.positions;
    begun_ = true;
    if (scanned_.documents.empty()) return DocumentPtr();
  }
  after_ = scanned_.documents[at_]->number;
  return scanned_.documents[at_++];
}

}  // namespace halley::server
