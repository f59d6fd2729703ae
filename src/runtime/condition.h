// What threads wait for each other by, where other programs have a condition variable: a wait goes through the runtime,
// so that a simulation sees it.
#pragma once

#include <functional>
#include <mutex>
#include <stop_token>

namespace halley {

class Condition {
 public:
  virtual ~Condition() = default;

  // Waits until `ready` holds or `stop` is requested; gives whether `ready` holds. `lock` is held when `ready` is asked
  // and upon return, and released while waiting.
  virtual bool wait(std::unique_lock<std::mutex>& lock, const std::stop_token& stop,
                    const std::function<bool()>& ready) = 0;

  // Lets all that wait look again.
  virtual void notify_all() = 0;
};

}  // namespace halley
