// The same step for many things, several at a time.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "runtime/runtime.h"

namespace halley {

// Starts `count` threads that do the same, or as many of them as the system has room for; fails where it has none.
Result<std::vector<Thread>> start_workers(Runtime& runtime, const std::string& name, std::size_t count,
                                          const std::function<void(std::stop_token)>& work);

// Runs `step` for every number below `count`, at most `at_once` of them at a time on threads of that name (for one
// alone, or where no thread can be started, the caller's), and returns when all have ended. Once one has failed no more
// are begun; the failure is that of the lowest number.
Status run_at_once(Runtime& runtime, const std::string& name, std::size_t count, std::size_t at_once,
                   const std::function<Status(std::size_t number)>& step);

}  // namespace halley
