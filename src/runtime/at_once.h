// The same step for many things, several at a time.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "base/error.h"
#include "runtime/runtime.h"

namespace halley {

// Runs `step` for every number below `count`, at most `at_once` of them at a time on threads of that name (for one
// alone the caller's), and returns when all have ended. Once one has failed no more are begun; the failure is that of
// the lowest number.
Status run_at_once(Runtime& runtime, const std::string& name, std::size_t count, std::size_t at_once,
                   const std::function<Status(std::size_t number)>& step);

}  // namespace halley
