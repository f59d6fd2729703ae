// What every write is stamped with: the server's second and a fresh entity tag.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "server/clock.h"

namespace halley::server {

class Stamps {
 public:
  explicit Stamps(Runtime& runtime) : clock_(runtime) {}

  VirtualClock& clock() { return clock_; }
  Second now() const { return clock_.now(); }

  // A new tag in the service's form, its quotes included; no two are equal. `at` goes into it as the service's does.
  std::string next_etag(Second at);

 private:
  VirtualClock clock_;
  std::atomic<std::uint64_t> written_{0};
};

}  // namespace halley::server
