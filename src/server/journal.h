// What backs an account: where everything that changes it is recorded, so that it is there again after a restart.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace halley::server {

// Events in order, each with the rid of the resource it goes with; their bytes are account_event.h's. Safe from any
// thread, but for read() and compact(), which come first.
class Journal {
 public:
  virtual ~Journal() = default;

  // Gives every event that was recorded, in order, to `each`, whose first error stops it.
  using Each = std::function<Status(std::string_view owner, std::string_view event)>;
  virtual Status read(const Each& each) = 0;

  // Drops the events of all but these owners and then records `event`, which no owner has; both or neither.
  virtual Status compact(const std::vector<std::string>& owners, std::string_view event) = 0;

  // Takes the next event. Returns at once: it counts when settle() says so.
  virtual void record(std::string owner, std::string event) = 0;

  // Returns when everything recorded before the call is durable. Fails (no_space, io) when that can't be; then it is
  // kept, and the next call tries again.
  virtual Status settle() = 0;
};

}  // namespace halley::server
