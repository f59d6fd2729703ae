// Which worlds are run: `./dev sim` says so by the environment.
#pragma once

#include <cstdint>
#include <cstdlib>

namespace halley::sim {

// HALLEY_SIM_SEED: that one only. HALLEY_SIM_SEEDS: so many, from HALLEY_SIM_FIRST (1) on.
struct Seeds {
  std::uint64_t first = 1;
  std::uint64_t count = 0;
  std::uint64_t usual = 0;

  // `usual` of them, in which everything that may happen happens, where nothing else is asked for.
  static Seeds asked_for(std::uint64_t usual) {
    const auto number = [](const char* name, std::uint64_t otherwise) {
      const char* const text = std::getenv(name);
      return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
    };
    if (const std::uint64_t one = number("HALLEY_SIM_SEED", 0); one != 0) return {one, 1, usual};
    return {number("HALLEY_SIM_FIRST", 1), number("HALLEY_SIM_SEEDS", usual), usual};
  }
  // Whether there are enough of them that everything that may happen has happened.
  bool many() const { return count >= usual; }
};

}  // namespace halley::sim
