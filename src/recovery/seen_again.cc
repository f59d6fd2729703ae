#include "recovery/seen_again.h"

#include <algorithm>
#include <string>

namespace halley::recovery {

bool is_same_write(std::string_view rid, std::string_view etag, std::string_view other_rid,
                   std::string_view other_etag) {
  return !rid.empty() && !etag.empty() && rid == other_rid && etag == other_etag;
}

EarlierVersions::EarlierVersions(repo::Repository& repository, const repo::LaneState& lane,
                                 const repo::ReadOptions& options)
    : repository_(repository),
      lane_(lane),
      options_(options),
      keys_(lane.identity.key),
      asked_keys_(lane.identity.key) {
  options_.cut.time = options.since.value_or(Second{0}) - 1;
  options_.since.reset();
  options_.bodies = false;
}

Result<bool> EarlierVersions::has_write_of(const repo::Version& version) {
  if (!stream_) TRY(open(version));
  while (there_) {
    ASSIGN(const int order, compare(version));
    if (order > 0) return false;
    if (order == 0 && at_.position <= version.position) {
      return at_.operation == repo::Operation::upsert && is_same_write(version.rid, version.etag, at_.rid, at_.etag);
    }
    TRY(next());
  }
  return false;
}

Status EarlierVersions::open(const repo::Version& version) {
  ASSIGN(const std::string_view first, asked_keys_.of(version.partition_key));
  options_.range.min = std::max(options_.range.min, std::string(first));
  ASSIGN(stream_, repository_.versions(lane_, options_));
  return next();
}

Status EarlierVersions::next() {
  ASSIGN(there_, stream_->next(at_));
  return {};
}

Result<int> EarlierVersions::compare(const repo::Version& version) {
  if (at_.partition_key == version.partition_key) return at_.id.compare(version.id);
  ASSIGN(const std::string_view mine, keys_.of(at_.partition_key));
  ASSIGN(const std::string_view theirs, asked_keys_.of(version.partition_key));
  const int by_hash = mine.compare(theirs);
  return by_hash != 0 ? by_hash : at_.partition_key.compare(version.partition_key);
}

}  // namespace halley::recovery
