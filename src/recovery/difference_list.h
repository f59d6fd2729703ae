// Differences between two states of documents, gathered in a temporary file: however many there are, memory stays the
// same.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "runtime/temporary_file.h"

namespace halley::recovery {

enum class DifferenceKind : std::uint8_t { added, removed, changed };
std::string_view difference_name(DifferenceKind kind);

struct DocumentDifference {
  DifferenceKind kind = DifferenceKind::changed;
  std::string_view container;      // "db/container"
  std::string_view partition_key;  // canonical
  std::string_view id;
  Second before;  // last written, as it was at first; meaningless where it was added
  Second after;   // likewise as it is; meaningless where it was removed
};

class DifferenceList {
 public:
  static Result<DifferenceList> create();

  // no_space when the disk is full, io otherwise.
  Status add(const DocumentDifference& difference);
  // How much there is, for cut_back().
  std::uint64_t size() const { return written_ + pending_.size(); }
  // Forgets what was added since size() was `size`.
  Status cut_back(std::uint64_t size);

  // Gives them in the order they were added in; the first error of `each` stops. Views are valid during the call.
  Status for_each(const std::function<Status(const DocumentDifference&)>& each) const;

 private:
  explicit DifferenceList(TemporaryFile file) : file_(std::move(file)) {}
  Status flush();

  TemporaryFile file_;
  std::uint64_t written_ = 0;
  std::string pending_;  // whole records that are not in the file yet
  std::string fields_;
};

}  // namespace halley::recovery
