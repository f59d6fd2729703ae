// What every write is stamped with: the server's second and a fresh entity tag.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "server/clock.h"

namespace halley::server {

class Stamps {
 public:
  explicit Stamps(Runtime& runtime) : clock_(runtime) {}

  VirtualClock& clock() { return clock_; }
  Second now() const { return clock_.now(); }

  // A new tag in the service's form, its quotes included; no two are equal. `at` goes into it as the service's does.
  std::string next_etag(Second at);

  // What an account goes on from that was there before: tags after this many, or after this tag.
  std::uint64_t etags() const { return written_; }
  void go_on_from(std::uint64_t etags);
  void note_etag(std::string_view etag);

 private:
  VirtualClock clock_;
  std::atomic<std::uint64_t> written_{0};
};

}  // namespace halley::server
