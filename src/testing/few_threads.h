// A runtime on a machine with room for so many threads more, all in all.
#pragma once

#include <atomic>

#include "testing/virtual_runtime.h"

namespace halley::testing {

class FewThreads : public VirtualRuntime {
 public:
  FewThreads(Second start, int room) : VirtualRuntime(start), room_(room) {}

  Result<Thread> start_thread(std::string name, std::function<void(std::stop_token)> body) override {
    if (room_-- <= 0) return fail(Code::io, "can't start a thread: there is no room");
    return VirtualRuntime::start_thread(std::move(name), std::move(body));
  }

 private:
  std::atomic<int> room_;
};

}  // namespace halley::testing
