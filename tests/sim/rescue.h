// A restore of a world's backup into another account, while everything goes wrong there.
#pragma once

#include "world.h"

namespace halley::sim {

struct Rescue {
  bool restored = false;  // there was something to restore
  bool resumed = false;   // it took a second run, with --resume
};

// Restores a moment that is covered into an empty account under `faults`, its partitions splitting on the way; where
// that fails, or the process dies, another process completes it. What is there then is what the plan has of the moment.
Rescue expect_restore(World& world, const std::vector<std::string>& faults);

}  // namespace halley::sim
