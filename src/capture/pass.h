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
  // What the pass must cover: the Date of its first response, or behind that the last change of containers found then.
  Second began;
  bool several = false;                    // containers: one that has been read waits for the others
  std::vector<repo::LaneHead> heads = {};  // where the lanes stood after the pass before, as the account lane has it
};

}  // namespace halley::capture
