// Walks over the documents of a selection, one after the other, in batches that grow: the container is locked for each
// batch only.
#pragma once

#include <vector>

#include "server/container.h"

namespace halley::server {

class DocumentScan {
 public:
  // From behind the document `after` on.
  DocumentScan(Container& container, Selection selection, std::uint64_t after)
      : container_(container), selection_(std::move(selection)), after_(after) {}

  // The next document, nullptr at the end. Fails as Container::scan does.
  Result<DocumentPtr> next();
  // Where the partitions stood when the scan began.
  const std::vector<Position>& positions() const { return positions_; }

 private:
  Container& container_;
  const Selection selection_;
  std::uint64_t after_;  // what was looked at up to now
  std::size_t batch_ = 128;
  std::size_t at_ = 0;
  bool begun_ = false;
  Scanned scanned_;
  std::vector<Position> positions_;
};

}  // namespace halley::server
