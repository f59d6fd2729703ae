// Differences between two states of documents, gathered in a temporary file: however many there are, memory stays the
// same.
#pragma once

#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

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
  // The file is made in $TMPDIR, else /tmp, and has no name: it goes with the list.
  static Result<DifferenceList> create();

  // no_space when the disk is full, io otherwise.
  Status add(const DocumentDifference& difference);
  // How much there is, for cut_back().
  std::uint64_t size() const { return size_; }
  // Forgets what was added since size() was `size`.
  Status cut_back(std::uint64_t size);

  // Gives them in the order they were added in; the first error of `each` stops. Views are valid during the call.
  Status for_each(const std::function<Status(const DocumentDifference&)>& each) const;

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  explicit DifferenceList(std::FILE* file) : file_(file) {}

  std::unique_ptr<std::FILE, Close> file_;
  std::uint64_t size_ = 0;
  std::string fields_;
  std::string record_;
};

}  // namespace halley::recovery
