// Versions in memory together with the bytes they point into.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "repo/version.h"

namespace halley::repo {

// Pages are adopted whole, so nothing is copied on the way from the network to a segment. Moving or absorbing a batch
// leaves all views valid.
class VersionBatch {
 public:
  // Takes over a page; the views of versions added later may point into the returned text.
  std::string& adopt(std::string page);
  // Keeps a copy of a small text.
  std::string_view keep(std::string_view text);
  std::span<const json::ValuePlace> keep(std::span<const json::ValuePlace> places);
  void add(const Version& version) { versions_.push_back(version); }
  // Takes over everything in `other`, its versions behind the present ones.
  void absorb(VersionBatch&& other);

  std::vector<Version>& versions() { return versions_; }
  const std::vector<Version>& versions() const { return versions_; }
  bool empty() const { return versions_.empty(); }
  std::size_t bytes() const { return bytes_ + versions_.size() * sizeof(Version); }  // memory held
  // Lets go of everything; the memory of the versions themselves is kept for those to come.
  void clear();

 private:
  std::vector<std::unique_ptr<std::string>> pages_;
  std::vector<std::unique_ptr<char[]>> chunks_;
  std::size_t chunk_left_ = 0;
  char* chunk_at_ = nullptr;
  std::vector<Version> versions_;
  std::size_t bytes_ = 0;
};

}  // namespace halley::repo
