// That coverage is no less than docs/guarantees.md says.
#pragma once

#include <map>
#include <vector>

#include "repo/interval.h"
#include "world.h"

namespace halley::sim {

// Of one world. What is covered is what the repository claims: that the claim is no more than the truth, expect_truth()
// shows.
class CoverageWatch {
 public:
  // To be called after each pass. A second that was covered once stays so, but for those from a late change on to the
  // second that had been claimed. A whole pass that waited and began at `began` (by Date) covers all up to there: of a
  // container that has always had its all-versions feed, from the first second that was ever covered on. In latest mode
  // it gives a sync point no older than that.
  void expect_no_less(World& world, bool waited, Second began);

 private:
  struct Seen {
    std::vector<repo::Interval> covered;
    std::size_t late_changes = 0;
    bool interrupted = false;
  };
  std::map<std::string, Seen> seen_;  // by _rid; that of the account's lane is empty
};

// Exactness of a container whose base was read in one go, and by nothing that went wrong, begins as soon as it may: the
// margin behind the base's end.
void expect_early_exactness(World& world, const Incarnation& container);

}  // namespace halley::sim
