// A point on the monotonic clock after which a blocking call gives up.
#pragma once

#include <algorithm>

#include "runtime/runtime.h"

namespace halley {

class Deadline {
 public:
  static Deadline after(Runtime& runtime, Milliseconds duration) { return Deadline(runtime.steady_now() + duration); }

  bool passed(Runtime& runtime) const { return runtime.steady_now() >= at_; }
  Milliseconds left(Runtime& runtime) const {
    return std::max(Milliseconds(0), std::chrono::duration_cast<Milliseconds>(at_ - runtime.steady_now()));
  }

 private:
  explicit Deadline(SteadyTime at) : at_(at) {}
  SteadyTime at_;
};

}  // namespace halley
