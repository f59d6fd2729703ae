// The regions of the account: which there are, where each is reached, and in what state each is.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/writer.h"
#include "server/emulator.h"
#include "server/exchange.h"

namespace halley::server {

// All regions share the documents; a region that is behind answers reads late, as if replication were slow. A request
// whose host is no region's comes by the account's global endpoint, which leads to the write region. Safe from any
// thread.
class Topology {
 public:
  enum class State : std::uint8_t {
    up,
    down,     // closes every connection without an answer
    removed,  // answers 403/1008
  };
  struct Region {
    std::string name;
    std::string host;
    State state = State::up;
    std::uint64_t behind = 0;  // transactions of each partition that its replicas lack
    bool by_name = false;      // asked by its own host, not by the global endpoint
  };

  // The first region takes the writes; with `multiple_writes` all do. No regions = one, called "Local", reached by
  // whatever host it is asked by.
  Topology(std::vector<RegionOptions> regions, bool multiple_writes);

  // Whether there is anything to ask of a request: more than the one region, or one that is not well.
  bool special() const { return special_.load(std::memory_order_relaxed); }

  // The region that a request goes to.
  Region region_of(std::string_view host);
  // Why this region does not do what is asked of it; nothing when it does.
  std::optional<Error> refusal(const Region& region, const Call& call);

  // False when there is no such region.
  bool knows(std::string_view name);
  bool set_host(std::string_view name, std::string host);
  bool set_state(std::string_view name, State state);
  bool set_behind(std::string_view name, std::uint64_t transactions);
  bool set_write_region(std::string_view name);

  // The members of the account record that name them, for a request that came by `host`; `scheme` as "http://".
  void append_locations(json::Writer& writer, std::string_view scheme, std::string_view host);
  // Whether every region takes writes.
  bool multiple_writes() const { return multiple_writes_; }
  void set_multiple_writes(bool on) { multiple_writes_ = on; }

 private:
  Region* find(std::string_view name);
  void note_special();

  std::atomic<bool> multiple_writes_;
  std::atomic<bool> special_{false};
  std::mutex mutex_;
  std::vector<Region> regions_;
  std::size_t write_region_ = 0;
};

}  // namespace halley::server
