// Where requests go: the endpoint that was given, and the regions of its account while that one fails.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "cosmos/status_error.h"
#include "json/value.h"
#include "runtime/runtime.h"

namespace halley::cosmos {

// Safe from any thread.
class Regions {
 public:
  // An endpoint that failed is asked last for so long; then it is first again.
  static constexpr Milliseconds kDownFor{5 * 60 * 1000};

  // `given` is an endpoint without a slash at its end. Reads go to the `preferred` regions first, by their names in the
  // account record; without any, reads and writes go to `given`, which is where the service routes to the write region.
  Regions(std::string given, std::vector<std::string> preferred);

  // Takes over the locations of an account record. One that would leave https is passed over.
  void learn(const json::Value& account_record);

  // The account's id as its global endpoint says it, from what the record read at `base` says: a region adds its name.
  std::string global_id(std::string id, const std::string& base) const;

  struct Place {
    std::string base;           // without a slash at its end
    bool takes_writes = false;  // a write region, or an endpoint that leads to one
  };
  // Where a request goes next, when it was tried at `tried` before: the first in order that was not; when all were,
  // the first. Those of `ask_last` come behind the others, and what is down behind all.
  Place choose(Effect effect, const std::vector<std::string>& tried, SteadyTime now,
               const std::vector<std::string>& ask_last = {}) const;
  // The regions that take writes, in one text to compare; empty where there is one region only, or none is known: there
  // writes have nowhere to move to. As it was learned last, or as a record says.
  std::string where_writes_go() const;
  std::string where_writes_go(const json::Value& account_record) const;
  // The endpoints of the regions that take writes, and the one given where it leads to one of them.
  std::vector<std::string> write_endpoints() const;
  // How many endpoints there are to choose from.
  std::size_t count(Effect effect) const;

  // What was found out about an endpoint: it does not answer, or it takes no writes.
  void mark_down(const std::string& base, SteadyTime now);
  void mark_read_only(const std::string& base, SteadyTime now);

 private:
  struct Location {
    std::string name;  // lower-case, without spaces
    std::string base;
  };
  std::vector<Location> locations(const json::Value& record, std::string_view member) const;
  static std::string in_one_text(const std::vector<Location>& writable, const std::vector<Location>& readable);
  std::vector<std::string> candidates(Effect effect) const;
  bool takes_writes(std::string_view base) const;

  const std::string given_;
  const std::vector<std::string> preferred_;  // as Location::name
  mutable std::mutex mutex_;                  // over all below
  std::vector<Location> writable_;
  std::vector<Location> readable_;
  std::map<std::string, SteadyTime, std::less<>> down_;       // since when
  std::map<std::string, SteadyTime, std::less<>> read_only_;  // since when
};

}  // namespace halley::cosmos
