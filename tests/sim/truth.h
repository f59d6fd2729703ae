// What a repository gives back, compared with the model.
#pragma once

#include "world.h"

namespace halley::sim {

// How much of a world was compared with the model.
struct Truth {
  std::size_t exact_seconds = 0;
  std::size_t sync_points = 0;
  std::size_t documents = 0;     // at sync points: compared, of either side
  std::size_t uncertain = 0;     // of these named as uncertain
  std::size_t untold = 0;        // of these different without being named, and beyond knowledge
  std::size_t off_by_skew = 0;   // of these, what went while Date and the clock of commits showed the moment
  std::size_t came_twice = 0;    // sync points at seconds that came again since the clock was set back: not compared
  std::size_t refused = 0;       // seconds
  std::size_t unknown_rule = 0;  // seconds whose plan names the container's definition as uncertain, and has another

  void add(const Truth& other) {
    exact_seconds += other.exact_seconds;
    sync_points += other.sync_points;
    documents += other.documents;
    uncertain += other.uncertain;
    untold += other.untold;
    off_by_skew += other.off_by_skew;
    came_twice += other.came_twice;
    refused += other.refused;
    unknown_rule += other.unknown_rule;
  }
};

// Plans a restore of every second from `from` on: refused as outside coverage, naming the nearest seconds that are not,
// or equal to the model; at sync points but for what is named as uncertain. What the lane offers is planned, and
// nothing else, as long as definitions are known.
Truth expect_truth(World& world, Second from);

}  // namespace halley::sim
