// How long to wait before doing something again that failed.
#pragma once

#include "runtime/runtime.h"

namespace halley {

// Doubles with every repeat (the first is 1) up to `longest`, and takes between half and all of that, so that callers
// that failed together do not come back together.
Milliseconds back_off(Runtime& runtime, Milliseconds first, Milliseconds longest, int repeats);

}  // namespace halley
