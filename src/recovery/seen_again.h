// Telling writes from documents that a new base has read again (docs/guarantees.md, the base): nothing wrote to these.
#pragma once

#include <memory>
#include <string_view>

#include "repo/key_order.h"
#include "repo/repository.h"

namespace halley::recovery {

// Whether both are of one write: it gave the document its _etag, and another document of that id has another _rid.
bool is_same_write(std::string_view rid, std::string_view etag, std::string_view other_rid,
                   std::string_view other_etag);

// Looks into what a read of a lane that begins at a moment leaves out: the versions before it. Asked in the order of
// the lane, and only from where it is asked first, it reads their metadata once.
class EarlierVersions {
 public:
  // `options`: of the read. Where they have no `since`, it leaves out nothing.
  EarlierVersions(repo::Repository& repository, const repo::LaneState& lane, const repo::ReadOptions& options);

  // Whether the version before `version`, an upsert, is of the same write. Of documents in the order of the lane.
  Result<bool> has_write_of(const repo::Version& version);

 private:
  Status open(const repo::Version& version);
  Status next();
  // Less than zero where the version at hand stands before `version` in the lane, zero where it is of that document.
  Result<int> compare(const repo::Version& version);

  repo::Repository& repository_;
  const repo::LaneState& lane_;
  repo::ReadOptions options_;
  repo::EffectiveKeys keys_, asked_keys_;
  std::unique_ptr<repo::VersionStream> stream_;
  repo::Version at_;
  bool there_ = false;
};

}  // namespace halley::recovery
