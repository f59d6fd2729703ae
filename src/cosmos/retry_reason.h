// Why requests are repeated: what repeats are counted and reported by (docs/wire-protocol.md, repeats).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace halley::cosmos {

enum class RetryReason : std::uint8_t {
  throttled,              // 429
  region_exhausted,       // 429/3092: this region has no room, another may
  write_race,             // 449: two writes met
  service_unavailable,    // 503
  service_error,          // 500
  gateway_error,          // 502, 504 and other 5xx
  service_timeout,        // 408
  write_region_moved,     // 403/3: this region takes no writes (any more)
  region_removed,         // 403/1008: the account is not in this region (any more)
  session_not_reached,    // 404/1002: the replica is not as far as what was seen before
  container_in_creation,  // 404/1013
  name_cache_stale,       // 410/1000: the container was made again
  partition_gone,         // 410/1002, where the gateway routes it anew, or a writer in bulk does
  partition_moving,       // 410/1007, 410/1008: a split, merge or migration is completing
  lease_lost,             // 410/1022
  not_tried,              // 424: an operation that was passed over for another's sake
  not_connected,          // no connection: certainly not sent
  connection_lost,        // sent, and the connection broke before the answer was whole
  no_answer_in_time,      // sent, and the deadline passed
};
inline constexpr std::size_t kRetryReasons = 19;

// The name as it stands above.
std::string_view retry_reason_name(RetryReason reason);

using RetryCounts = std::array<std::uint64_t, kRetryReasons>;

// "throttled 3, connection_lost 1", or "none".
std::string describe_retries(const RetryCounts& counts);

}  // namespace halley::cosmos
