// The door for tests (docs/fault-injection.md): moves the clock, splits and merges partitions, forks histories, sets
// budgets, takes regions away and makes requests go wrong. It asks for no signature, so it is only ever offered on
// loopback.
#pragma once

#include "server/exchange.h"
#include "server/faults.h"
#include "server/topology.h"

namespace halley::server {

class TestDoor {
 public:
  TestDoor(Engine& engine, Faults& faults, Topology& topology)
      : engine_(engine), faults_(faults), topology_(topology) {}

  // POST /_emulator/clock     {"advance":SECONDS} (negative: back) or {"freeze":"RFC3339"}; answers {"now":"RFC3339"}
  // POST /_emulator/split     {"database":…,"container":…,"range":ID[,"at":HEX][,"hold":REQUESTS]}
  // POST /_emulator/merge     {"database":…,"container":…,"ranges":[ID,ID][,"hold":REQUESTS]}
  // POST /_emulator/finish    {"database":…,"container":…}; ends what "hold" keeps open
  // POST /_emulator/conflict  {"database":…,"container":…,"key":[…],"id":…,"operation":…[,"content":{…}]}
  // POST /_emulator/fork      {"database":…,"container":…,"at":"RFC3339"}
  // POST /_emulator/budget    {"database":…,"container":…,"request_units":N}
  // POST /_emulator/region    {"name":…[,"state":"up|down|removed"][,"behind":N][,"writes":true]}
  // POST /_emulator/region    {"multiple_writes":BOOL}; from now on every region takes writes, or one
  // POST /_emulator/fault     a fault, or {"clear":true}
  // GET  /_emulator/fault     what is armed, and how often it struck
  Result<Reply> serve(const Call& call);

 private:
  Result<Reply> set_clock(const json::Value& body);
  Result<Reply> split(const json::Value& body);
  Result<Reply> merge(const json::Value& body);
  Result<Reply> finish(const json::Value& body);
  Result<Reply> add_conflict(const json::Value& body);
  Result<Reply> fork(const json::Value& body);
  Result<Reply> set_budget(const json::Value& body);
  Result<Reply> set_region(const json::Value& body);
  Result<Reply> set_fault(const json::Value& body);

  Engine& engine_;
  Faults& faults_;
  Topology& topology_;
};

}  // namespace halley::server
