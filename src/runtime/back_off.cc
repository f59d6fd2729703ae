#include "runtime/back_off.h"

#include <algorithm>

namespace halley {

Milliseconds back_off(Runtime& runtime, Milliseconds first, Milliseconds longest, int repeats) {
  const Milliseconds full = std::min(longest, first * (1 << std::clamp(repeats - 1, 0, 16)));
  const auto half = static_cast<std::uint64_t>(full.count()) / 2;
  return Milliseconds(half + runtime.random_u64() % (half + 1));
}

}  // namespace halley
