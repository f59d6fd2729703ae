// Faults on demand: what is to go wrong with which requests (docs/fault-injection.md).
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "http/listener.h"
#include "json/value.h"

namespace halley::server {

struct Fault {
  enum class Kind : std::uint8_t {
    throttle,    // 429/3200 with retry_after, not done
    status,      // answered with `status` and `sub_status`; done before that only with `processed`
    drop,        // the connection is closed, not done
    lose_reply,  // done, then the connection is closed
    truncate,    // done; `bytes` of the body are sent (half of it when negative), then the connection is closed
    delay,       // done after `delay`
    stale,       // a read is answered by a replica that is `behind` transactions late; 404/1002 where the session of
                 // the client is further
  };
  Kind kind = Kind::throttle;

  // Which requests it strikes: all that fit every filter that is set.
  std::string match;      // a part of "METHOD /target"
  std::string method;     // "GET"
  std::string operation;  // operation_name_of() says it
  std::string region;     // a region's name

  // How often: `count` requests, 0 = until it is cleared; each of them only with this probability.
  int count = 1;
  double probability = 1;
  std::uint64_t seed = 1;  // of the draws

  int status = 503;
  int sub_status = 0;
  bool processed = false;
  std::optional<Milliseconds> retry_after;  // with throttle and status; throttle says 10 ms when it is absent
  Milliseconds delay{0};
  std::int64_t bytes = -1;
  std::uint64_t behind = 1;
};

std::string_view fault_kind_name(Fault::Kind kind);

// A fault as the test door takes it. Refuses with 400 what it does not know.
Result<Fault> parse_fault(const json::Value& description);

// What a request does: account, metadata, ranges, change_feed, read_feed, point_read, query, query_plan, create,
// upsert, replace, patch, delete, batch, bulk, partition_key_delete.
std::string_view operation_name_of(const http::ServerRequest& request);

// The faults that are armed. Safe from any thread.
class Faults {
 public:
  void arm(Fault fault);
  void clear();
  // Whether any is; the only thing asked of a request when none is.
  bool armed() const { return armed_.load(std::memory_order_relaxed); }

  // The fault this request suffers, if any: the first armed that fits and whose draw says so. Counts it.
  std::optional<Fault> next(const http::ServerRequest& request, std::string_view region);

  // How many requests were struck since the beginning, by any fault.
  std::uint64_t struck() const { return struck_; }
  // {"struck":N,"faults":[{"kind":…,"left":N,"struck":N}]}
  std::string describe();

 private:
  struct Armed {
    Fault fault;
    int left;  // 0 = unlimited
    std::uint64_t struck = 0;
    std::mt19937_64 random;
  };

  std::atomic<bool> armed_{false};
  std::atomic<std::uint64_t> struck_{0};
  std::mutex mutex_;
  std::vector<Armed> faults_;
};

}  // namespace halley::server
