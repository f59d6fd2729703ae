// A network between a client and whatever answers it, in a simulation: requests and answers take their time, other
// threads go on meanwhile, and all of it is noted.
#pragma once

#include <cstdint>
#include <functional>
#include <random>

#include "http/transport.h"
#include "testing/sim_runtime.h"

namespace halley::testing {

struct SimNetwork {
  std::uint64_t seed = 1;
  Milliseconds longest_way{20};  // of a request or of its answer: anything up to that
};

// What is to go wrong is asked of the account (server::Faults, server::Topology): dropped connections, lost, cut and
// late answers, throttling, statuses, replicas that lag, regions that are down. An answer that comes past the deadline
// is a timeout.
class SimTransport final : public http::Transport {
 public:
  // Both must outlive it. `inner` answers at once, on the calling thread.
  SimTransport(SimRuntime& runtime, http::Transport& inner, SimNetwork network)
      : runtime_(runtime), inner_(inner), network_(network), random_(network.seed) {}

  // Called before each request goes out; false: the process that sends is dead, and nothing goes out any more.
  std::function<bool()> alive;

  Result<http::Response> send(const http::Request& request, Deadline deadline, std::stop_token stop) override;

 private:
  Milliseconds one_way();

  SimRuntime& runtime_;
  http::Transport& inner_;
  const SimNetwork network_;
  std::mt19937_64 random_;
};

}  // namespace halley::testing
