// What every part of one pass of backup works with.
#pragma once

#include "capture/backup.h"

namespace halley::capture {

struct Pass {
  Runtime& runtime;
  cosmos::Client& client;
  repo::Repository& repository;
  const BackupOptions& options;
  BackupProgress& progress;
  Second began;                            // Date of the pass's first response, or of a drop found then: to be covered
  std::vector<repo::LaneHead> heads = {};  // where the lanes stood after the pass before, as the account lane has it
};

}  // namespace halley::capture
